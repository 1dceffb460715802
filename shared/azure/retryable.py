"""Which errors of Azure are worth a retry: all the classes, as data. Pure.

From the troubleshooting pages of PostgreSQL backup; `isRetryable` and `isUserError` are false in every recorded error,
whatever it is, so they are ignored (https://learn.microsoft.com/azure/backup/backup-azure-database-postgresql-troubleshoot).
"""

from collections.abc import Collection

from shared.domain.restore import AzureError

THROTTLED = frozenset({429})
PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
GONE_STATUS = frozenset({204, 404, 410})
PASSING_CODES = frozenset(
    {
        "cloudinternalerror",
        "cloudserviceretryableerror",
        "usererrorserverconnectionclosed",
        "usererrormaxconcurrentoperationlimitreached",
    }
)

SETTLING_CODES = frozenset(  # rights: a role that was just given takes minutes to work
    {
        "usererrormsimissingpermissions",
        "usererrormissingrequiredpermissions",
        "usererrormissingpermissionsonsecretstore",
        "usererrorsystemidentitynotenabledwithvault",
        "usererrorcontainernotaccessible",
        "authorizationfailed",
        "linkedauthorizationfailed",
    }
)


def settles(error: AzureError) -> bool:
    """Whether a right is missing that may have been given a moment ago; a collecting code has it inside."""
    return not SETTLING_CODES.isdisjoint((error.code.lower(), (error.inner_code or "").lower()))


CERTAIN_STATUS = frozenset({400, 403, 404})
AT_ONCE = ("concurren", "alreadyrunning", "alreadyinprogress", "inprogress", "anotheroperation", "conflict")


def certainly_refused(status: int, codes: Collection[str], has_code: bool) -> bool:
    """Whether a refused POST of `restore` certainly had no effect: 400, 403 or 404 with Azure's own error code. Of the
    body's `codes`, all of them and in lower case, none may name another operation (it may be the one just started),
    and none may be worth a retry."""
    at_once = any(word in code for word in AT_ONCE for code in codes)
    return status in CERTAIN_STATUS and has_code and not at_once and PASSING_CODES.isdisjoint(codes)


def passes(error: AzureError) -> bool:
    """Whether asking again later may help, before anything was started."""
    return error.code.lower() in PASSING_CODES
