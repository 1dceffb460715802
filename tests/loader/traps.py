"""Databases that do harm or trip a load, dumped by real pg_dump."""

import tempfile
from pathlib import Path

from psycopg import sql

from loader.server import Server
from local.postgres.delivery import UUID

# What a dump's own functions try wherever they are loaded: to run a program, to read a file of the server.
EVIL = """
create function public.run() returns void language plpgsql as $$
begin
    execute 'copy (select 1) to program ''touch {canary}''';
end $$;
create function public.evil(x int) returns int language plpgsql immutable as $$
begin
    if current_database() <> 'source_{name}' then perform public.run(); end if;
    return x;
end $$;
create function public.reads(x int) returns int language plpgsql immutable as $$
begin
    if current_database() <> 'source_{name}' then return length(pg_read_file('/proc/self/environ')); end if;
    return x;
end $$;
create function public.slow(x int) returns int language plpgsql immutable as $$
begin
    if current_database() <> 'source_{name}' then perform pg_sleep(60); end if;
    return x;
end $$;
create table public.t (id int primary key, v int not null);
insert into public.t select i, i from generate_series(1, 50) i;
"""
WRITER = """
create function public.writes() returns boolean language plpgsql security definer as $$
begin insert into public.t values (-1, 0); return true; end $$;
create function public.runs() returns boolean language plpgsql security definer as $$
begin copy (select 1) to program 'touch {canary}'; return true; end $$;
create function public.sets() returns boolean language plpgsql security definer as $$
begin
    perform set_config('transaction_read_only', 'off', false);
    insert into public.t values (-2, 0);
    return true;
end $$;
create sequence public.s;
"""


def canary() -> Path:
    """A file that the server's user could make: its folder is open to all."""
    folder = Path(tempfile.mkdtemp(prefix="canary-", dir="/tmp"))
    folder.chmod(0o777)
    return folder / "it-ran"


def dumped(server: Server, folder: Path, script: str, name: str = "trap", *options: str, create: str = "") -> Path:
    """Makes the database `source_<name>` from a script and dumps it alone into the folder; gives the file."""
    database = f"source_{name}"
    with server.connect() as connection:
        drop = sql.SQL("drop database if exists {}").format(sql.Identifier(database))
        connection.execute(drop)
        connection.execute(f"create database {database} {create}".encode())
    with server.connect(database) as connection:
        connection.execute(script.encode())
    file = folder / f"{UUID}_database_{database}.sql"
    file.write_bytes(server.run("pg_dump", *(options or ("--format=custom",)), "-d", database))
    return file


def patched(file: Path, old: bytes, new: bytes) -> None:
    """Changes bytes in place: an archive keeps its offsets only if the lengths are equal."""
    text = file.read_bytes()
    assert old in text
    file.write_bytes(text.replace(old, new))
