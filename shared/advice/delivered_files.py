"""What to do with delivered files where this repository is not at hand: plain lines for bash, az and PostgreSQL. Pure.

https://learn.microsoft.com/azure/backup/restore-azure-database-postgresql-flex. Tests run each line in a real bash.
"""

from datetime import timedelta

from shared.advice import shell_commands
from shared.advice.remedy_case import Steps
from shared.advice.shell_commands import Step, Verbatim, az, quoted
from shared.domain.restore import Plan, Restore

# Neither loaded nor given away: every server has its own. By whole name; in a COPY of SQL they may stand in quotes.
AZURE_DATABASES = "postgres|azure_maintenance|azure_sys"
AZURE_ROLES = "azuresu|azure_superuser|azure_pg_admin|replication"
MARGIN = timedelta(minutes=1)  # between the job's clock and the storage's
_NAME = r'("([^"]|"")+"|[a-z_][a-z0-9_$]*)'
_MAKE_ROLE = r"DO $do$ BEGIN CREATE ROLE \1 NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $do$;"
# Entries that act on production, or that only a superuser may restore.
_LEFT_OUT = " (COMMENT - EXTENSION|EVENT TRIGGER|SUBSCRIPTION|USER MAPPING) "


def steps(restore: Restore, plan: Plan) -> Steps:
    """The steps that load the delivered files into new databases and then empty the container."""
    account, container = shell_commands.account_and_container(plan.container or "")
    at = {"container_name": container, "account_name": account, "auth_mode": "login"}
    folder = quoted(f"restore-{restore.id}")
    listed, names, which = _found(restore, at)
    each = f"{names} | while IFS= read -r name; do"
    fetch = f"{az('storage blob download', '-o none', name=_IN_NAME, file=_to(folder), **at)} </dev/null"
    gone = f"{az('storage blob delete', '-o none', name=_IN_NAME, **at)} </dev/null"
    whole = "files of all databases of the server" if _flexible(restore) else "the files of the database"
    return (
        Step(f"{which} in {plan.container} are {whole}, not loaded anywhere yet", (listed,)),
        Step("Download the files", (f"mkdir -p {folder}", f'{each} {fetch} || echo "NOT FETCHED: $name" >&2; done')),
        *(_roles(folder) if _flexible(restore) else ()),
        _databases(folder),
        _deletes_itself(restore, plan, folder)
        if plan.account
        else Step(
            "When the files are loaded, delete them and your copy, because they contain all the data",
            (f"{each} {gone}; done", f"rm -r {folder}"),
        ),
    )


def _deletes_itself(restore: Restore, plan: Plan, folder: str) -> Step:
    """The container is the desk's own: it deletes it, and people say when."""
    clean = shell_commands.act(restore.id, "cleanup", "<you>", "loaded")
    keep = f'POST /api/restores/{restore.id}/keep with "hours" keeps it longer'
    words = f"The desk deletes this container {plan.keep_hours:g} h after the restore ended; {keep}"
    return Step(
        f"{words}. When the files are loaded, delete your copy and the container at once, because they contain all "
        f"the data (POST /api/restores/{restore.id}/cleanup)",
        (f"rm -r {folder}", clean),
    )


_IN_NAME = Verbatim('"$name"')


def _to(folder: str) -> Verbatim:
    return Verbatim(f'{folder}/"$name"')


def _flexible(restore: Restore) -> bool:
    return restore.datasource is None or restore.datasource.flexible


def _alone(restore: Restore) -> bool:
    """Whether nothing but this restore's files is in its container."""
    return bool(restore.plan and restore.plan.account)


