"""`catalog crawlers`: define what to look at, look, and see what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from catalog_server.cli import crawl_events
from catalog_server.cli.client import Catalog, Server, connect, located, pairs, path
from catalog_server.cli.output import (
    Failure,
    Format,
    Output,
    Progress,
    Quiet,
    Yes,
    chosen,
    confirm,
    duration,
    print_list,
    print_one,
    say,
)
from catalog_server.model.schedule import Missed, Overlap

app = typer.Typer(no_args_is_help=True)
app.add_typer(
    crawl_events.app,
    name="events",
    help="How far crawlers are with events of objects, and their tokens.\n\nExample: catalog crawlers events show lake",
)
CRON_HELP = "When to crawl: five fields as in crontab, or AWS Glue's cron(...)."
ZONE_HELP = "Time zone of the schedule, as Europe/Berlin (UTC)."
Name = Annotated[str, typer.Argument(help="Name of the crawler.")]
HISTORY = (
    "id", "state", "preview", "undo_of", "started_by", "by", "due_at", "started_at", "finished_at", "took_ms",
    "tables_added", "tables_changed", "tables_removed", "partitions_added", "partitions_changed", "partitions_dropped",
    "objects", "bytes", "problems", "error",
)  # fmt: skip
"""Columns of a history as CSV."""


@app.command("create")
def create_crawler(
    name: Name,
    target: Annotated[
        list[str],
        typer.Option(help="s3://..., a local folder, connection:NAME/schema/%, or catalog:DATABASE/TABLE; repeatable."),
    ],
    database: Annotated[
        str, typer.Option(help="Where the tables it finds are kept; may be left out where targets are of the catalog.")
    ] = "",
    table_prefix: Annotated[str, typer.Option(help="Put before the name of each table.")] = "",
    option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE, any number of times.")] = None,
    classifier: Annotated[
        list[str] | None, typer.Option(help="'GLOB KEY=VALUE ...': options of a format for some files; in order.")
    ] = None,
    comment: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    schedule: Annotated[str | None, typer.Option(help=CRON_HELP)] = None,
    zone: Annotated[str | None, typer.Option(help=ZONE_HELP)] = None,
    catalog: Catalog = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Create a crawler.

    \b
    Examples:
      catalog crawlers create lake --target s3://lake/raw/ --database raw
      catalog crawlers create shop --target 'connection:shop/public/%' --database shop
      catalog crawlers create again --target catalog:sales/orders --target 'catalog:raw/%'
      catalog crawlers create lake --target s3://lake/raw/ --database raw --schedule "15 3 * * mon" --zone Europe/Berlin
      catalog crawlers create logs --target s3://lake/logs/ --database logs --classifier '**/*.dat csv.delimiter=;'
    """
    if zone is not None and schedule is None:
        raise Failure("--zone goes with --schedule", 2)
    body = {
        "name": name,
        "targets": [located(one) for one in target],
        "catalog": catalog,
        "database": database,
        "table_prefix": table_prefix,
        "options": pairs(option or [], "--option") | ({"classifiers": "\n".join(classifier)} if classifier else {}),
        "comment": comment,
        "schedule": {"cron": schedule, "zone": zone or "UTC"} if schedule is not None else None,
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
    """List crawlers, and when each is due next.

    \b
    Example: catalog crawlers list
    """
    items = connect(server).pages("/crawlers")
    if chosen(output) in (Format.TABLE, Format.CSV):
        items = (one | _due(one["schedule"]) for one in items)
    shown = ("name", "targets", "database", "table_prefix", "schedule", "next_at", "comment")
    print_list(items, shown, output)


def _due(schedule: dict[str, Any] | None) -> dict[str, Any]:
    """When a crawler is due, for a line of a list."""
    if schedule is None:
        return {"schedule": None}
    said = schedule["words"] + (", paused" if schedule["paused"] else "")
    return {"schedule": said, "next_at": schedule["next_at"]}


@app.command("show")
def show_crawler(name: Name, output: Output = None, server: Server = None) -> None:
    """Show one crawler.

    \b
    Example: catalog crawlers show lake
    """
    print_one(connect(server).get(path("crawlers", name)), output)


@app.command("schedule")
def schedule_crawler(
    name: Name,
    cron: Annotated[str | None, typer.Argument(help=CRON_HELP)] = None,
    zone: Annotated[str | None, typer.Option(help=ZONE_HELP)] = None,
    missed: Annotated[
        Missed | None, typer.Option(help="Times at which no worker was there: made up for once, or not at all.")
    ] = None,
    overlap: Annotated[
        Overlap | None, typer.Option(help="A time while a crawl is at work: skip it, or queue one crawl.")
    ] = None,
    pause: Annotated[bool | None, typer.Option("--pause/--resume", help="Stop for now, or go on from now.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Have no schedule any more.")] = False,
    output: Output = None,
    server: Server = None,
) -> None:
    """Show when a crawler is due, or change that.

    \b
    Examples:
      catalog crawlers schedule lake
      catalog crawlers schedule lake "15 3 * * mon" --zone Europe/Berlin --overlap queue
      catalog crawlers schedule lake --pause
    """
    client, where = connect(server), path("crawlers", name, "schedule")
    given = {"cron": cron, "zone": zone, "missed": missed, "overlap": overlap, "paused": pause}
    body = {key: value for key, value in given.items() if value is not None}
    if remove:
        if body:
            raise Failure("--remove goes with nothing else", 2)
        client.delete(where)
        say(f"crawler {name} has no schedule any more")
        return
    if cron is not None and client.get(path("crawlers", name))["schedule"] is None:
        found = client.post(where, body)
    else:
        found = client.patch(where, body) if body else client.get(where)
    if chosen(output) is Format.TABLE:
        found["next_times"] = "\n".join(_local(one, found["zone"]) for one in found["next_times"])
    print_one(found, output)


def _local(milliseconds: int, zone: str) -> str:
    """A time on the clocks of a zone."""
    local = datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(zone))
    return local.strftime("%a %Y-%m-%d %H:%M %Z")


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


