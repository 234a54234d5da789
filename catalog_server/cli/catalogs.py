"""`catalog catalogs`: list, show, create, mount, test and drop catalogs."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog_server.cli.client import Server, connect, pairs, path
from catalog_server.cli.output import Output, Yes, confirm, print_list, print_one, say

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the catalog.")]


@app.command("list")
def list_catalogs(output: Output = None, server: Server = None) -> None:
    """List catalogs.

    \b
    Example: catalog catalogs list
    """
    print_list(connect(server).pages("/catalogs"), ("name", "kind", "uri", "location", "comment"), output)


@app.command("show")
def show_catalog(name: Name, output: Output = None, server: Server = None) -> None:
    """Show one catalog.

    \b
    Example: catalog catalogs show hive
    """
    print_one(connect(server).get(path("catalogs", name)), output)


@app.command("create")
def create_catalog(
    name: Name,
    kind: Annotated[
        str | None, typer.Option("--type", help="native, or hive: a metastore elsewhere that is read through.")
    ] = None,
    uri: Annotated[
        str | None, typer.Option(help="Of the metastore: thrift://HOST:9083, several divided by commas.")
    ] = None,
    location: Annotated[str | None, typer.Option(help="Where its databases go; else below the warehouse.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE, any number of times, such as hive.deadline-seconds=2.")
    ] = None,
    comment: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Create a catalog, or mount a Hive metastore as one.

    \b
    Examples:
      catalog catalogs create archive --location s3://archive/
      catalog catalogs create legacy --type hive --uri thrift://metastore.example:9083
    """
    body = {
        "name": name,
        "kind": kind,
        "uri": uri,
        "location": location,
        "parameters": pairs(parameter or [], "--parameter"),
        "comment": comment,
    }
    print_one(connect(server).post("/catalogs", body), output)


@app.command("test")
def try_catalog(name: Name, output: Output = None, server: Server = None) -> None:
    """Try whether the metastore of a mounted catalog answers; exit code 1 if it does not.

    \b
    Example: catalog catalogs test legacy
    """
    tested = connect(server).post(path("catalogs", name, "test"))
    print_one(tested, output)
    if not tested["ok"]:
        raise typer.Exit(1)


@app.command("drop")
def drop_catalog(name: Name, yes: Yes = False, server: Server = None) -> None:
    """Drop an empty catalog, or unmount a metastore; nothing changes there.

    \b
    Example: catalog catalogs drop archive --yes
    """
    client = connect(server)
    confirm(f"Drop catalog {name}?", yes)
    client.delete(path("catalogs", name))
    say(f"dropped catalog {name}")
