"""`catalog care`: expire snapshots, remove orphan files and rewrite small files of Iceberg tables."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from catalog_server.cli.client import Catalog, Server, connect, path
from catalog_server.cli.output import Failure, NoWait, Output, Progress, Quiet, chosen, print_list, print_one
from catalog_server.cli.tables import table_path
from catalog_server.model.care import age_ms, size_bytes

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="DATABASE.TABLE", help="The Iceberg table.")]
Id = Annotated[str, typer.Argument(help="Id of the run.")]
IgnoreUnreadable = Annotated[
    bool, typer.Option("--ignore-unreadable", help="Go on though the files of some other tables cannot be told.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change and delete nothing.")]
_COLUMNS = ("id", "operation", "database", "table", "dry_run", "state", "created_at", "finished_at", "error")


@app.command("expire-snapshots")
def expire_snapshots(
    name: Name,
    older_than: Annotated[
        str | None, typer.Option("--older-than", help="Age such as 12h or 7d; else as the table's properties say.")
    ] = None,
    retain_last: Annotated[
        int | None, typer.Option("--retain-last", min=1, help="Snapshots of each branch that stay, however old.")
    ] = None,
    ignore_unreadable: IgnoreUnreadable = False,
    dry_run: DryRun = False,
    no_wait: NoWait = False,
    quiet: Quiet = False,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Expire snapshots, and delete the files that only they refer to; branches and tags keep what they refer to.

    \b
    Examples:
      catalog care expire-snapshots sales.orders --dry-run
      catalog care expire-snapshots sales.orders --older-than 7d --retain-last 5
    """
    body = {"older_than_ms": _age(older_than), "retain_last": retain_last}
    body |= {"ignore_unreadable": ignore_unreadable, "dry_run": dry_run}
    _do("expire-snapshots", name, body, no_wait, quiet, catalog, output, server)


@app.command("remove-orphans")
def remove_orphans(
    name: Name,
    older_than: Annotated[
        str | None, typer.Option("--older-than", help="Least age of the files, such as 12h or 7d; else 3d.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also files younger than an hour: only when nobody writes the table.")
    ] = False,
    ignore_unreadable: IgnoreUnreadable = False,
    dry_run: DryRun = False,
    no_wait: NoWait = False,
    quiet: Quiet = False,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Delete files in the table's folder that no table, branch or tag refers to.

    \b
    Examples:
      catalog care remove-orphans sales.orders --dry-run
      catalog care remove-orphans sales.orders --older-than 7d
    """
    body = {"older_than_ms": _age(older_than), "force": force}
    body |= {"ignore_unreadable": ignore_unreadable, "dry_run": dry_run}
    _do("remove-orphans", name, body, no_wait, quiet, catalog, output, server)


@app.command("rewrite")
def rewrite(
    name: Name,
    target_size: Annotated[
        str | None,
        typer.Option("--target-size", help="Size such as 128M; else as the table's properties say, or 512M."),
    ] = None,
    min_files: Annotated[
        int | None, typer.Option("--min-files", min=2, help="Small files of a partition that are worth it; else 5.")
    ] = None,
    dry_run: DryRun = False,
    no_wait: NoWait = False,
    quiet: Quiet = False,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Rewrite small data files to larger ones; rows stay the same, and the old files until their snapshots expire.

    \b
    Examples:
      catalog care rewrite sales.orders --dry-run
      catalog care rewrite sales.orders --target-size 128M --min-files 10
    """
    body = {"target_bytes": _size(target_size), "min_input_files": min_files, "dry_run": dry_run}
    _do("rewrite", name, body, no_wait, quiet, catalog, output, server)


@app.command("list")
def list_runs(
    name: Annotated[str | None, typer.Argument(metavar="DATABASE.TABLE", help="Only of this table.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """List what was done for tables, newest first.

    \b
    Example: catalog care list sales.orders
    """
    client = connect(server)
    where = "/care-runs" if name is None else table_path(client, name, catalog, "care")
    print_list(client.pages(where, limit), _COLUMNS, output)


@app.command("show")
def show_run(run: Id, output: Output = None, server: Server = None) -> None:
    """Show one run: how far it is, and what it did.

    \b
    Example: catalog care show 019a2b3c4d5e-1a2b3c4d
    """
    found = connect(server).get(path("care-runs", run))
    print_one(_headline(found) if chosen(output) == "table" else found, output)


@app.command("cancel")
def cancel_run(run: Id, output: Output = None, server: Server = None) -> None:
    """Stop a run; what it has done stays done.

    \b
    Example: catalog care cancel 019a2b3c4d5e-1a2b3c4d
    """
    print_one(connect(server).delete(path("care-runs", run)), output)


def _age(text: str | None) -> int | None:
    return None if text is None else age_ms("--older-than", text)


def _size(text: str | None) -> int | None:
    return None if text is None else size_bytes("--target-size", text)


def _do(
    operation: str,
    name: str,
    body: dict[str, Any],
    no_wait: bool,
    quiet: bool,
    catalog: str | None,
    output: Output,
    server: str | None,
) -> None:
    client = connect(server)
    run = client.post(table_path(client, name, catalog, "care", operation), body)
    if not no_wait:
        label = f"{operation} {name}" + (" (dry run)" if body["dry_run"] else "")
        with Progress(label, quiet) as told:
            run = client.wait(path("care-runs", run["id"]), run, told)
    print_one(_headline(run) if chosen(output) == "table" else run, output)
    if run["state"] in ("FAILED", "CANCELLED"):
        raise Failure(f"{operation} of {name} {run['state'].lower()}: {run['error'] or 'on request'}")


def _headline(run: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "operation", "dry_run", "state", "started_at", "finished_at", "error")
    told = run["summary"] or run["progress"]
    return {**{name: run[name] for name in names if run[name] is not None}, **told}
