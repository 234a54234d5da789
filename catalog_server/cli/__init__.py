"""The `catalog` command: starts the server, and speaks to a running one."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from catalog_server import __version__
from catalog_server.cli import (
    care,
    catalogs,
    connections,
    conversions,
    crawlers,
    credentials,
    databases,
    doctor,
    engines,
    functions,
    jobs,
    migrate,
    partitions,
    search,
    serve,
    sql,
    tables,
    views,
)
from catalog_server.cli.client import close_all
from catalog_server.cli.output import Failure, say
from catalog_server.model.errors import CatalogError, Conflict, Denied, Invalid, NotFound, TimedOut

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
NOUNS = (
    ("catalogs", catalogs.app, "Catalogs, the named roots of databases. Example: catalog catalogs list"),
    ("databases", databases.app, "Databases, the holders of tables. Example: catalog databases list"),
    ("tables", tables.app, "Tables and their versions. Example: catalog tables show sales.orders"),
    ("partitions", partitions.app, "Partitions of a table. Example: catalog partitions list sales.orders"),
    ("views", views.app, "Views. Example: catalog views list sales"),
    ("functions", functions.app, "Functions of engines. Example: catalog functions list sales"),
    ("connections", connections.app, "Databases and object stores to reach. Example: catalog connections test shop"),
    ("crawlers", crawlers.app, "Discover tables. Example: catalog crawlers run lake --wait"),
    ("jobs", jobs.app, "PySpark scripts and their runs. Example: catalog jobs run delays --wait"),
    ("care", care.app, "Keep Iceberg tables small. Example: catalog care expire-snapshots sales.orders --dry-run"),
    ("migrate", migrate.app, "Move here from a Hive metastore. Example: catalog migrate hive --from thrift://old:9083"),
    ("credentials", credentials.app, "Users and tokens of the metastore. Example: catalog credentials token etl"),
    ("engines", engines.app, "Real Spark and Trino on this machine. Example: catalog engines install spark"),
)
EXIT_CODES: tuple[tuple[type[CatalogError], int], ...] = (
    (NotFound, 3),
    (Conflict, 4),
    (Denied, 5),
    (TimedOut, 6),
    (Invalid, 2),
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"catalog-server {__version__}")
        raise typer.Exit


@app.callback()
def root(
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="Address of the server to speak to.")
    ] = None,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version and end.")
    ] = False,
) -> None:
    """One catalog for Hive, Spark, Trino and Iceberg clients, with crawlers, SQL and jobs.

    \b
    Examples:
      catalog serve                      start the server
      catalog demo                       see all of it on real data
      catalog databases list             ask a running server
      catalog sql "select 1"             ask its tables

    \b
    Exit codes: 0 done, 1 failed, 2 wrongly called, 3 not found, 4 conflict, 5 denied, 6 timed out.
    """
    if server is not None:
        os.environ["CATALOG_SERVER__CLIENT__URL"] = server


app.command("serve")(serve.run_server)
app.command("demo")(serve.run_demo)
tables.app.command("convert")(conversions.convert_table)
for name, noun, help_text in NOUNS:
    app.add_typer(noun, name=name, help=help_text)
app.command("sql")(sql.run_sql)
app.command("search")(search.run_search)
app.command("events")(search.show_events)
app.command("doctor")(doctor.run_doctor)


def main() -> None:
    """Run the command that the process was started with and end with its exit code."""
    try:
        app(prog_name="catalog")
    except Failure as failure:
        say(f"error: {failure.message}")
        sys.exit(failure.code)
    except CatalogError as error:
        say(f"error: {error.message}")
        sys.exit(next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    finally:
        close_all()
