"""`catalog databases`: list, show, create and drop databases."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog_server.cli.client import Catalog, Server, connect, pairs, path
from catalog_server.cli.output import Output, Yes, confirm, print_list, print_one, say

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the database.")]


@app.command("list")
def list_databases(
    filter: Annotated[str | None, typer.Option(help="Only names that fit, `*` stands for anything.")] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """List databases.

    \b
    Example: catalog databases list --filter 'sales*'
    """
    client = connect(server)
    items = client.pages(path("catalogs", client.catalog(catalog), "databases"), filter=filter)
    print_list(items, ("name", "location", "owner", "comment"), output)


@app.command("show")
def show_database(name: Name, catalog: Catalog = None, output: Output = None, server: Server = None) -> None:
    """Show one database.

    \b
    Example: catalog databases show sales
    """
    client = connect(server)
    print_one(client.get(path("catalogs", client.catalog(catalog), "databases", name)), output)


@app.command("create")
def create_database(
    name: Name,
    location: Annotated[str | None, typer.Option(help="Where its managed tables go; else below the warehouse.")] = None,
    comment: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who it belongs to.")] = None,
    parameter: Annotated[list[str] | None, typer.Option(help="Free KEY=VALUE, any number of times.")] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Create a database.

    \b
    Example: catalog databases create sales --comment "what was sold"
    """
    client = connect(server)
    body = {
        "name": name,
        "location": location,
        "comment": comment,
        "owner": owner,
        "parameters": pairs(parameter or [], "--parameter"),
    }
    print_one(client.post(path("catalogs", client.catalog(catalog), "databases"), body), output)


@app.command("drop")
def drop_database(
    name: Name,
    cascade: Annotated[bool, typer.Option("--cascade", help="With everything in it.")] = False,
    yes: Yes = False,
    catalog: Catalog = None,
    server: Server = None,
) -> None:
    """Drop a database; one that holds tables only with --cascade.

    \b
    Example: catalog databases drop sales --cascade --yes
    """
    client = connect(server)
    confirm(f"Drop database {name}{' and everything in it' if cascade else ''}?", yes)
    client.delete(path("catalogs", client.catalog(catalog), "databases", name), cascade=cascade)
    say(f"dropped database {name}")
