"""What mends each error that a PostgreSQL restore can end in: code → steps, with the real names filled in. Pure.

https://learn.microsoft.com/azure/backup/backup-azure-database-postgresql-troubleshoot and …-flex-troubleshoot
"""

from collections.abc import Callable

from shared.advice import remedies_database as database
from shared.advice import remedies_rights as rights
from shared.advice import remedies_storage as storage
from shared.advice.remedy_case import Case, Steps, support, vault_options
from shared.advice.repeats import in_our_names
from shared.advice.shell_commands import Step, az, shown


def remedy(case: Case) -> Steps:
    """The steps for an error; Azure's own advice where the table has none."""
    code, inner = case.error.code.lower(), (case.error.inner_code or "").lower()
    found = REMEDIES.get(f"{code}/{inner}") or REMEDIES.get(code)
    if found:
        return found(case)
    advice = " ".join(case.error.recommended_action).strip().rstrip(".")
    return (Step(in_our_names(advice) or "Mend what the message names"),)


def _existence(case: Case) -> Steps:
    found = case.restore.datasource
    asked = [found.id if found else case.restore.instance]
    asked += [case.plan.server] if case.plan.server else []
    return (Step("Check whether the database and the server exist", tuple(shown(one, "id") for one in asked), "; "),)


def _missing(case: Case) -> Steps:
    point = case.restore.point
    of_point = [f"{case.restore.instance}/recoveryPoints/{point.id}"] if point else []
    looked = (case.vault, case.restore.instance, *of_point)
    words = "One of these no longer exists. If it was moved, correct its id in desk.toml"
    return (Step(words, tuple(shown(one, "id") for one in looked), "; "),)


def _group_missing(case: Case) -> Steps:
    groups = dict.fromkeys((case.vault.partition("/providers/")[0], case.group))
    looked = tuple(
        az("group exists", name=one.rsplit("/", 1)[-1], subscription=one.split("/")[2])
        for one in groups
        if one.count("/") >= 4
    )
    return (Step("One of these resource groups is gone or was renamed: correct desk.toml", looked, "; "),)


def _closed(case: Case) -> Steps:
    return (Step(f"The server closed the connection, which is a transient error; {support(case)}"),)


def _busy(case: Case) -> Steps:
    running = az(
        "dataprotection job list", "-o table", **vault_options(case.vault), query="[?properties.status=='InProgress']"
    )
    return (Step("Wait until the vault's other jobs have ended", (running,)),)


def _not_ready(case: Case) -> Steps:
    return (Step('The server must be in the state "Ready"', (shown(case.source, "properties.state"),)),)


def _source_gone(case: Case) -> Steps:
    words = "Azure does not find the backed-up server. If it was deleted for good, stop its protection"
    return (Step(words, (shown(case.source, "id"),)),)


def _input(case: Case) -> Steps:
    point = case.restore.point.id if case.restore.point else "chosen"
    words = f"Azure rejects the input: check whether the recovery point {point}, the target and its region still fit"
    return (
        Step(words, (shown(case.restore.instance, "properties.protectionStatus"),)),
        Step(f"Where all of it fits: {support(case)}"),
    )


def _internal(case: Case) -> Steps:
    return (Step(f"Azure had an internal error: wait some minutes; {support(case)}"),)


def _protected_elsewhere(case: Case) -> Steps:
    words = "The database is protected by another backup instance, which the message names: write its id into desk.toml"
    listed = az("dataprotection backup-instance list", "-o table", **vault_options(case.vault))
    return (Step(words, (listed,)),)


def _cross_region_state(case: Case) -> Steps:
    query = "properties.featureSettings.crossRegionRestoreSettings.state"
    words = "Cross-region restore of a vault cannot be switched off again; its state is shown by"
    return (Step(words, (shown(case.vault, query),)),)


def _no_time_range(case: Case) -> Steps:
    return (Step('PostgreSQL backups have points, no time ranges: send a new request with "recoveryPoint": "latest"'),)


def _cancelled(case: Case) -> Steps:
    return (Step("Somebody cancelled the job at Azure: find out who and why before you ask again"),)


_FLEX = "postgresqlflexoperationfailedusererror"
REMEDIES: dict[str, Callable[[Case], Steps]] = {
    "usererrorrestoretolowerversion": database.older_version,
    "usererrordatabasenamealreadyinuse": database.name_taken,
    "usererrormsimissingpermissions": rights.vault_on_server,
    "usererrorcontainernotaccessible": rights.container,
    "usererrormissingnetworksecuritypermissions": rights.network,
    "usererrordbuserauthfailed": database.login,
    "usererrorinvalidsecret": database.secret,
    "usererrorinvalidsecretstore": database.secret_store,
    "usererrormissingpermissionsonsecretstore": database.secret_rights,
    "usererrorsecretvalueinunsupportedformat": database.secret_format,
    "usererrormissingdbpermissions": database.database_rights,
    "usererrorbackupuserauthfailed": database.entra_user,
    "usererrordbnotfound": _existence,
    "usererrorserverconnectionclosed": _closed,
    "usererrormaxconcurrentoperationlimitreached": _busy,
    f"{_FLEX}/servernotreadyforlongtermbackup": _not_ready,
    f"{_FLEX}/resourcegroupnotfound": _source_gone,
    f"{_FLEX}/resourcenotfound": _source_gone,
    f"{_FLEX}/authorizationfailed": rights.retention_role,
    "usererrorgenericresourcenotfound": _missing,
    "resourcenotfound": _missing,
    "resourcegroupnotfound": _group_missing,
    "authorizationfailed": rights.caller,
    "linkedauthorizationfailed": rights.caller,
    "dppplugininvalidinputparameters": _input,
    "bmsusererrorinvalidinput": _input,
    "cloudinvalidinputerror": _input,
    "cloudinternalerror": _internal,
    "usererrormissingsubscriptionregistration": rights.registration,
    "usererrordppdatasourcealreadyhasbackupinstance": _protected_elsewhere,
    "usererrorcrossregionrestorestatechangenotallowed": _cross_region_state,
    "usererrorinvalidrestorabletimerange": _no_time_range,
    "usererrorresourceguardapprovalrequired": storage.guard,
    "usererrorsystemidentitynotenabledwithvault": storage.no_system_identity,
    "usererroruseridentitynotfoundornotassociatedwithvault": storage.user_identity,
    "usererrorstorageaccountkeyaccessdisallowed": storage.key_access,
    "usererrorrestorepointnotfound": storage.point_gone,
    "usererrorrestorepointnotfoundinbackupvault": storage.point_gone,
    "usererrorstorageaccountinlockedstate": storage.locked,
    "usererrorazureresourcenotfoundbyplugin": _missing,
    "usererrorimmutabilitypolicyconfigured": storage.immutable,
    "usererrorcrosstenantorspolicydisabled": storage.cross_tenant,
    "usererrormissingrequiredpermissions": storage.permissions,
    "cancelled": _cancelled,
    "canceled": _cancelled,
}
