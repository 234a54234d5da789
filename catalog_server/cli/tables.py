"""`catalog tables`: list, show, create, drop and sample tables, see their versions and go back to one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from catalog_server.cli.client import Catalog, Client, Server, connect, located, pairs, path, split_name
from catalog_server.cli.output import (
    Failure,
    Format,
    Output,
    Yes,
    chosen,
    clean,
    confirm,
    moment,
    print_list,
    print_one,
    print_rows,
    say,
)

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="DATABASE.TABLE", help="The table.")]


def table_path(client: Client, name: str, catalog: str | None, *more: str | int) -> str:
    """Where a table, or something of it, is in the API."""
    database, table = split_name(name)
    return path("catalogs", client.catalog(catalog), "databases", database, "tables", table, *more)


def parse_columns(given: list[str], flag: str) -> list[dict[str, str]]:
    """Columns from NAME:TYPE; raises `Failure` for one without a type."""
    found = []
    for item in given:
        name, colon, kind = item.partition(":")
        if not colon or not name or not kind:
            raise Failure(f"{flag} takes NAME:TYPE, not {item!r}", 2)
        found.append({"name": name, "type": kind})
    return found


@app.command("list")
def list_tables(
    database: Annotated[str, typer.Argument(help="Name of the database.")],
    filter: Annotated[str | None, typer.Option(help="Only names that fit, `*` stands for anything.")] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """List the tables and views of a database.

    \b
    Example: catalog tables list sales --filter 'orders*'
    """
    client = connect(server)
    items = client.pages(path("catalogs", client.catalog(catalog), "databases", database, "tables"), filter=filter)
    print_list(items, ("name", "kind", "format", "column_count", "updated_at", "location"), output)


@app.command("show")
def show_table(name: Name, catalog: Catalog = None, output: Output = None, server: Server = None) -> None:
    """Show one table: columns, where it is, and where it came from.

    \b
    Example: catalog tables show sales.orders
    """
    client = connect(server)
    table = client.get(table_path(client, name, catalog))
    if chosen(output) is not Format.TABLE:
        print_one(table, output)
        return
    print_one(_headline(table), Format.TABLE)
    print()
    keys = [{**column, "key": "partition"} for column in table["partition_keys"]]
    print_list([*table["columns"], *keys], ("name", "type", "key", "comment"), Format.TABLE)


def _headline(table: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"table": f"{table['catalog']}.{table['database']}.{table['name']}"}
    for name in ("kind", "format", "comment", "location", "owner", "connection", "version"):
        if table[name] is not None:
            shown[name] = table[name]
    statistics, lineage = table["statistics"] or {}, table["lineage"] or {}
    for name in ("row_count", "total_bytes", "partition_count"):
        if statistics.get(name) is not None:
            shown[name] = statistics[name]
    for word in ("created", "updated"):
        made = lineage.get(word)
        if made:
            run = f" {made['run']}" if made["run"] else ""
            shown[word] = f"{moment(made['at'])} by {made['by'] or 'unknown'} via {made['via'] or 'unknown'}{run}"
    return shown


@app.command("create")
def create_table(
    name: Name,
    column: Annotated[list[str], typer.Option("--column", help="NAME:TYPE in Hive's types, once per column.")],
    partition_key: Annotated[list[str] | None, typer.Option(help="NAME:TYPE, once per partition key.")] = None,
    location: Annotated[str | None, typer.Option(help="Folder of its files.")] = None,
    format: Annotated[str, typer.Option(help="parquet, orc, csv, json or iceberg.")] = "parquet",
    comment: Annotated[str | None, typer.Option(help="What it holds.")] = None,
    parameter: Annotated[list[str] | None, typer.Option(help="Free KEY=VALUE, any number of times.")] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Create a table over files, or an Iceberg table.

    \b
    Examples:
      catalog tables create sales.orders --column id:bigint --column day:date --location s3://lake/orders/
      catalog tables create sales.events --format iceberg --column id:bigint --partition-key day:date
    """
    client = connect(server)
    database, table = split_name(name)
    body = {
        "name": table,
        "columns": parse_columns(column, "--column"),
        "partition_keys": parse_columns(partition_key or [], "--partition-key"),
        "location": located(location) if location else None,
        "format": format,
        "comment": comment,
        "parameters": pairs(parameter or [], "--parameter"),
    }
    made = client.post(path("catalogs", client.catalog(catalog), "databases", database, "tables"), body)
    print_one(_headline(made) if chosen(output) is Format.TABLE else made, output)


@app.command("drop")
def drop_table(
    name: Name,
    purge: Annotated[bool, typer.Option("--purge", help="Its files too, also of an external table.")] = False,
    yes: Yes = False,
    catalog: Catalog = None,
    server: Server = None,
) -> None:
    """Drop a table; the files of an external table stay unless --purge is given.

    \b
    Example: catalog tables drop sales.orders --yes
    """
    client = connect(server)
    confirm(f"Drop table {name}{' and its files' if purge else ''}?", yes)
    client.delete(table_path(client, name, catalog), purge=purge)
    say(f"dropped table {name}")


@app.command("sample")
def sample_table(
    name: Name,
    rows: Annotated[int, typer.Option(min=1, max=1000, help="How many rows.")] = 20,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Print a few rows of a table.

    \b
    Example: catalog tables sample sales.orders --rows 5
    """
    client = connect(server)
    sample = client.get(table_path(client, name, catalog, "sample"), rows=rows)
    print_rows(sample["rows"], [column["name"] for column in sample["columns"]], chosen(output))


@app.command("versions")
def list_versions(name: Name, catalog: Catalog = None, output: Output = None, server: Server = None) -> None:
    """List the versions of a table's definition, newest first: who made each, when and through which door.

    \b
    Example: catalog tables versions sales.orders
    """
    client = connect(server)
    items = client.pages(table_path(client, name, catalog, "versions"))
    print_list(items, ("version", "at", "by", "via", "run", "column_count"), output)


@app.command("reports")
def list_reports(name: Name, catalog: Catalog = None, output: Output = None, server: Server = None) -> None:
    """List what Iceberg clients told of their scans and commits of a table, newest first.

    \b
    Example: catalog tables reports sales.orders -o json
    """
    client = connect(server)
    items = client.pages(table_path(client, name, catalog, "metrics-reports"))
    print_list(items, ("at", "kind", "by", "report"), output)


@app.command("rollback")
def roll_back(
    name: Name,
    version: Annotated[int, typer.Argument(min=1, help="The version whose definition is to hold again.")],
    yes: Yes = False,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Make an older version's definition the current one, as a new version.

    \b
    Example: catalog tables rollback sales.orders 3 --yes
    """
    client = connect(server)
    confirm(f"Give table {clean(name)} the definition of its version {version}?", yes)
    table = client.post(table_path(client, name, catalog, "versions", version, "rollback"))
    print_one(_headline(table) if chosen(output) is Format.TABLE else table, output)
