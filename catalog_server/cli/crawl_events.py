"""`catalog crawlers events`: how far crawlers are with events of objects, and the tokens that these have to show."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog_server.cli.client import Server, connect, path
from catalog_server.cli.output import Output, Yes, confirm, print_one, say

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the crawler.")]


@app.command("show")
def show_events(name: Name, output: Output = None, server: Server = None) -> None:
    """Show what a crawler follows, how many folders wait to be looked at, and for how long.

    \b
    Example: catalog crawlers events show lake
    """
    print_one(connect(server).get(path("crawlers", name, "events")), output)


@app.command("token")
def create_token(name: Name, output: Output = None, server: Server = None) -> None:
    """Make a token that notifications have to show from now on; it is told this once, and the one before ends.

    \b
    Example: catalog crawlers events token lake
    """
    print_one(connect(server).post(path("crawlers", name, "events", "token")), output)


@app.command("drop-token")
def drop_token(name: Name, yes: Yes = False, server: Server = None) -> None:
    """Have notifications need no token any more.

    \b
    Example: catalog crawlers events drop-token lake --yes
    """
    client = connect(server)
    confirm(f"Have notifications for crawler {name} need no token?", yes)
    client.delete(path("crawlers", name, "events", "token"))
    say(f"notifications for crawler {name} need no token")
