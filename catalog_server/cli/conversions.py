"""`catalog tables convert`: a table for every engine, made of one that some cannot read."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog_server.cli.client import Catalog, Server, connect, located, pairs, split_name
from catalog_server.cli.jobs import follow
from catalog_server.cli.output import Format, NoWait, Output, Quiet, chosen, print_one, say
from catalog_server.cli.tables import Name, table_path


def convert_table(
    name: Name,
    to: Annotated[str, typer.Option(help="iceberg or parquet.")] = "iceberg",
    as_: Annotated[
        str | None, typer.Option("--as", metavar="DATABASE.TABLE", help="The new table, else TABLE_iceberg beside it.")
    ] = None,
    location: Annotated[str | None, typer.Option(help="Folder of its files, else below its database's.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="sail reads by the server's SQL, spark by Spark; else what can.")
    ] = None,
    job: Annotated[str | None, typer.Option(help="Name of the job, else made of the table's.")] = None,
    configuration: Annotated[list[str] | None, typer.Option("--conf", help="Setting of the engine, KEY=VALUE.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the job's script; make nothing.")] = False,
    no_wait: NoWait = False,
    quiet: Quiet = False,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Make a table that every engine reads of one that some cannot read; the parameter `readable_by` names who can.

    A job of the name convert-DATABASE-TABLE-to-FORMAT does it. Run again, it makes the new table anew.

    \b
    Examples:
      catalog tables convert raw.invoices
      catalog tables convert raw.invoices --to parquet --as clean.invoices --location s3://lake/clean/invoices/
    """
    client = connect(server)
    database, table = split_name(as_) if as_ else (None, None)
    wanted = {
        "format": to,
        "database": database,
        "name": table,
        "location": located(location) if location else None,
        "engine": engine,
        "job": job,
    }
    where = table_path(client, name, catalog, "conversion")
    if dry_run:
        planned = client.get(where, **wanted)
        if chosen(output) is Format.TABLE:
            say(f"job {planned['job']['name']} on {planned['job']['engine']}:")
            print(planned["job"]["script"])
        else:
            print_one(planned, output)
        return
    made = client.post(where, {**wanted, "configuration": pairs(configuration or [], "--conf")})
    if not quiet:
        say(f"job {made['job']['name']} makes {made['database']}.{made['table']}")
    follow(client, made["run"], f"convert {name}", not no_wait, quiet, output)
