"""Runs a job's script inside the engine's own Python and notes what it reads and writes.

This file is also started by itself, by an interpreter that knows nothing of this package (Spark's own): it needs the
standard library and, for the notes, pyspark. `driver.py DIRECTORY ARGUMENTS...` runs DIRECTORY/script.py.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SCRIPT, TOUCHED, RESULT = "script.py", "touched.jsonl", "result.json"
ERROR_CHARACTERS_MAX = 2000
_READERS = ("pyspark.sql.readwriter", "pyspark.sql.connect.readwriter")
_FRAMES = ("pyspark.sql.classic.dataframe", "pyspark.sql.connect.dataframe", "pyspark.sql.dataframe")
_SESSIONS = ("pyspark.sql.session", "pyspark.sql.connect.session")
_PATHS = ("parquet", "csv", "json", "orc", "text", "xml")
_HINTS = ("JVM_ATTRIBUTE_NOT_SUPPORTED", "SparkContext", "not supported", "NOT_IMPLEMENTED", "UnsupportedOperation")

Describe = Callable[[Any, tuple[Any, ...], dict[str, Any]], dict[str, Any]]


class Notes:
    """A file of JSON lines that says what the script touched, in order, each line written before the deed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._inside = threading.local()
        self._process = os.getpid()

    def add(self, note: dict[str, Any]) -> None:
        """Write one line; processes forked from this one write none."""
        if os.getpid() != self._process:
            return
        with self._lock:
            self._file.write(json.dumps(note, default=str) + "\n")
            self._file.flush()

    def watch(self, owner: type, name: str, describe: Describe) -> None:
        """Note the calls of a method, but not those that such a method makes itself."""
        original = owner.__dict__.get(name)
        if original is None or hasattr(original, "watched"):
            return

        @functools.wraps(original)
        def call(this: Any, *arguments: Any, **named: Any) -> Any:
            if getattr(self._inside, "busy", False):
                return original(this, *arguments, **named)
            self._inside.busy = True
            try:
                self.add(describe(this, arguments, named))
                return original(this, *arguments, **named)
            finally:
                self._inside.busy = False

        call.watched = True  # type: ignore[attr-defined]
        setattr(owner, name, call)


def watch_spark(notes: Notes) -> None:
    """Watch all doors through which a script reads and writes, of classic Spark and of Spark Connect."""
    for module in _READERS:
        reader, writer = _class(module, "DataFrameReader"), _class(module, "DataFrameWriter")
        if reader is not None:
            notes.watch(reader, "table", lambda _, a, n: {"read": "table", "table": _first(a, n, "tableName")})
            for name in ("load", *_PATHS):
                notes.watch(reader, name, lambda _, a, n: {"read": "path", "path": _first(a, n, "path")})
        if writer is not None:
            _watch_writer(notes, writer)
    for module in _FRAMES:
        frame = _class(module, "DataFrame")
        if frame is not None:
            notes.watch(frame, "writeTo", lambda _, a, n: {"write": "table", "table": _first(a, n, "table")})
    for module in _SESSIONS:
        session = _class(module, "SparkSession")
        if session is not None:
            notes.watch(session, "table", lambda _, a, n: {"read": "table", "table": _first(a, n, "tableName")})
            notes.watch(session, "sql", lambda _, a, n: {"sql": _first(a, n, "sqlQuery")})


def _watch_writer(notes: Notes, writer: type) -> None:
    original = writer.__dict__.get("mode")

    def mode(this: Any, *arguments: Any, **named: Any) -> Any:
        said = _first(arguments, named, "saveMode")
        if isinstance(said, str):
            this._catalog_mode = said
        return original(this, *arguments, **named)  # type: ignore[misc]

    if original is not None:
        writer.mode = functools.wraps(original)(mode)  # type: ignore[attr-defined]

    def said(this: Any, named: dict[str, Any]) -> str:
        return str(named.get("mode") or getattr(this, "_catalog_mode", None) or "error").lower()

    for name in ("saveAsTable", "insertInto"):
        kind = "append" if name == "insertInto" else None
        notes.watch(
            writer,
            name,
            lambda this, a, n, kind=kind: {  # type: ignore[misc]
                "write": "table",
                "table": _first(a, n, "name", "tableName"),
                "mode": "overwrite" if n.get("overwrite") else kind or said(this, n),
            },
        )
    for name in ("save", *_PATHS):
        notes.watch(
            writer, name, lambda this, a, n: {"write": "path", "path": _first(a, n, "path"), "mode": said(this, n)}
        )


def _first(arguments: Sequence[Any], named: dict[str, Any], *names: str) -> Any:
    return arguments[0] if arguments else next((named[name] for name in names if name in named), None)


def _class(module: str, name: str) -> type | None:
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    return found if isinstance(found, type) else None


def run_script(directory: Path, arguments: Sequence[str]) -> int:
    """Run the script as the main program; its exit status, with the reason of a failure in `result.json`."""
    script = directory / SCRIPT
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(directory))
    try:
        compile(script.read_bytes(), str(script), "exec")
    except (SyntaxError, ValueError) as error:
        traceback.print_exception(error, limit=0)
        return _failed(directory, error)
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as leave:
        return _left(directory, leave)
    except KeyboardInterrupt:
        return 130
    except BaseException as error:
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != str(script):
            frames = frames.tb_next
        traceback.print_exception(type(error), error, frames or error.__traceback__)
        return _failed(directory, error)
    return 0


def _left(directory: Path, leave: SystemExit) -> int:
    if leave.code is None or isinstance(leave.code, int):
        return (leave.code or 0) & 255
    print(leave.code, file=sys.stderr)
    _write_result(directory, str(leave.code))
    return 1


def _failed(directory: Path, error: BaseException) -> int:
    line = error.lineno if isinstance(error, SyntaxError) else _line(error, directory / SCRIPT)
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    text = f"{type(error).__name__}: {said}".strip()
    text = f"line {line}: {text}" if line else text
    engine = os.environ.get("CATALOG_ENGINE")
    if engine == "sail" and any(hint in text for hint in _HINTS):
        text = f"{text[: ERROR_CHARACTERS_MAX - 200]}\nThe engine sail may lack this; the engine spark has it."
    _write_result(directory, text)
    return 1


def _line(error: BaseException, script: Path) -> int | None:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(script)]
    return lines[-1] if lines else None


def _write_result(directory: Path, error: str) -> None:
    (directory / RESULT).write_text(json.dumps({"error": error[:ERROR_CHARACTERS_MAX]}), encoding="utf-8")


def main() -> None:
    """Started by spark-submit: watch, run, and leave with the script's status."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    directory = Path(sys.argv[1])
    _hold()
    watch_spark(Notes(directory / TOUCHED))
    status = run_script(directory, sys.argv[2:])
    sys.stdout.flush()
    sys.exit(status)


def _hold() -> None:
    """End when the JVM that started this process ends."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)


if __name__ == "__main__":
    main()
