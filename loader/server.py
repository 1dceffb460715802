"""Starts a throwaway PostgreSQL server on a unix socket; it and its data end with us."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

import psycopg

from loader.confined import confined
from loader.programs import CLEAN, Programs

START_SECONDS = 180.0
CONNECT_SECONDS = 60
OTHER_USER = "nobody"  # PostgreSQL refuses to run as root
STOP_SECONDS = 60.0  # for a fast shutdown, before it is an immediate one
# A line on its stdin ends every session at once (kill), or restarts the server as a standby. The end of its stdin,
# which is the end of whoever holds the pipe, is a fast shutdown that leaves nothing. Signals come from here alone: a
# number in the server's own file may be forged by a dump's code, or be another process by now.
GUARD = """folder=$1; shift; "$@" &
while read -r word; do
    if [ "$word" = kill ]; then kill -QUIT $!; continue; fi
    kill -INT $!; wait $!; touch "$folder/data/standby.signal"; "$@" &
done
kill -INT $!; wait; rm -rf "$folder\""""
ALWAYS = ("listen_addresses=", "lc_messages=C", "unix_socket_permissions=0777")
FOR_SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_wal_size=2GB")


class ServerError(RuntimeError):
    """The server did not start; the message ends with the last lines of its log."""


class Server:
    """One server. `superuser` has a random password; connections need theirs, also on the socket."""

    def __init__(
        self,
        programs: Programs,
        *,
        superuser: str = "azuresu",
        settings: Sequence[str] = (),
        parent: str = "/tmp",  # noqa: S108 - short: a socket's path has 107 bytes
    ) -> None:
        self.programs = programs
        self.superuser = superuser
        self.password = secrets.token_hex(16)
        self._settings = settings
        self._parent = parent
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What libpq programs need to reach it as the superuser."""
        return {"PGHOST": str(self.folder), "PGPORT": "5432", "PGUSER": self.superuser, "PGPASSWORD": self.password}

    def connect(self, database: str = "postgres", user: str = "", password: str = "") -> psycopg.Connection[Any]:
        """An autocommit connection, the superuser's unless another user is named."""
        who, secret = (user, password) if user else (self.superuser, self.password)
        return psycopg.connect(
            host=str(self.folder),
            dbname=database,
            user=who,
            password=secret,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
        )

    def run(self, program: str, *arguments: str, environ: Mapping[str, str] | None = None) -> bytes:
        """Runs one of its own major's programs against it; gives stdout. ServerError with stderr when it fails."""
        line = [self.programs.path(program), *arguments]
        done = subprocess.run(line, env=environ or self.environment, capture_output=True, check=False)
        if done.returncode != 0:
            raise ServerError(f"{program}: {done.stderr.decode(errors='replace')[-2000:]}")
        return done.stdout

    def start(self) -> Self:
        """Makes an empty server and returns when it takes connections (about half a second)."""
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=self._parent))
        self.folder.chmod(0o755)
        try:
            self._programs = self._reachable()
            self._init()
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends it and removes its data."""
        process, self._process = self._process, None
        if process and process.stdin:
            process.stdin.close()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGQUIT)
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def _user(self) -> dict[str, Any]:
        """As root the server's processes run under another user."""
        if os.geteuid() != 0:
            return {}
        other = pwd.getpwnam(OTHER_USER)
        return {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}

    def become_standby(self) -> None:
        """Restarts it as a standby: from then on nothing can be written, whatever a session sets."""
        before, said = self._pid(), len(self._said())
        self._send(b"standby\n")
        self._wait_ready(before, said)

    def kill(self) -> None:
        """Ends every session at once, also one that heeds no cancel: the server is lost."""
        with suppress(OSError, ValueError):  # it may have ended already
            self._send(b"kill\n")

    def _send(self, word: bytes) -> None:
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(word)
        self._process.stdin.flush()

    def _reachable(self) -> Path:
        """The programs' folder; a copy of it where the other user cannot read the original (a repository in /root)."""
        folder = self.programs.folder
        if not self._user() or self._runs(folder):
            return folder
        shutil.copytree(folder.parent, self.folder / "programs", symlinks=True)
        return self.folder / "programs" / "bin"

    def _runs(self, folder: Path) -> bool:
        line = [str(folder / "postgres"), "--version"]
        try:
            return (
                subprocess.run(line, cwd="/", capture_output=True, check=False, env=CLEAN, **self._user()).returncode
                == 0
            )
        except OSError:
            return False

    def _init(self) -> None:
        data, passwords = self.folder / "data", self.folder / "password"
        data.mkdir(mode=0o700)
        passwords.write_text(self.password)
        if self._user():
            other = self._user()
            for path in (self.folder, data, passwords):
                os.chown(path, other["user"], other["group"])
        line = [str(self._programs / "initdb"), "-D", str(data), "-U", self.superuser, "--pwfile", str(passwords)]
        line += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        done = subprocess.run(line, cwd="/", capture_output=True, text=True, check=False, env=CLEAN, **self._user())
        passwords.unlink()
        if done.returncode != 0:
            raise ServerError(f"initdb: {done.stderr.strip()[-1000:]}")

    def _launch(self) -> None:
        line = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        for setting in (*ALWAYS, *FOR_SPEED, *self._settings):
            line += ["-c", setting]
        with self.log.open("ab") as log:
            self._process = confined(lambda: self._started(line, log))
        self._wait_ready(0, 0)

    def _started(self, line: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "sh", str(self.folder), *line],
            cwd="/",
            env=CLEAN,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
            **self._user(),
        )

    def _wait_ready(self, before: int, said: int) -> None:
        """Until a process other than `before` takes connections; `said` characters of the log are older."""
        end = time.monotonic() + START_SECONDS
        while not (self._status() == "ready" and self._pid() != before):
            log = self._said()[said:]
            starts = log.count("starting PostgreSQL") or not before
            ended = not self._process or self._process.poll() is not None
            if ended or time.monotonic() > end or (starts and log.rstrip().endswith("database system is shut down")):
                raise ServerError(f"postgres did not start: {log[-1000:]}")
            time.sleep(0.01)

    def _status(self) -> str:
        return self._lock_file()[7].strip()

    def _pid(self) -> int:
        return int(self._lock_file()[0] or 0)

    def _lock_file(self) -> list[str]:
        """The lines that the server writes about itself; empty ones if there are none."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            lines = []
        return lines + [""] * (8 - len(lines))

    def _said(self) -> str:
        return self.log.read_text(errors="replace")
