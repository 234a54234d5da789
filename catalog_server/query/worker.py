"""The worker process: runs one statement at a time in DuckDB, shut in to what the plan grants; ends when its parent does.

Frames on standard input and output are a length (4 bytes, big-endian) and JSON. Asked `{"op": "run", "id", "plan", "limits",
"result"}`, it answers `{"id", "event": "running"}` and then `done` (rows, bytes, truncated) or `error` (type, message);
`{"op": "cancel", "id"}` interrupts. The rows go to the file `result` in Arrow's format, those of an export as Parquet.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

FRAME_BYTES_MAX = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")
_NOTHING: dict[str, Any] = {"secrets": [], "attached": [], "files": [], "folders": []}


def write_frame(stream: IO[bytes], message: dict[str, Any]) -> None:
    """Write one frame."""
    body = json.dumps(message).encode()
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> dict[str, Any] | None:
    """Read one frame; None at the end of the stream."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > FRAME_BYTES_MAX:
        return None
    body = stream.read(length)
    return json.loads(body) if len(body) == length else None


class Worker:
    """Answers frames until its input ends."""

    def __init__(self, source: IO[bytes], sink: IO[bytes], limits: dict[str, Any]) -> None:
        self.source = source
        self.sink = sink
        self.limits = limits
        self.lock = threading.Lock()
        self.running: str | None = None
        self.cancelled: set[str] = set()
        self.connection: Any = None
        self.spare: Any = None
        """A fresh DuckDB for the next statement that reads tables."""
        self.plain: Any = None
        """One shut in to nothing, for statements that read no table; nothing of a statement is left in it."""
        self.turn = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Send one frame."""
        with self.lock:
            write_frame(self.sink, message)

    def serve(self) -> None:
        """Read frames; statements run in a thread beside, so that a cancel is heard."""
        self.spare = self.open()
        self.plain = self.open()
        shut_in(self.plain, _NOTHING)
        self.send({"event": "ready"})
        while (message := read_frame(self.source)) is not None:
            if message["op"] == "run":
                threading.Thread(target=self.run, args=(message,), daemon=True).start()
            elif message["op"] == "cancel":
                self.cancelled.add(message["id"])
                connection = self.connection
                if connection is not None and self.running == message["id"]:
                    connection.interrupt()
        os._exit(0)

    def open(self) -> Any:
        """A fresh DuckDB with limits and macros, in which nothing of an earlier statement is left."""
        import duckdb

        from catalog_server.query.macros import MACROS

        connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": self.limits["memory_limit"],
                "threads": str(self.limits["threads"]),
                "temp_directory": self.limits["temp_directory"],
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
                "allow_community_extensions": "false",
                "preserve_insertion_order": "false",
            },
        )
        connection.execute("SET TimeZone='UTC'")
        for macro in MACROS:
            connection.execute(macro)
        return connection

    def run(self, message: dict[str, Any]) -> None:
        """Run one statement and report how it ended."""
        with self.turn:
            if message["plan"]["scans"]:
                connection, self.spare = self.spare, None
                self.answer(message, connection)
                connection.close()
                self.spare = self.open()
            else:
                self.answer(message, self.plain)

    def answer(self, message: dict[str, Any], connection: Any) -> None:
        """Run one statement on a connection and send what came of it."""
        from catalog_server.query.worker_errors import describe

        name = message["id"]
        self.running, self.connection = name, connection
        try:
            if name in self.cancelled:
                raise KeyboardInterrupt
            answer = {"event": "done", **execute(connection, message)}
        except BaseException as error:
            answer = describe(error, name in self.cancelled)
        finally:
            self.running = self.connection = None
            self.cancelled.discard(name)
        self.send({"id": name, **answer})


def execute(connection: Any, message: dict[str, Any]) -> dict[str, Any]:
    """Shut the connection in, prepare the scans, run the statement and write its rows."""
    import duckdb

    from catalog_server.query.operators import widen_products
    from catalog_server.query.scans import prepare
    from catalog_server.query.udf import define

    plan = message["plan"]
    for scan in plan["scans"]:
        if scan["kind"] == "iceberg":
            from catalog_server.query.iceberg import look_up

            plan["files"] += look_up(scan)
    if plan["scans"]:
        shut_in(connection, plan)
    for scan in plan["scans"]:
        prepare(connection, scan)
    define(connection, plan["sql"])
    if plan["explain"]:
        plan["sql"] = _explained(connection, plan["sql"])
    try:
        return _spooled(connection, plan, message)
    except duckdb.OutOfRangeException as error:
        if "DECIMAL(18)" not in str(error):
            raise
    plan["sql"] = widen_products(plan["sql"])
    return _spooled(connection, plan, message)


def _spooled(connection: Any, plan: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    path, rows_max, bytes_max = Path(message["result"]), message["rows_max"], message["bytes_max"]
    if rows_max is None:
        return export(connection, plan, path, bytes_max)
    return spool(connection, plan, path, rows_max, bytes_max)


def _explained(connection: Any, sql: str) -> str:
    from catalog_server.query.types import text_literal

    text = connection.execute(f"EXPLAIN {sql}").fetchall()[0][1]
    return f"SELECT unnest(string_split({text_literal(text)}, chr(10))) AS c0"


def extension_path(name: str) -> str:
    """Where the wheel of an extension keeps it; raises `Unsupported` when it is not installed."""
    import importlib.util

    import duckdb

    from catalog_server.model.errors import Unsupported

    module = importlib.util.find_spec(f"duckdb_extension_{name}")
    if module is None or module.origin is None:
        raise Unsupported(
            f"DuckDB's extension {name} is not installed: pip install duckdb-extension-{name.replace('_', '-')}"
        )
    return str(Path(module.origin).parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension")


def shut_in(connection: Any, plan: dict[str, Any]) -> None:
    """Grant what the plan names, then close every other way to files, network and settings for good."""
    from catalog_server.query.types import text_literal

    extensions = {"httpfs"} if plan["secrets"] else set()
    extensions |= {each["extension"] for each in plan["attached"]}
    for name in sorted(extensions):
        connection.execute(f"LOAD {text_literal(extension_path(name))}")
    for index, secret in enumerate(plan["secrets"]):
        _create_secret(connection, f"store_{index}", secret)
    for each in plan["attached"]:
        _attach(connection, each)
    if plan["files"]:
        connection.execute("SET allowed_paths=[" + ", ".join(text_literal(path) for path in plan["files"]) + "]")
    if plan["folders"]:
        connection.execute(
            "SET allowed_directories=[" + ", ".join(text_literal(path) for path in plan["folders"]) + "]"
        )
    connection.execute("SET enable_external_access=false")
    connection.execute("SET lock_configuration=true")


def _create_secret(connection: Any, name: str, secret: dict[str, str]) -> None:
    from catalog_server.query.types import text_literal

    parts = ["TYPE s3"] + [f"{key} {text_literal(value)}" for key, value in secret.items()]
    connection.execute(f"CREATE TEMPORARY SECRET {name} ({', '.join(parts)})")


def _attach(connection: Any, said: dict[str, Any]) -> None:
    from catalog_server.model.types import identifier
    from catalog_server.query.types import text_literal

    options = [f"TYPE {said['kind']}", "READ_ONLY"]
    if said["secret"]:
        fields = ", ".join(f"{key} {text_literal(value)}" for key, value in said["secret"].items())
        connection.execute(f"CREATE TEMPORARY SECRET {said['alias']}_secret (TYPE {said['kind']}, {fields})")
        options.append(f"SECRET {said['alias']}_secret")
    connection.execute(f"ATTACH {text_literal(said['target'])} AS {identifier(said['alias'])} ({', '.join(options)})")


BATCH_ROWS = 10_000
GROUP_ROWS = 100_000
"""Rows of a row group of an export, unless they are large."""
GROUP_BYTES = 64 * 1024 * 1024


def spool(connection: Any, plan: dict[str, Any], path: Path, rows_max: int, bytes_max: int) -> dict[str, Any]:
    """Run the statement and write its rows to a file of Arrow batches, up to `rows_max` of them."""
    import pyarrow as pa

    from catalog_server.model.errors import Invalid

    reader = connection.execute(plan["sql"]).fetch_record_batch(BATCH_ROWS)
    schema = reader.schema.with_metadata({"catalog.columns": json.dumps(plan["columns"])})
    rows = size = 0
    truncated = False
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in reader:
            if rows + batch.num_rows > rows_max:
                batch, truncated = batch.slice(0, rows_max - rows), True
            size += batch.nbytes
            if size > bytes_max:
                raise Invalid("", f"the answer is larger than {bytes_max} bytes; add a LIMIT or select fewer columns")
            for start in range(0, batch.num_rows, BATCH_ROWS):
                part = batch.slice(start, BATCH_ROWS)
                writer.write_batch(pa.RecordBatch.from_arrays(part.columns, schema=schema))
            rows += batch.num_rows
            if truncated:
                break
    return {"rows": rows, "bytes": size, "truncated": truncated}


def export(connection: Any, plan: dict[str, Any], path: Path, bytes_max: int) -> dict[str, Any]:
    """Run the statement and write all its rows to a Parquet file, a row group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from catalog_server.model.errors import Invalid

    reader = connection.execute(plan["sql"]).fetch_record_batch(BATCH_ROWS)
    names = [column["name"] for column in plan["columns"]]
    schema = pa.schema([field.with_name(name) for field, name in zip(reader.schema, names, strict=True)])
    rows = size = 0
    with pq.ParquetWriter(str(path), schema, compression="zstd") as writer:
        for group in _groups(reader):
            table = pa.Table.from_batches(group).rename_columns(names)
            rows, size = rows + table.num_rows, size + table.nbytes
            if size > bytes_max:
                raise Invalid("", f"the answer is larger than {bytes_max} bytes (query.export_bytes_max); select less")
            writer.write_table(table)
    return {"rows": rows, "bytes": size, "truncated": False}


def _groups(batches: Iterable[Any]) -> Iterator[list[Any]]:
    """Batches that are to be a row group each."""
    group: list[Any] = []
    rows = size = 0
    for batch in batches:
        group.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if size > GROUP_BYTES or rows >= GROUP_ROWS:
            yield group
            group, rows, size = [], 0, 0
    if group:
        yield group


def main() -> None:
    """Serve on standard input and output; what libraries print goes to standard error."""
    limits = json.loads(sys.argv[1])
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    Worker(source, sink, limits).serve()


if __name__ == "__main__":
    main()
