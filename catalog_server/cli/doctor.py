"""`catalog doctor`: looks for what would keep the server from working, and says how to mend it."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog_server.cli.client import Server, connect, path
from catalog_server.cli.output import Failure, Output, print_list
from catalog_server.cli.serve import ConfigFile, settings
from catalog_server.model.errors import CatalogError

if TYPE_CHECKING:
    from catalog_server.config import Config

OK, WARNING, PROBLEM = "ok", "warning", "problem"
CLOCK_SECONDS_MAX = 5.0
FREE_BYTES_MIN = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look showed, and what to do if it is not well."""

    check: str
    state: str
    found: str
    fix: str = ""


def run_doctor(
    data: Annotated[Path | None, typer.Option(help="Data folder of the server, else ./catalog-data.")] = None,
    store: Annotated[str | None, typer.Option(help="URL of the store, if not SQLite in the data folder.")] = None,
    config: ConfigFile = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Check store, server, connections, ports, engines, Java and clock; exit code 1 if something is broken.

    \b
    Example: catalog doctor
    """
    chosen = settings(config, data=data, store=store)
    findings = [asdict(finding) for look in CHECKS for finding in look(chosen)]
    findings += [asdict(finding) for finding in _server(chosen, server)]
    print_list(findings, ("check", "state", "found", "fix"), output)
    if any(finding["state"] == PROBLEM for finding in findings):
        raise typer.Exit(1)


def _data_folder(config: Config) -> Iterator[Finding]:
    folder = config.data.absolute()
    if not folder.exists():
        yield Finding("data", OK, f"{folder} is made at the first start")
        return
    if not os.access(folder, os.W_OK):
        yield Finding(
            "data", PROBLEM, f"{folder} cannot be written", f"give it to the user of the server: chown {folder}"
        )
        return
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES_MIN:
        yield Finding(
            "data", WARNING, f"{free // 2**20} MB are free at {folder}", "make room, or choose another --data"
        )
    else:
        yield Finding("data", OK, f"{folder}, {free // 2**30} GB free")


def _store(config: Config) -> Iterator[Finding]:
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    url = make_url(config.store_url)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield Finding("store", OK, f"{shown} is made at the first start")
        return
    try:
        engine = create_engine(url, connect_args={"connect_timeout": 5} if "postgresql" in shown else {})
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        engine.dispose()
    except (SQLAlchemyError, OSError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield Finding("store", PROBLEM, f"{shown}: {said}", "check the address in --store, and whether it is up")
    else:
        yield Finding("store", OK, shown)


def _ports(config: Config) -> Iterator[Finding]:
    for name in ("http", "thrift", "grpc"):
        port: int = getattr(config.server, f"{name}_port")
        if port == 0:
            continue
        family = socket.AF_INET6 if ":" in config.server.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((config.server.host, port))
            except OSError as error:
                fix = f"if that is not this server, choose another: --{name}-port 0 takes a free one"
                yield Finding(f"port {port}", WARNING, f"{name}: {error.strerror}", fix)
            else:
                yield Finding(f"port {port}", OK, f"{name}: free")


def _engines(config: Config) -> Iterator[Finding]:
    from catalog_server.jobs.engines import installed

    home = Path(config.jobs.engines_home) if config.jobs.engines_home else None
    found = {engine.name: engine for engine in installed(home)}
    for name in ("spark", "trino"):
        if name not in found:
            yield Finding(name, OK, "not installed (optional)", f"catalog engines install {name}")
        elif found[name].java_home is None:
            fix = f"catalog engines install {name} --own-java"
            yield Finding(name, PROBLEM, f"{found[name].version}, but no Java that fits", fix)
        else:
            yield Finding(name, OK, f"{found[name].version} with Java at {found[name].java_home}")


def _sail(_config: Config) -> Iterator[Finding]:
    from importlib.util import find_spec

    if find_spec("pysail") is None or find_spec("pyspark") is None:
        yield Finding("sail", WARNING, "not installed", "pip install 'catalog-server[sail]' runs jobs without Spark")
    else:
        yield Finding("sail", OK, "installed")


def _pages(_config: Config) -> Iterator[Finding]:
    from catalog_server.facades.web.pages import STATIC

    if (STATIC / "index.html").is_file():
        yield Finding("pages", OK, "built")
    else:
        yield Finding(
            "pages",
            WARNING,
            "not built into this installation",
            "in a clone: python catalog_server/facades/web/build_ui.py",
        )


CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (_data_folder, _store, _ports, _engines, _sail, _pages)


def _server(_config: Config, url: str | None) -> Iterator[Finding]:
    client = connect(url)
    try:
        info = client.get("/info")
    except Exception as error:  # whatever is wrong with the server is a finding, not the end of the command
        message = error.message if isinstance(error, Failure | CatalogError) else f"no server answers at {client.url}"
        yield Finding("server", WARNING, message, "catalog serve")
        return
    yield Finding("server", OK, f"{client.url}, version {info['version']}")
    away = abs(info["now"] / 1000 - time.time())
    if away > CLOCK_SECONDS_MAX:
        yield Finding(
            "clock", WARNING, f"the server's clock is {away:.0f} s away", "set both by NTP; signed requests fail"
        )
    else:
        yield Finding("clock", OK, "agrees with the server's")
    for connection in client.pages("/connections"):
        name = connection["name"]
        try:
            tested = client.post(path("connections", name, "test"))
        except Failure as failure:
            tested = {"ok": False, "message": failure.message}
        state, fix = (OK, "") if tested["ok"] else (PROBLEM, f"catalog connections show {name}")
        yield Finding(f"connection {name}", state, tested["message"], fix)
