"""`catalog connections`: addresses of databases and object stores, with their secrets kept by the server."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from catalog_server.cli.client import Server, connect, pairs, path
from catalog_server.cli.output import Failure, Output, Yes, confirm, print_list, print_one, say

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the connection.")]


def _asked_password() -> str:
    if not sys.stdin.isatty():
        raise Failure("--ask-password needs a terminal; pass --secret password=env:NAME instead", 2)
    answer: str = typer.prompt("Password", hide_input=True, err=True)
    return answer


@app.command("create")
def create_connection(
    name: Name,
    url: Annotated[
        str | None, typer.Option(help="postgresql://user:password@host/database, mysql://..., sqlite:///path.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="postgresql, mysql, mariadb, sqlite, s3, azure, gcs or kafka; else told by --url."),
    ] = None,
    prefix: Annotated[list[str] | None, typer.Option(help="Location it serves, as s3://bucket/; repeatable.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Address of a store that is not the cloud's own.")] = None,
    region: Annotated[str | None, typer.Option(help="Region of the S3 store.")] = None,
    path_style: Annotated[
        bool, typer.Option("--path-style", help="Buckets in the path, not in the host name.")
    ] = False,
    access_key_id: Annotated[str | None, typer.Option(help="S3 key, or env:NAME.")] = None,
    secret_access_key: Annotated[str | None, typer.Option(help="S3 secret, or env:NAME or file:/path.")] = None,
    vending: Annotated[bool, typer.Option("--vending", help="Clients may be handed the credentials.")] = False,
    role_arn: Annotated[
        str | None, typer.Option(help="Hand out keys of this role for the folders of a table, not these.")
    ] = None,
    option: Annotated[list[str] | None, typer.Option(help="Other KEY=VALUE, any number of times.")] = None,
    secret: Annotated[list[str] | None, typer.Option(help="Secret KEY=VALUE, KEY=env:NAME or KEY=file:/path.")] = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Ask for the password here.")] = False,
    comment: Annotated[str | None, typer.Option(help="What it reaches.")] = None,
    output: Output = None,
    server: Server = None,
) -> None:
    """Create a connection. Secrets are encrypted on the server and never shown again.

    \b
    Examples:
      catalog connections create shop --url postgresql://reader:secret@db.example/shop
      catalog connections create lake --kind s3 --prefix s3://lake/ --endpoint http://127.0.0.1:8333 --path-style \\
        --access-key-id env:KEY --secret-access-key env:SECRET
    """
    if url is None and kind is None:
        raise Failure("say what it reaches: --url, or --kind with its options", 2)
    options, secrets = pairs(option or [], "--option"), pairs(secret or [], "--secret")
    given = {"endpoint": endpoint, "region": region, "path_style": "true" if path_style else None, "role_arn": role_arn}
    options.update({key: value for key, value in given.items() if value is not None})
    hidden = {"access_key_id": access_key_id, "secret_access_key": secret_access_key}
    secrets.update({key: value for key, value in hidden.items() if value is not None})
    if ask_password:
        secrets["password"] = _asked_password()
    body = {
        "name": name,
        "kind": kind,
        "url": url,
        "options": options,
        "secrets": secrets,
        "prefixes": prefix or [],
        "vending": vending,
        "comment": comment,
    }
    print_one(connect(server).post("/connections", body), output)


@app.command("list")
def list_connections(output: Output = None, server: Server = None) -> None:
    """List connections.

    \b
    Example: catalog connections list
    """
    print_list(connect(server).pages("/connections"), ("name", "kind", "url", "prefixes", "comment"), output)


@app.command("show")
def show_connection(name: Name, output: Output = None, server: Server = None) -> None:
    """Show one connection, without its secrets.

    \b
    Example: catalog connections show shop
    """
    print_one(connect(server).get(path("connections", name)), output)


@app.command("test")
def try_connection(name: Name, output: Output = None, server: Server = None) -> None:
    """Try whether a connection answers; exit code 1 if it does not.

    \b
    Example: catalog connections test shop
    """
    tested = connect(server).post(path("connections", name, "test"))
    print_one(tested, output)
    if not tested["ok"]:
        raise typer.Exit(1)


@app.command("drop")
def drop_connection(name: Name, yes: Yes = False, server: Server = None) -> None:
    """Drop a connection with its secrets.

    \b
    Example: catalog connections drop shop --yes
    """
    client = connect(server)
    confirm(f"Drop connection {name}?", yes)
    client.delete(path("connections", name))
    say(f"dropped connection {name}")
