"""`catalog functions`: list, show, create and drop functions."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog_server.cli.client import Catalog, Client, Server, connect, path, split_name
from catalog_server.cli.output import Failure, Output, Yes, confirm, print_list, print_one, say

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="DATABASE.FUNCTION", help="The function.")]


def _path(client: Client, name: str, catalog: str | None) -> str:
    database, function = split_name(name, "function")
    return path("catalogs", client.catalog(catalog), "databases", database, "functions", function)


@app.command("list")
def list_functions(
    database: Annotated[str, typer.Argument(help="Name of the database.")],
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """List the functions of a database.

    \b
    Example: catalog functions list sales
    """
    client = connect(server)
    items = client.pages(path("catalogs", client.catalog(catalog), "databases", database, "functions"))
    print_list(items, ("name", "class_name", "function_kind", "owner"), output)


@app.command("show")
def show_function(name: Name, catalog: Catalog = None, output: Output = None, server: Server = None) -> None:
    """Show one function.

    \b
    Example: catalog functions show sales.discount
    """
    client = connect(server)
    print_one(client.get(_path(client, name, catalog)), output)


@app.command("create")
def create_function(
    name: Name,
    class_name: Annotated[str, typer.Option("--class", help="The class that implements it.")],
    resource: Annotated[list[str] | None, typer.Option(help="JAR=URI, FILE=URI or ARCHIVE=URI.")] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Register a function.

    \b
    Example: catalog functions create sales.discount --class org.example.Discount --resource JAR=s3://lake/f.jar
    """
    client = connect(server)
    database, function = split_name(name, "function")
    resources = []
    for item in resource or []:
        kind, equals, uri = item.partition("=")
        if not equals:
            raise Failure(f"--resource takes JAR=URI, not {item!r}", 2)
        resources.append({"kind": kind.upper(), "uri": uri})
    where = path("catalogs", client.catalog(catalog), "databases", database, "functions")
    print_one(client.post(where, {"name": function, "class_name": class_name, "resources": resources}), output)


@app.command("drop")
def drop_function(name: Name, yes: Yes = False, catalog: Catalog = None, server: Server = None) -> None:
    """Drop a function.

    \b
    Example: catalog functions drop sales.discount --yes
    """
    client = connect(server)
    confirm(f"Drop function {name}?", yes)
    client.delete(_path(client, name, catalog))
    say(f"dropped function {name}")
