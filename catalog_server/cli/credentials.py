"""`catalog credentials`: lines for the files of users and tokens that the metastore's port asks."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from catalog_server.cli.output import say

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the user.")]


@app.command("password")
def make_password(name: Name) -> None:
    """Ask for a password (or read it from standard input) and print the user's line for `thrift.users_file`.

    \b
    Example: catalog credentials password ann >> users
    """
    from catalog_server.authentication import password_hash

    _check(name)
    if sys.stdin.isatty():
        password: str = typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    if not password or "\0" in password:
        raise typer.BadParameter("the password may not be empty")
    print(f"{name}:{password_hash(password)}")


@app.command("token")
def make_token(name: Name) -> None:
    """Print the user's line for `thrift.tokens_file`; the new token itself goes to standard error, once.

    \b
    Example: catalog credentials token etl >> tokens
    """
    from catalog_server.authentication import new_token, token_hash

    _check(name)
    token = new_token()
    print(f"{name}:{token_hash(token)}")
    say(f"token of {name}: {token}")


def _check(name: str) -> None:
    if not name or name.startswith("#") or any(character in name for character in "\n\r\0"):
        raise typer.BadParameter(f"{name!r} is no name of a user")
