"""Makes the sample server's roles and databases on an empty server."""

from pathlib import Path

from psycopg import sql

from local.postgres.server import Server

SCRIPTS = Path(__file__).parent / "sql"
ODD_NAME = 'odd "name; x_database_y'
ADMIN, ADMIN_PASSWORD = "deskadmin", "the-source-admins-password"
# Azure's own databases are in a backup too; `postgres` every server has.
SCRIPT_OF = {
    "shop": "shop.sql",
    "billing": "billing.sql",
    ODD_NAME: "odd.sql",
    "azure_sys": "",
    "azure_maintenance": "",
}


def make(server: Server) -> None:
    """Fills an empty server (a quarter of a second); the superuser must be called azuresu, as Azure's is."""
    with server.connect() as connection:
        connection.execute((SCRIPTS / "roles.sql").read_bytes())
        for name, script in SCRIPT_OF.items():
            owner = ADMIN if script else server.superuser
            line = sql.SQL("create database {} owner {}")
            connection.execute(line.format(sql.Identifier(name), sql.Identifier(owner)))
        connection.execute("alter role app_rw in database shop set work_mem = '8MB'")
        connection.execute("alter database shop set timezone = 'UTC'")
    for name, script in SCRIPT_OF.items():
        if script:
            with server.connect(name) as connection:
                connection.execute((SCRIPTS / script).read_bytes())