def _found(restore: Restore, at: dict[str, str]) -> tuple[str, str, str]:
    """How the files are listed and named, and in words which they are. A flexible server's names begin with a uuid
    that nobody knows before: those files are found by the time of the job."""
    job, shown = restore.job, "name, properties.contentLength, properties.creationTime"
    if _alone(restore):
        named, chosen, which = {}, "[]", "The files"
    elif not _flexible(restore):
        prefix = restore.file_prefix(restore.attempt.number if restore.attempt else 1)
        named, chosen, which = {"prefix": f"{prefix}_"}, "[]", f"The files whose names begin with {prefix}"
    elif job and job.started:
        ended = job.ended or restore.closed_at or job.started
        since, until = (f"{at:%Y-%m-%dT%H:%M:%S}" for at in (job.started - MARGIN, ended + MARGIN))
        chosen = f"[?properties.creationTime>='{since}' && properties.creationTime<='{until}']"
        named, which = {}, f"The files written between {since} and {until} UTC"
    else:
        named, chosen, which = {}, "[]", "The files"
    listed = az("storage blob list", "-o table", query=f"{chosen}.[{shown}]", num_results="*", **named, **at)
    return listed, az("storage blob list", "-o tsv", query=f"{chosen}.name", num_results="*", **named, **at), which


def _roles(folder: str) -> Steps:
    """Names and memberships only: never a password, and never ADMIN, which would lock the target's own admin out."""
    azure, options = f'"?({AZURE_ROLES})"?', f"( WITH [A-Z, ]+)?( GRANTED BY {_NAME})?"
    whole = quoted(f"^(CREATE ROLE {_NAME}|GRANT {_NAME} TO {_NAME}{options});$")
    own = quoted(f"^(CREATE ROLE|GRANT) {azure}( TO |;)|^GRANT {_NAME} TO {azure}( |;)")
    edits = (
        "s/ GRANTED BY .*;$/;/",
        "s/ WITH ADMIN (OPTION|TRUE), / WITH /",
        "s/ WITH ADMIN (OPTION|TRUE);$/;/",
        f"s/^CREATE ROLE (.*);$/{_MAKE_ROLE}/",
    )
    edited = " ".join(f"-e {quoted(edit)}" for edit in edits)
    words = (
        "Make the roles, without passwords and LOGIN. Set PGHOST, PGUSER and PGPASSWORD or PGPASSFILE first; psql and "
        "pg_restore must be no older than the backed-up server, and of August 2025 or newer. Rights that your user "
        "may not give are printed as errors, the rest is made"
    )
    line = f"grep -hE {whole} {folder}/*_roles.sql | grep -vE {own} | sed -E {edited} | psql -X -q -d postgres"
    return (Step(words, (line,)),)


def _databases(folder: str) -> Step:
    """One loop for archives and plain SQL: a database is renamed to its own name only after its load."""
    body = (
        # the header has the true name; of a plain file there is only the file's. Channels join white space: no command
        # has two blanks in a row
        'case "$(head -c5 "$file")" in PGDMP) name=$(pg_restore -l "$file" | sed -n "s/^; *dbname: //p");; '
        "*) name=${file##*/}; name=${name#*_database_}; name=${name%.sql};; esac",
        f'case "$name" in {AZURE_DATABASES}) continue;; esac',
        'if PGDATABASE="$name" psql -X -q -c "" 2>/dev/null; then echo "already there: $name"; continue; fi',
        'new="${name}__loading"',
        # PostgreSQL cuts a name after 63 bytes: what is dropped could be another database
        '[ "$(printf %s "$new" | wc -c)" -le 63 ] || new="loading_$(printf %s "$name" | cksum | tr " " _)"',
        'dropdb --if-exists "$new" 2>/dev/null',
        'createdb -T template0 "$new" || continue',
        'if [ "$(head -c5 "$file")" = PGDMP ]; then '
        f'pg_restore -l "$file" | grep -vE {quoted(_LEFT_OUT)} > "$file.list"; '
        'pg_restore --no-owner --no-acl -L "$file.list" -f - "$file"; else cat "$file"; fi '
        '| PGDATABASE="$new" psql -X -q -o /dev/null',
        'echo \'alter database :"old" rename to :"new"\' '
        '| psql -X -q -d postgres -v old="$new" -v new="$name" && echo "loaded: $name"',
    )
    words = (
        "Load each database under its own name; existing databases are not changed. Allow its extensions first "
        "(server parameter azure.extensions). Read the errors before you use a database: objects may be missing. "
        "Your user owns all objects that come from archives"
    )
    return Step(words, (f"for file in {folder}/*_database_*.sql; do {'; '.join(body)}; done",))
