"""Finds a Java that an engine can run on, and makes one out of a wheel where none is installed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

VECTOR_MODULE = "jdk.incubator.vector"
ROOTS = (Path("/usr/lib/jvm"), Path("/Library/Java/JavaVirtualMachines"), Path.home() / ".sdkman/candidates/java")

WRAPPER = """#!/bin/sh
# Runs a Java that was built without one module, which engines name on their command line but can do without.
for argument do
    shift
    case $argument in
        --add-modules={module}) ;;
        *) set -- "$@" "$argument" ;;
    esac
done
exec {java} "$@"
"""


@dataclass(frozen=True, slots=True)
class Java:
    """An installed Java; `home` is what JAVA_HOME is set to."""

    home: Path
    major: int


def find_java(
    minimum: int, below: int | None = None, environ: Mapping[str, str] | None = None, roots: Sequence[Path] = ROOTS
) -> Java | None:
    """Return an installed Java with `minimum <= major < below`: JAVA_HOME first, then PATH, then the usual folders.

    Among the folders the oldest that will do is taken, since engines are tried on that one the most. A Java built
    without the vector module is passed over: Spark and Trino name it when they start.
    """
    environ = os.environ if environ is None else environ
    for home in _named(environ):
        java = _inspect(home)
        if java is not None and _fits(java, minimum, below):
            return java
    found = (_inspect(home) for home in _installed(roots))
    return min(
        (java for java in found if java and _fits(java, minimum, below)), key=lambda java: java.major, default=None
    )


def wrap_java(java_home: Path, home: Path) -> Path:
    """Make `home` a JAVA_HOME that runs the Java of `java_home` without the vector module; returns `home`."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True, exist_ok=True)
    fresh = program.with_suffix(".new")
    fresh.write_text(WRAPPER.format(module=VECTOR_MODULE, java=shlex.quote(str(java_home / "bin" / "java"))))
    fresh.chmod(0o755)
    os.replace(fresh, program)
    return home


def _fits(java: Java, minimum: int, below: int | None) -> bool:
    return java.major >= minimum and (below is None or java.major < below)


def _named(environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("JAVA_HOME"):
        yield Path(environ["JAVA_HOME"])
    program = shutil.which("java", path=environ.get("PATH", ""))
    if program:
        yield Path(program).resolve().parent.parent


def _installed(roots: Sequence[Path]) -> Iterator[Path]:
    for root in roots:
        if root.is_dir():
            for entry in sorted(root.iterdir()):
                bundle = entry / "Contents" / "Home"
                yield bundle if bundle.is_dir() else entry


def _inspect(home: Path) -> Java | None:
    """Read the `release` file that every Java carries; cheaper than starting it."""
    if not os.access(home / "bin" / "java", os.X_OK):
        return None
    try:
        release = (home / "release").read_text(errors="replace")
    except OSError:
        return None
    version = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', release, re.MULTILINE)
    modules = re.search(r'^MODULES="([^"]*)"', release, re.MULTILINE)
    if version is None or (modules is not None and VECTOR_MODULE not in modules[1].split()):
        return None
    return Java(home, int(version[1]))
