"""`catalog serve` and `catalog demo`: start the server, or show all of it on real data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from catalog_server.config import Config

ConfigFile = Annotated[
    Path | None, typer.Option("--config", exists=True, dir_okay=False, help="TOML file with settings.")
]


def run_server(
    data: Annotated[Path | None, typer.Option(help="Folder for the store, the warehouse, results and logs.")] = None,
    store: Annotated[str | None, typer.Option(help="URL of the store, if not SQLite in the data folder.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; else loopback.")] = None,
    http_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Pages, API, Iceberg REST; else 8181.")
    ] = None,
    thrift_port: Annotated[int | None, typer.Option(min=0, max=65535, help="Hive metastore; else 9083.")] = None,
    grpc_port: Annotated[int | None, typer.Option(min=0, max=65535, help="gRPC; else 9084.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that answer; one on SQLite.")] = None,
    config: ConfigFile = None,
) -> None:
    """Start the server; without options everything is kept in ./catalog-data. Port 0 takes a free one.

    \b
    Examples:
      catalog serve
      catalog serve --store postgresql://catalog@db.example/catalog --workers 4
    """
    from catalog_server.server import serve

    ports = {"http_port": http_port, "thrift_port": thrift_port, "grpc_port": grpc_port}
    serve(settings(config, data=data, store=store, host=host, workers=workers, **ports))


def settings(file: Path | None, *, data: Path | None = None, store: str | None = None, **server: Any) -> Config:
    """The settings of file and environment, changed by what the command line says."""
    from catalog_server.config import load

    config = load(file)
    if data is not None:
        config = replace(config, data=data)
    if store is not None:
        config = replace(config, store=replace(config.store, url=store))
    given = {name: value for name, value in server.items() if value is not None}
    return replace(config, server=replace(config.server, **given))


def run_demo(
    exit: Annotated[bool, typer.Option("--exit", help="End after the last step; status 0 if all was right.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder for what it makes; else a temporary one.")] = None,
    engine: Annotated[str, typer.Option(help="What runs the job: sail (built in) or spark.")] = "sail",
) -> None:
    """Show the whole of it on real data: crawl files and a database, ask in SQL, run a job, ask for its table.

    \b
    Example: catalog demo --exit
    """
    if engine not in ("sail", "spark"):
        raise typer.BadParameter("sail or spark", param_hint="--engine")
    from catalog_server.demo import run

    raise typer.Exit(run(data=data, engine=engine, exit=exit))
