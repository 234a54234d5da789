"""A metastore client for tests: Apache Thrift's own protocol over our bindings, and short ways to make things."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.running import call


class Metastore:
    """One connection; every method of the metastore is a method here, with its arguments by place or by name."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._transport = TBufferedTransport(TSocket("127.0.0.1", port))
        self._transport.open()
        self._protocol = TBinaryProtocolAccelerated(self._transport)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        names = [field[2] for field in wire.method(name).arguments[1] if field is not None]

        def method(*values: Any, **named: Any) -> Any:
            return call(self._protocol, name, **dict(zip(names, values, strict=False)), **named)

        return method

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def __enter__(self) -> Metastore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def columns(text: str) -> list[Any]:
    """Columns of a text such as `id int, name string`."""
    pairs = [one.split() for one in text.split(",") if one.strip()]
    return [wire.FieldSchema(name=name, type=kind) for name, kind in pairs]


def storage(text: str = "id int, name string", location: str | None = None) -> Any:
    """A storage descriptor for Parquet."""
    parquet = "org.apache.hadoop.hive.ql.io.parquet"
    return wire.StorageDescriptor(
        cols=columns(text),
        location=location,
        inputFormat=f"{parquet}.MapredParquetInputFormat",
        outputFormat=f"{parquet}.MapredParquetOutputFormat",
        serdeInfo=wire.SerDeInfo(
            name="s", serializationLib=f"{parquet}.serde.ParquetHiveSerDe", parameters={"serialization.format": "1"}
        ),
        parameters={},
    )


def table(database: str, name: str, keys: str = "", **fields: Any) -> Any:
    """A managed table of two columns; `keys` are its partition keys."""
    fields = {"sd": storage(), "tableType": "MANAGED_TABLE", "parameters": {}, "owner": "tester"} | fields
    return wire.Table(dbName=database, tableName=name, partitionKeys=columns(keys), **fields)


def partition(database: str, name: str, values: Sequence[str], **fields: Any) -> Any:
    """A partition at its default place."""
    fields = {"sd": storage(), "parameters": {}} | fields
    return wire.Partition(dbName=database, tableName=name, values=list(values), **fields)


def environment(**properties: str) -> Any:
    """An EnvironmentContext."""
    return wire.EnvironmentContext(properties=properties)