@app.command("history")
def show_history(
    name: Name,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    output: Output = None,
    server: Server = None,
) -> None:
    """Show what became of each crawl of a crawler, and of each time of its schedule that was skipped, newest first.

    \b
    Example: catalog crawlers history lake
    """
    items = connect(server).pages(path("crawlers", name, "history"), limit)
    if chosen(output) is not Format.TABLE:
        print_list(items, HISTORY, output)
        return
    shown = ("id", "state", "started by", "started_at", "took", "tables", "partitions", "files", "problems", "said")
    print_list([_line(one) for one in items], shown, output)


def _line(crawl: dict[str, Any]) -> dict[str, Any]:
    """A crawl of the history for people."""
    kind = "preview" if crawl["preview"] else "undo" if crawl["undo_of"] else None
    return {
        "id": crawl["id"],
        "state": crawl["state"],
        "started by": " ".join(filter(None, (kind, crawl["started_by"], crawl["by"] and f"({crawl['by']})"))),
        "started_at": crawl["started_at"] or crawl["due_at"],
        "took": None if crawl["took_ms"] is None else duration(crawl["took_ms"] / 1000),
        "tables": _changes(crawl["tables_added"], crawl["tables_changed"], crawl["tables_removed"]),
        "partitions": _changes(crawl["partitions_added"], crawl["partitions_changed"], crawl["partitions_dropped"]),
        "files": crawl["objects"] or None,
        "problems": crawl["problems"] + crawl["tables_refused"] or None,
        "said": (crawl["waits_for"] and f"waits for {crawl['waits_for']}") or crawl["error"],
    }


def _changes(added: int, changed: int, gone: int) -> str:
    """Counts with their signs: `+3 ~1 -2`."""
    return " ".join(f"{sign}{count}" for sign, count in (("+", added), ("~", changed), ("-", gone)) if count)


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
