"""`catalog migrate`: copy a Hive metastore into a catalog, see what would happen, and compare both sides."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog_server.cli.client import Client, Server, connect, path
from catalog_server.cli.output import Failure, Output, Progress, Quiet, chosen, print_list, print_one, say

app = typer.Typer(no_args_is_help=True)
SHOWN_MAX = 20
"""Objects that failed or differ of which a line is printed; the report has all."""

Uri = Annotated[
    str | None,
    typer.Option("--from", metavar="URI", help="A live metastore: thrift://HOST:9083, several divided by commas."),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--from-database",
        metavar="URL",
        help="The metastore's own database: postgresql://..., mysql://..., or the folder of a Derby export.",
    ),
]
Remote = Annotated[str, typer.Option("--catalog", help="Catalog of the metastore (Hive 3 and later have several).")]
Databases = Annotated[
    list[str] | None, typer.Option("--databases", help="Name or pattern with * and ?, repeatable; else all.")
]
Into = Annotated[
    str | None, typer.Option("--into", help="Catalog here, made if it is not there; else the default one.")
]
Statistics = Annotated[bool, typer.Option("--statistics/--no-statistics", help="Column statistics too.")]
Report = Annotated[
    Path | None, typer.Option("--report", help="File for what became of each object, as JSON lines.", dir_okay=False)
]
Id = Annotated[str, typer.Argument(help="Id of the migration.")]


class Conflict(StrEnum):
    """What becomes of a table or function that is here already."""

    SKIP = "skip"
    REPLACE = "replace"
    FAIL = "fail"


@app.command("hive")
def migrate_hive(
    uri: Uri = None,
    database: Database = None,
    remote: Remote = "hive",
    databases: Databases = None,
    into: Into = None,
    on_conflict: Annotated[
        Conflict, typer.Option("--on-conflict", help="For tables and functions that are here: skip, replace or fail.")
    ] = Conflict.SKIP,
    statistics: Statistics = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made; write nothing.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compare both sides after the copy.")] = False,
    report: Report = None,
    quiet: Quiet = False,
    output: Output = None,
    server: Server = None,
) -> None:
    """Copy a Hive metastore; no file of a table is touched, and the metastore is only read.

    \b
    Examples:
      catalog migrate hive --from thrift://metastore:9083 --dry-run
      catalog migrate hive --from thrift://metastore:9083 --databases 'sales*' --verify
      catalog migrate hive --from-database postgresql://hive@db/metastore --into legacy
    """
    client = connect(server)
    body = _body(uri, database, remote, databases, into, statistics)
    mode = "dry-run" if dry_run else "copy"
    done = _done(client, {**body, "mode": mode, "on_conflict": on_conflict.value}, quiet)
    _tell(client, done, report, output)
    if verify and not dry_run:
        _tell(client, _done(client, {**body, "mode": "verify"}, quiet), report, output)


@app.command("verify")
def verify_hive(
    uri: Uri = None,
    database: Database = None,
    remote: Remote = "hive",
    databases: Databases = None,
    into: Into = None,
    statistics: Statistics = True,
    report: Report = None,
    quiet: Quiet = False,
    output: Output = None,
    server: Server = None,
) -> None:
    """Compare a Hive metastore with a catalog, field by field; exit code 1 if they differ.

    \b
    Example: catalog migrate verify --from thrift://metastore:9083 --report differences.jsonl
    """
    client = connect(server)
    body = _body(uri, database, remote, databases, into, statistics)
    _tell(client, _done(client, {**body, "mode": "verify"}, quiet), report, output)


@app.command("list")
def list_migrations(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    output: Output = None,
    server: Server = None,
) -> None:
    """List migrations, newest first.

    \b
    Example: catalog migrate list
    """
    items = connect(server).pages("/migrations", limit)
    print_list(items, ("id", "mode", "source", "into", "state", "created_at", "finished_at", "error"), output)


@app.command("show")
def show_migration(migration: Id, output: Output = None, server: Server = None) -> None:
    """Show one migration: how far it is, and what became of how many objects.

    \b
    Example: catalog migrate show 019a2b3c4d5e-1a2b3c4d
    """
    found = connect(server).get(path("migrations", migration))
    print_one(_headline(found) if chosen(output) == "table" else found, output)


@app.command("report")
def report_migration(
    migration: Id,
    state: Annotated[
        str | None, typer.Option(help="Only objects in this state, such as FAILED, or UNLIKE for all that differ.")
    ] = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """List what became of each object of a migration.

    \b
    Example: catalog migrate report 019a2b3c4d5e-1a2b3c4d --state UNLIKE
    """
    items = connect(server).pages(path("migrations", migration, "items"), state=state and state.upper())
    print_list(items, _COLUMNS, output)


@app.command("resume")
def resume_migration(migration: Id, quiet: Quiet = False, output: Output = None, server: Server = None) -> None:
    """Go on with a migration that failed or was cancelled, where it stopped.

    \b
    Example: catalog migrate resume 019a2b3c4d5e-1a2b3c4d
    """
    client = connect(server)
    begun = client.post(path("migrations", migration, "resume"))
    _tell(client, _waited(client, begun, quiet), None, output)


@app.command("cancel")
def cancel_migration(migration: Id, output: Output = None, server: Server = None) -> None:
    """Stop a migration; what it copied stays, and it can be resumed.

    \b
    Example: catalog migrate cancel 019a2b3c4d5e-1a2b3c4d
    """
    print_one(connect(server).delete(path("migrations", migration)), output)


_COLUMNS = ("kind", "name", "state", "partitions", "statistics", "difference_count", "error")


def _body(
    uri: str | None,
    database: str | None,
    remote: str,
    databases: list[str] | None,
    into: str | None,
    statistics: bool,
) -> dict[str, Any]:
    if (uri is None) == (database is None):
        raise Failure("say where from: either --from thrift://HOST:9083 or --from-database URL", 2)
    source = uri or database or ""
    if database is not None and "://" not in database:
        source = "derby:" + str(Path(database.removeprefix("derby:")).expanduser().absolute())
    return {
        "source": source,
        "catalog": remote,
        "databases": databases or None,
        "into": into,
        "statistics": statistics,
    }


def _done(client: Client, body: dict[str, Any], quiet: bool) -> dict[str, Any]:
    return _waited(client, client.post("/migrations", body), quiet)


def _waited(client: Client, begun: dict[str, Any], quiet: bool) -> dict[str, Any]:
    with Progress({"copy": "copy", "verify": "verify"}.get(begun["mode"], "dry run"), quiet) as told:
        return client.wait(path("migrations", begun["id"]), begun, told)


def _tell(client: Client, done: dict[str, Any], report: Path | None, output: Output) -> None:
    """Print what became of a migration; raises `Failure` when it failed or found differences."""
    where = path("migrations", done["id"], "items")
    if report is not None:
        with report.open("a", encoding="utf-8") as file:
            for item in client.pages(where):
                file.write(
                    json.dumps({"migration": done["id"], "mode": done["mode"], **item}, ensure_ascii=False) + "\n"
                )
    print_one(_headline(done) if chosen(output) == "table" else done, output)
    unlike = done["summary"].get("unlike", 0)
    for item in client.pages(where, SHOWN_MAX, state="UNLIKE") if unlike else ():
        say(f"{item['kind']} {item['name']}: {_why(item)}")
    if done["state"] != "SUCCEEDED":
        raise Failure(
            f"migration {done['id']} {done['state'].lower()}: {done['error'] or 'on request'}; "
            f"go on with it by `catalog migrate resume {done['id']}`"
        )
    if unlike:
        raise Failure(f"{unlike} objects differ; all of them: `catalog migrate report {done['id']} --state UNLIKE`")


def _why(item: dict[str, Any]) -> str:
    if item["error"]:
        return str(item["error"])
    if not item["differences"]:
        return {"MISSING": "is not here", "EXTRA": "is only here"}.get(str(item["state"]), str(item["state"]).lower())
    first = item["differences"][0]
    more = f", and {item['difference_count'] - 1} more" if item["difference_count"] > 1 else ""
    return f"{first['field']} is {first['source']!r} there and {first['here']!r} here{more}"


def _headline(found: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "mode", "source", "into", "state", "started_at", "finished_at", "error")
    return {**{name: found[name] for name in names if found[name] is not None}, **found["summary"]}
