"""`catalog crawlers`: define what to look at, look, and see what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from catalog_server.cli.client import Catalog, Server, connect, located, pairs, path
from catalog_server.cli.output import (
    Failure,
    Output,
    Progress,
    Quiet,
    Yes,
    chosen,
    confirm,
    print_list,
    print_one,
    say,
)

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the crawler.")]


@app.command("create")
def create_crawler(
    name: Name,
    target: Annotated[
        list[str], typer.Option(help="s3://..., a local folder, or connection:NAME/schema/%; repeatable.")
    ],
    database: Annotated[str, typer.Option(help="Where the tables it finds are kept.")],
    table_prefix: Annotated[str, typer.Option(help="Put before the name of each table.")] = "",
    option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE, any number of times.")] = None,
    classifier: Annotated[
        list[str] | None, typer.Option(help="'GLOB KEY=VALUE ...': options of a format for some files; in order.")
    ] = None,
    comment: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Create a crawler.

    \b
    Examples:
      catalog crawlers create lake --target s3://lake/raw/ --database raw
      catalog crawlers create shop --target 'connection:shop/public/%' --database shop
      catalog crawlers create logs --target s3://lake/logs/ --database logs --classifier '**/*.dat csv.delimiter=;'
    """
    body = {
        "name": name,
        "targets": [located(one) for one in target],
        "catalog": catalog,
        "database": database,
        "table_prefix": table_prefix,
        "options": pairs(option or [], "--option") | ({"classifiers": "\n".join(classifier)} if classifier else {}),
        "comment": comment,
    }
    print_one(connect(server).post("/crawlers", body), output)


@app.command("run")
def run_crawler(
    name: Name,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended; Ctrl-C cancels it.")] = False,
    quiet: Quiet = False,
    output: Output = None,
    server: Server = None,
) -> None:
    """Start a crawl; with --wait the exit code says how it ended.

    \b
    Example: catalog crawlers run lake --wait
    """
    client = connect(server)
    crawl = client.post(path("crawlers", name, "crawls"))
    if wait:
        with Progress(f"crawl {name}", quiet) as told:
            crawl = client.wait(path("crawls", crawl["id"]), crawl, told)
    print_one(crawl if chosen(output) != "table" else _headline(crawl), output)
    _end(crawl)


@app.command("preview")
def preview_crawler(name: Name, quiet: Quiet = False, output: Output = None, server: Server = None) -> None:
    """Tell what a crawl would add, change and drop, and write nothing.

    \b
    Example: catalog crawlers preview lake
    """
    client = connect(server)
    crawl = client.post(path("crawlers", name, "crawls"), {"preview": True})
    with Progress(f"preview {name}", quiet) as told:
        crawl = client.wait(path("crawls", crawl["id"]), crawl, told)
    print_one(crawl if chosen(output) != "table" else _headline(crawl), output)
    _end(crawl)


def _headline(crawl: dict[str, Any]) -> dict[str, Any]:
    fields = ("id", "crawler", "state", "undo_of", "started_at", "finished_at", "error")
    shown = {field: crawl[field] for field in fields}
    return {**{k: v for k, v in shown.items() if v is not None}, **crawl["summary"]}


def _end(crawl: dict[str, Any]) -> None:
    if crawl["state"] in ("FAILED", "CANCELLED"):
        raise Failure(f"crawl {crawl['id']} {crawl['state'].lower()}: {crawl['error'] or 'on request'}")


@app.command("list")
def list_crawlers(output: Output = None, server: Server = None) -> None:
    """List crawlers.

    \b
    Example: catalog crawlers list
    """
    print_list(connect(server).pages("/crawlers"), ("name", "targets", "database", "table_prefix", "comment"), output)


@app.command("show")
def show_crawler(name: Name, output: Output = None, server: Server = None) -> None:
    """Show one crawler.

    \b
    Example: catalog crawlers show lake
    """
    print_one(connect(server).get(path("crawlers", name)), output)


@app.command("runs")
def list_crawls(
    name: Annotated[str | None, typer.Argument(help="Only of this crawler.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    output: Output = None,
    server: Server = None,
) -> None:
    """List crawls, newest first.

    \b
    Example: catalog crawlers runs lake
    """
    items = connect(server).pages("/crawls", limit, crawler=name)
    shown = ("id", "crawler", "state", "preview", "undo_of", "undone_at", "started_at", "finished_at", "error")
    print_list(items, shown, output)


@app.command("crawl")
def show_crawl(
    crawl: Annotated[str, typer.Argument(help="Id of the crawl.")], output: Output = None, server: Server = None
) -> None:
    """Show one crawl: what was added, changed, unchanged and refused.

    \b
    Example: catalog crawlers crawl 01JABC
    """
    print_one(connect(server).get(path("crawls", crawl)), output)


@app.command("undo")
def undo_crawl(
    crawl: Annotated[str, typer.Argument(help="Id of the crawl.")],
    yes: Yes = False,
    quiet: Quiet = False,
    output: Output = None,
    server: Server = None,
) -> None:
    """Take the catalog back to what it was before a crawl; files stay.

    Tables that somebody changed since are left as they are and told; the exit code says whether there were any.

    \b
    Example: catalog crawlers undo 01JABC
    """
    client = connect(server)
    found = client.get(path("crawls", crawl))
    if not yes:
        what = _undoing(client.pages(path("crawls", crawl, "changes")))
        confirm(f"Undo crawl {crawl} of {found['crawler']}: {what}?", yes)
    undo = client.post(path("crawls", crawl, "undo"))
    with Progress(f"undo of crawl {crawl}", quiet) as told:
        undo = client.wait(path("crawls", undo["id"]), undo, told)
    print_one(undo if chosen(output) != "table" else _headline(undo), output)
    _end(undo)
    refused = len(undo["summary"].get("refused", ()))
    if refused:
        raise Failure(f"crawl {crawl} is undone but for {refused} table{'s' if refused > 1 else ''}")


def _undoing(changes: Iterable[dict[str, Any]]) -> str:
    """What an undo will do, in words."""
    whats = Counter(one["what"] for one in changes if one["table"] is not None and not one["undone"])
    words = (("added", "drop"), ("changed", "change back"), ("removed", "bring back"))
    said = [f"{word} {whats[what]} table{'s' if whats[what] > 1 else ''}" for what, word in words if whats[what]]
    return ", ".join(said) or "take back what it did"


@app.command("cancel")
def cancel_crawl(
    crawl: Annotated[str, typer.Argument(help="Id of the crawl.")], output: Output = None, server: Server = None
) -> None:
    """Stop a crawl that is running.

    \b
    Example: catalog crawlers cancel 01JABC
    """
    print_one(connect(server).delete(path("crawls", crawl)), output)


@app.command("drop")
def drop_crawler(name: Name, yes: Yes = False, server: Server = None) -> None:
    """Drop a crawler; the tables it found stay.

    \b
    Example: catalog crawlers drop lake --yes
    """
    client = connect(server)
    confirm(f"Drop crawler {name}?", yes)
    client.delete(path("crawlers", name))
    say(f"dropped crawler {name}")
