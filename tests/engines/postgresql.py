"""A real PostgreSQL of the test run's own, with a fresh database for whoever asks."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines import process

FOLDERS = (Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt"))
USER = "catalog"
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "max_connections=200",
    "shared_buffers=128MB",
)


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running server on loopback, reached with a password."""

    port: int
    password: str
    pid: int = 0

    def url(self, database: str = "postgres") -> str:
        """The address of a database, for SQLAlchemy and psycopg alike."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def jdbc_url(self, database: str = "postgres") -> str:
        """The address of a database for Java, without user and password."""
        return f"jdbc:postgresql://127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside a transaction; returns its rows, if it has any."""
        import psycopg

        with closing(psycopg.connect(self.url(database), autocommit=True, connect_timeout=10)) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create_database(self, template: str = "template0") -> str:
        """Make a database, an empty one or a copy of another, and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"create database {name} template {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database and whoever is connected to it."""
        self.execute(f"drop database if exists {name} with (force)")


def find_programs() -> Path | None:
    """The folder that holds `initdb` and `postgres`: the newest of the usual places, else from PATH."""
    found = [path.parent for root in FOLDERS if root.is_dir() for path in root.glob("*/bin/initdb")]
    program = shutil.which("initdb")
    if program:
        found.append(Path(program).parent)
    whole = [folder for folder in found if (folder / "postgres").exists()]
    return max(whole, key=_version, default=None)


@contextmanager
def postgresql_server() -> Iterator[PostgreSQL]:
    """A server of one's own, for tests that stop it or hold it up."""
    server, running = _start()
    with server:
        yield running


def shared_postgresql(root: Path) -> PostgreSQL:
    """The server that all workers of a run share."""

    def launch() -> dict[str, Any]:
        running = _start()[1]
        return {"port": running.port, "password": running.password, "pid": running.pid}

    return PostgreSQL(**process.shared(root, "postgresql", launch))


def _start() -> tuple[process.Server, PostgreSQL]:
    programs = find_programs()
    if programs is None:
        process.missing("no PostgreSQL server programs (initdb, postgres) were found")
        raise AssertionError
    folder = process.new_folder("postgresql")
    user = _user(folder)
    password = secrets.token_hex(12)
    _initialise(programs, folder, user, password)
    port = process.free_port()
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    command: list[str | Path] = [programs / "postgres", "-D", folder / "data", "-p", str(port), *settings]
    server = process.start(command, folder, env=_environment(), user=user, stop_signal=signal.SIGQUIT)
    server.wait_until(lambda: _answers(PostgreSQL(port, password)), 60)
    pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    return server, PostgreSQL(port, password, pid)


def _initialise(programs: Path, folder: Path, user: int | None, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    privileges: dict[str, Any] = {} if user is None else {"user": user, "extra_groups": []}
    options = ["--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "--encoding=UTF8", "--locale=C"]
    subprocess.run(
        [programs / "initdb", "-D", folder / "data", f"--username={USER}", *options],
        check=True,
        capture_output=True,
        cwd=folder,
        env=_environment(),
        **privileges,
    )


def _user(folder: Path) -> int | None:
    """Whom to run as: PostgreSQL refuses root, so then its own user, who is given the folder."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    user = names.get("postgres", names["nobody"])
    os.chown(folder, user, -1)
    return user


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _answers(server: PostgreSQL) -> bool:
    import psycopg

    try:
        return server.execute("select 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def _version(folder: Path) -> tuple[int, ...]:
    answer = subprocess.run([folder / "initdb", "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"\) (\d+)\.?(\d*)", answer)
    return (int(match[1]), int(match[2] or 0)) if match else (0, 0)
