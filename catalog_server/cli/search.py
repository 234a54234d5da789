"""`catalog search` and `catalog events`: find things by words, and follow what changes."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from catalog_server.cli.client import Client, Server, connect
from catalog_server.cli.output import Format, Output, chosen, clean, moment, print_list

FOLLOW_SECONDS = 60.0


def run_search(
    words: Annotated[list[str], typer.Argument(help="Words of names, columns, comments and parameters.")],
    kind: Annotated[str | None, typer.Option(help="Only table, view, column, database, ...")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    output: Output = None,
    server: Server = None,
) -> None:
    """Search everything the catalog knows.

    \b
    Example: catalog search flight delay
    """
    hits = connect(server).pages("/search", limit, q=" ".join(words), kind=kind)
    shown = ("kind", "catalog", "database", "name", "column", "matched", "comment")
    print_list(hits, shown, output)


def show_events(
    after: Annotated[int | None, typer.Option(min=0, help="Only those numbered higher.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as things change, until Ctrl-C.")] = False,
    output: Output = None,
    server: Server = None,
) -> None:
    """Show what changed, oldest first.

    \b
    Example: catalog events --follow
    """
    client = connect(server)
    page = client.get("/events", after=after, limit=limit)
    if not follow:
        print_list([_flat(event) for event in page["items"]], COLUMNS, output)
        return
    form = chosen(output)
    for event in page["items"]:
        _print(event, form)
    _follow(client, page["items"][-1]["number"] if page["items"] else page["last_number"], form)


COLUMNS = ("number", "at", "kind", "name", "by", "via", "run")


def _flat(event: dict[str, Any]) -> dict[str, Any]:
    parts = (event["catalog"], event["database"], event["table"])
    return {**event, "name": ".".join(part for part in parts if part)}


def _follow(client: Client, last: int, form: Format) -> None:
    try:
        while True:
            page = client.get("/events", after=last, limit=1000, wait_ms=int(FOLLOW_SECONDS * 500))
            for event in page["items"]:
                _print(event, form)
                last = event["number"]
    except KeyboardInterrupt:
        return


def _print(event: dict[str, Any], form: Format) -> None:
    if form is Format.TABLE:
        flat = _flat(event)
        print(clean(f"{flat['number']:>8}  {moment(flat['at'])}  {flat['kind']:<18} {flat['name']}"))
    else:
        print(json.dumps(event, ensure_ascii=False))
    sys.stdout.flush()
