"""A small client of HiveServer2: sends statements over plain binary Thrift and returns rows."""

from __future__ import annotations

from itertools import chain
from types import TracebackType
from typing import Any

from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport

from catalog_server.wire.bindings import Bindings

COLUMNAR = 7
"""HIVE_CLI_SERVICE_PROTOCOL_V8 of Hive's TCLIService.thrift: rows come as columns."""
SUCCESS = (0, 1)
"""SUCCESS_STATUS and SUCCESS_WITH_INFO_STATUS."""
ROWS_MAX = 10_000
_COLUMNS = ("bool", "byte", "i16", "i32", "i64", "double", "string", "binary")

STRUCTS: dict[str, tuple[Any, ...]] = {
    "Handle": ("struct", (1, "guid", "binary"), (2, "secret", "binary")),
    "Session": ("struct", (1, "sessionId", "Handle")),
    "Operation": (
        "struct",
        (1, "operationId", "Handle"),
        (2, "operationType", "i32"),
        (3, "hasResultSet", "bool"),
        (4, "modifiedRowCount", "double"),
    ),
    "Status": (
        "struct",
        (1, "statusCode", "i32"),
        (2, "infoMessages", "list<string>"),
        (3, "sqlState", "string"),
        (4, "errorCode", "i32"),
        (5, "errorMessage", "string"),
    ),
    "OpenSessionReq": (
        "struct",
        (1, "client_protocol", "i32"),
        (2, "username", "string"),
        (3, "password", "string"),
        (4, "configuration", "map<string,string>"),
    ),
    "OpenSessionResp": ("struct", (1, "status", "Status"), (2, "protocol", "i32"), (3, "sessionHandle", "Session")),
    "CloseSessionReq": ("struct", (1, "sessionHandle", "Session")),
    "ExecuteStatementReq": (
        "struct",
        (1, "sessionHandle", "Session"),
        (2, "statement", "string"),
        (3, "confOverlay", "map<string,string>"),
        (4, "runAsync", "bool"),
    ),
    "ExecuteStatementResp": ("struct", (1, "status", "Status"), (2, "operationHandle", "Operation")),
    "FetchResultsReq": (
        "struct",
        (1, "operationHandle", "Operation"),
        (2, "orientation", "i32"),
        (3, "maxRows", "i64"),
    ),
    "RowSet": ("struct", (1, "startRowOffset", "i64"), (3, "columns", "list<Column>")),
    "FetchResultsResp": ("struct", (1, "status", "Status"), (2, "hasMoreRows", "bool"), (3, "results", "RowSet")),
    "CloseOperationReq": ("struct", (1, "operationHandle", "Operation")),
    "StatusResp": ("struct", (1, "status", "Status")),
    "Column": ("struct", *((at, f"{kind}Val", f"{kind}Column") for at, kind in enumerate(_COLUMNS, 1))),
} | {f"{kind}Column": ("struct", (1, "values", f"list<{kind}>"), (2, "nulls", "binary")) for kind in _COLUMNS}
METHODS: dict[str, tuple[Any, ...]] = {
    name: (answer or f"{name}Resp", ((1, "req", f"{name}Req"),), ())
    for name, answer in (
        ("OpenSession", ""),
        ("ExecuteStatement", ""),
        ("FetchResults", ""),
        ("CloseOperation", "StatusResp"),
        ("CloseSession", "StatusResp"),
    )
}
SERVICE = Bindings({}, STRUCTS, METHODS, {}, {})
"""Of Hive's TCLIService.thrift the five methods that statements need."""


class HiveFailed(Exception):
    """A statement was refused; the message is HiveServer2's, `causes` its Java stack traces."""

    def __init__(self, message: str, causes: list[str]) -> None:
        super().__init__(message)
        self.causes = causes


class HiveSession:
    """A connection with one session of HiveServer2; a context manager that ends both."""

    def __init__(self, port: int, user: str = "", configuration: dict[str, str] | None = None) -> None:
        self._transport = TBufferedTransport(TSocket("127.0.0.1", port))
        self._transport.open()
        self._protocol = TBinaryProtocolAccelerated(self._transport)
        opened = self._call(
            "OpenSession", client_protocol=COLUMNAR, username=user, password="", configuration=configuration or {}
        )
        self._session = opened.sessionHandle

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows, none if it has no result. Raises HiveFailed."""
        done = self._call("ExecuteStatement", sessionHandle=self._session, statement=statement, runAsync=False)
        operation = done.operationHandle
        try:
            return self._rows(operation) if operation.hasResultSet else []
        finally:
            self._call("CloseOperation", operationHandle=operation)

    def close(self) -> None:
        """End the session and hang up."""
        self._call("CloseSession", sessionHandle=self._session)
        self._transport.close()

    def __enter__(self) -> HiveSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rows(self, operation: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        while True:
            got = self._call("FetchResults", operationHandle=operation, orientation=0, maxRows=ROWS_MAX).results
            rows = list(zip(*map(_column, got.columns), strict=True))
            if not rows:
                return found
            found += rows

    def _call(self, name: str, **fields: Any) -> Any:
        method = SERVICE.method(name)
        request = SERVICE.struct(f"{name}Req")(**fields)
        self._protocol.writeMessageBegin(name, 1, 0)
        method.arguments[0](req=request).write(self._protocol)
        self._protocol.writeMessageEnd()
        self._transport.flush()
        self._protocol.readMessageBegin()
        result = method.result[0]()
        result.read(self._protocol)
        self._protocol.readMessageEnd()
        answer = result.success
        if answer.status.statusCode not in SUCCESS:
            raise HiveFailed(answer.status.errorMessage or "", answer.status.infoMessages or [])
        return answer


def _column(column: Any) -> list[Any]:
    """The values of one column; a bit for each says which are null, the lowest bit of the first byte first."""
    values = next(value for value in (getattr(column, f"{kind}Val") for kind in _COLUMNS) if value is not None)
    bits = chain.from_iterable(((byte >> at) & 1 for at in range(8)) for byte in values.nulls or b"")
    missing = [at for at, bit in enumerate(bits) if bit]
    return [None if at in missing else value for at, value in enumerate(values.values)]
