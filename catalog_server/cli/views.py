"""`catalog views`: list, show, create and drop views."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog_server.cli.client import Catalog, Server, connect, path, split_name
from catalog_server.cli.output import Failure, Output, Yes, confirm, print_list, print_one, say
from catalog_server.cli.tables import parse_columns, table_path

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="DATABASE.VIEW", help="The view.")]
VIEW_KINDS = ("VIRTUAL_VIEW", "MATERIALIZED_VIEW")


@app.command("list")
def list_views(
    database: Annotated[str, typer.Argument(help="Name of the database.")],
    filter: Annotated[str | None, typer.Option(help="Only names that fit, `*` stands for anything.")] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """List the views of a database.

    \b
    Example: catalog views list sales
    """
    client = connect(server)
    items = client.pages(path("catalogs", client.catalog(catalog), "databases", database, "views"), filter=filter)
    print_list(items, ("name", "kind", "updated_at", "comment"), output)


@app.command("show")
def show_view(name: Name, catalog: Catalog = None, output: Output = None, server: Server = None) -> None:
    """Show one view with its statement.

    \b
    Example: catalog views show sales.big_orders
    """
    client = connect(server)
    view = client.get(table_path(client, name, catalog))
    if view["kind"] not in VIEW_KINDS:
        raise Failure(f"{name} is a table; see `catalog tables show {name}`", 3)
    shown = ("catalog", "database", "name", "kind", "comment", "owner", "version", "view_original", "view_expanded")
    print_one({field: view[field] for field in shown}, output)


@app.command("create")
def create_view(
    name: Name,
    sql: Annotated[str, typer.Argument(help="The SELECT that it stands for.")],
    column: Annotated[list[str], typer.Option("--column", help="NAME:TYPE, once per column of the SELECT.")],
    comment: Annotated[str | None, typer.Option(help="What it shows.")] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Create a view.

    \b
    Example: catalog views create sales.big "select id from sales.orders where total > 100" --column id:bigint
    """
    client = connect(server)
    database, view = split_name(name, "view")
    body = {
        "name": view,
        "kind": "VIRTUAL_VIEW",
        "columns": parse_columns(column, "--column"),
        "view_original": sql,
        "comment": comment,
    }
    made = client.post(path("catalogs", client.catalog(catalog), "databases", database, "tables"), body)
    print_one({field: made[field] for field in ("catalog", "database", "name", "kind", "version")}, output)


@app.command("drop")
def drop_view(name: Name, yes: Yes = False, catalog: Catalog = None, server: Server = None) -> None:
    """Drop a view.

    \b
    Example: catalog views drop sales.big --yes
    """
    client = connect(server)
    where = table_path(client, name, catalog)
    if client.get(where)["kind"] not in VIEW_KINDS:
        raise Failure(f"{name} is a table; see `catalog tables drop`", 3)
    confirm(f"Drop view {name}?", yes)
    client.delete(where)
    say(f"dropped view {name}")
