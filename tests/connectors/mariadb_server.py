"""A real MariaDB server of the test run's own, where its programs are installed."""

from __future__ import annotations

import os
import pwd
import secrets
import subprocess
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.engines import process

USER = "catalog"


@dataclass(frozen=True, slots=True)
class MariaDBServer:
    """A running server on loopback; `USER` may do everything in it."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"mariadb://{USER}:{self.password}@127.0.0.1:{self.port}/"

    def execute(self, *statements: str) -> None:
        """Run statements, each by itself."""
        import pymysql

        with closing(pymysql.connect(host="127.0.0.1", port=self.port, user=USER, password=self.password)) as session:
            for statement in statements:
                session.cursor().execute(statement)
            session.commit()


def shared_mariadb(root: Path) -> MariaDBServer:
    """The server that all workers of a run share; where its programs are not installed, see `process.missing`."""
    return MariaDBServer(**process.shared(root, "mariadb", lambda: asdict(_start())))


def _start() -> MariaDBServer:
    server, install = process.find_program("mariadbd"), process.find_program("mariadb-install-db")
    if server is None or install is None:
        process.missing("MariaDB's server programs are not installed (Debian: mariadb-server-core)")
        raise AssertionError
    folder = process.new_folder("mariadb")
    running = MariaDBServer(process.free_port(), secrets.token_hex(12))
    who = ["--user=root"] if os.geteuid() == 0 else [f"--user={pwd.getpwuid(os.geteuid()).pw_name}"]
    data = folder / "data"
    subprocess.run(
        [install, "--no-defaults", f"--datadir={data}", "--skip-test-db", *who],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    (folder / "init.sql").write_text(
        f"CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{running.password}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'127.0.0.1';\n"
    )
    command = [
        server,
        "--no-defaults",
        *who,
        f"--datadir={data}",
        f"--init-file={folder / 'init.sql'}",
        f"--socket={folder / 's'}",
        f"--port={running.port}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--innodb-flush-method=fsync",
        "--innodb-use-native-aio=0",
    ]
    process.start(command, folder).wait_until(lambda: _answers(running), 60)
    return running


def _answers(running: MariaDBServer) -> bool:
    import pymysql

    try:
        running.execute("SELECT 1")
    except pymysql.Error:
        return False
    return True
