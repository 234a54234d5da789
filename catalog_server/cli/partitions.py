"""`catalog partitions`: list, show, create and drop partitions of a table."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog_server.cli.client import Catalog, Server, connect, located
from catalog_server.cli.output import Failure, Output, Yes, confirm, print_list, print_one, say
from catalog_server.cli.tables import Name, table_path
from catalog_server.model.partition import partition_values

app = typer.Typer(no_args_is_help=True)
Partition = Annotated[str, typer.Argument(metavar="PARTITION", help="Its name, as year=2013/month=1.")]


@app.command("list")
def list_partitions(
    table: Name,
    filter: Annotated[str | None, typer.Option(help="Predicate over the partition keys.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """List the partitions of a table.

    \b
    Example: catalog partitions list sales.orders --filter "year = 2013 and month in (1, 2)"
    """
    client = connect(server)
    items = client.pages(table_path(client, table, catalog, "partitions"), limit, filter=filter)
    print_list(items, ("name", "location", "created_at"), output)


@app.command("show")
def show_partition(
    table: Name, partition: Partition, catalog: Catalog = None, output: Output = None, server: Server = None
) -> None:
    """Show one partition.

    \b
    Example: catalog partitions show sales.orders year=2013/month=1
    """
    client = connect(server)
    print_one(client.get(table_path(client, table, catalog, "partitions", partition)), output)


@app.command("create")
def create_partition(
    table: Name,
    partition: Partition,
    location: Annotated[str | None, typer.Option(help="Folder of its files, if not the usual one.")] = None,
    if_not_exists: Annotated[bool, typer.Option("--if-not-exists", help="Be content if it is there.")] = False,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Add one partition to a table.

    \b
    Example: catalog partitions create sales.orders year=2013/month=1
    """
    client = connect(server)
    keys = [key["name"] for key in client.get(table_path(client, table, catalog))["partition_keys"]]
    if not keys:
        raise Failure(f"table {table} has no partition keys", 2)
    body = {
        "partitions": [
            {"values": list(partition_values(keys, partition)), "location": located(location) if location else None}
        ],
        "if_not_exists": if_not_exists,
    }
    made = client.post(table_path(client, table, catalog, "partitions"), body)["items"]
    print_list(made, ("name", "location"), output)


@app.command("drop")
def drop_partition(
    table: Name, partition: Partition, yes: Yes = False, catalog: Catalog = None, server: Server = None
) -> None:
    """Drop one partition.

    \b
    Example: catalog partitions drop sales.orders year=2013/month=1 --yes
    """
    client = connect(server)
    confirm(f"Drop partition {partition} of {table}?", yes)
    client.delete(table_path(client, table, catalog, "partitions"), name=partition)
    say(f"dropped partition {partition} of {table}")
