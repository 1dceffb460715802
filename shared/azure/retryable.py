"""Which of Azure's answers pass by themselves: the retry classes, in one place, as data. Pure.

From the troubleshooting pages of PostgreSQL backup; `isRetryable` and `isUserError` are false in every recorded error,
whatever it is, and are trusted neither way (https://learn.microsoft.com/azure/backup/backup-azure-database-postgresql-troubleshoot).
"""

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
    """Whether a right is missing that may have been given a moment ago."""
    return error.code.lower() in SETTLING_CODES


def passes(error: AzureError) -> bool:
    """Whether asking again later may help, before anything was started."""
    return error.code.lower() in PASSING_CODES
