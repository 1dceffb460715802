"""What mends a target database: its name, version and user, and the secret that opens it. Pure."""

from shared.advice import shell_commands
from shared.advice.remedy_case import Case, Steps
from shared.advice.shell_commands import Step, az, grant, quoted, shown, within


def login(case: Case) -> Steps:
    words = (
        "The user or password in the secret is wrong, or the user may not log in; put a connection string that works "
        "into the file secret.txt and store it as a new version"
    )
    stored = az("keyvault secret set", "-o none", vault_name=case.key_vault, name=case.secret_name, file="secret.txt")
    return (Step(words, (stored,)),)


def secret(case: Case) -> Steps:
    words = f"The key vault {case.key_vault} has no usable secret {case.secret_name}; its versions are"
    listed = az("keyvault secret list-versions", "-o table", vault_name=case.key_vault, name=case.secret_name)
    return (Step(words, (listed,)), Step("Restore or set it, or name another secret in the target of desk.toml"))


def secret_store(case: Case) -> Steps:
    there = az("keyvault show", "-o tsv", name=case.key_vault, query="properties.vaultUri")
    return (Step(f"The key vault {case.key_vault} must exist", (there,)), *secret_rights(case))


def secret_rights(case: Case) -> Steps:
    scope = within(az("keyvault show", "-o tsv", name=case.key_vault, query="id"))
    policy = az(
        "keyvault set-policy", "--secret-permissions get list", name=case.key_vault, object_id=shell_commands.THE_ID
    )
    return (
        Step(
            "Give the vault's identity the role Key Vault Secrets User on the key vault",
            (case.identity, grant(shell_commands.SECRETS_USER, scope)),
        ),
        Step("If the key vault uses access policies, give the identity Get and List instead", (case.identity, policy)),
    )


def secret_format(case: Case) -> Steps:
    server = case.server.rsplit("/", 1)[-1]
    words = (
        f"The secret {case.secret_name} must hold an ADO.NET connection string: Server=<host of {server}>;"
        f"Database=postgres;Port=5432;User Id=<user>@{server};Password=<password>;Ssl Mode=Require;"
    )
    return (Step(words), *login(case))


def database_rights(case: Case) -> Steps:
    sql = 'GRANT azure_pg_admin TO :"user"; ALTER ROLE :"user" CREATEDB;'
    host = within(shown(case.server, "properties.fullyQualifiedDomainName"))
    line = f'echo {quoted(sql)} | psql -h {host} -d postgres -v user="$SECRET_USER"'
    words = "The user of the secret must be able to create databases. SECRET_USER is that user's name"
    return (Step(words, (line,)),)


def entra_user(case: Case) -> Steps:
    vault = shell_commands.identifier(case.vault.rsplit("/", 1)[-1])
    sql = (
        f"SET aad_validate_oids_in_tenant = off; CREATE ROLE {vault} WITH LOGIN PASSWORD :'app' IN ROLE azure_ad_user;"
    )
    host = within(shown(case.server, "properties.fullyQualifiedDomainName"))
    line = f'echo {quoted(sql)} | psql -h {host} -d postgres -v app="$APP_ID"'
    words = (
        "Make a backup user that can authenticate with Microsoft Entra ID. Set an Entra administrator on the server, "
        "and log in as that administrator. APP_ID is the application id of the vault's identity"
    )
    return (Step(words, (line,)),)


def name_taken(case: Case) -> Steps:
    name = case.plan.database or ""
    rename = f"ALTER DATABASE {shell_commands.identifier(name)} RENAME TO {shell_commands.identifier(f'{name}_old')};"
    words = f"A database {name} is on the target already: send a new request with another database name, or rename it"
    return (Step(words, (shell_commands.psql(case.server, rename),)),)


def older_version(case: Case) -> Steps:
    words = "The target runs an older PostgreSQL than the backup; its version is shown by"
    other = "Upgrade it, or send a new request with a target of the same or a newer version, or as files"
    return Step(words, (shown(case.server, "properties.version"),)), Step(other)
