"""Events in Hive's own message format json-0.2, as its listeners write them and Impala and replication read them.

A message is a JSON object; the Thrift objects in it are texts in Thrift's own JSON protocol. Names and order of the
fields are those of Hive 4.0.1's JSONMessageEncoder. Every number of the log makes one message: what Hive has no event
for is of type OTHER.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from catalog_server.catalog.changes import Change
from catalog_server.facades.hms import convert
from catalog_server.facades.hms.constraints import from_constraints
from catalog_server.model.constraint import ConstraintKind, from_document
from catalog_server.model.documents import read_database, read_function
from catalog_server.model.event import Event, EventKind
from catalog_server.model.names import name_key
from catalog_server.model.partition import Partition
from catalog_server.model.table import Table
from catalog_server.wire import hive_metastore as wire

FORMAT = "json-0.2"
OTHER = "OTHER"
_TYPES: Mapping[EventKind, str] = {
    EventKind.CREATE_CATALOG: "CREATE_CATALOG",
    EventKind.DROP_CATALOG: "DROP_CATALOG",
    EventKind.CREATE_DATABASE: "CREATE_DATABASE",
    EventKind.ALTER_DATABASE: "ALTER_DATABASE",
    EventKind.DROP_DATABASE: "DROP_DATABASE",
    EventKind.CREATE_TABLE: "CREATE_TABLE",
    EventKind.ALTER_TABLE: "ALTER_TABLE",
    EventKind.DROP_TABLE: "DROP_TABLE",
    EventKind.ADD_PARTITIONS: "ADD_PARTITION",
    EventKind.ALTER_PARTITIONS: "ALTER_PARTITION",
    EventKind.DROP_PARTITIONS: "DROP_PARTITION",
    EventKind.INSERT: "INSERT",
    EventKind.REFRESH: "RELOAD",
    EventKind.CREATE_FUNCTION: "CREATE_FUNCTION",
    EventKind.DROP_FUNCTION: "DROP_FUNCTION",
    EventKind.DROP_CONSTRAINT: "DROP_CONSTRAINT",
    EventKind.OPEN_TXNS: "OPEN_TXN",
    EventKind.COMMIT_TXN: "COMMIT_TXN",
    EventKind.ABORT_TXNS: "ABORT_TXN",
    EventKind.ALLOCATE_WRITE_IDS: "ALLOC_WRITE_ID_EVENT",
}
_CONSTRAINTS: Mapping[ConstraintKind, tuple[str, str]] = {
    ConstraintKind.PRIMARY_KEY: ("ADD_PRIMARYKEY", "primaryKeyListJson"),
    ConstraintKind.FOREIGN_KEY: ("ADD_FOREIGNKEY", "foreignKeyListJson"),
    ConstraintKind.UNIQUE: ("ADD_UNIQUECONSTRAINT", "uniqueConstraintListJson"),
    ConstraintKind.NOT_NULL: ("ADD_NOTNULLCONSTRAINT", "notNullConstraintListJson"),
    ConstraintKind.DEFAULT: ("ADD_DEFAULTCONSTRAINT", "defaultConstraintListJson"),
    ConstraintKind.CHECK: ("ADD_CHECKCONSTRAINT", "checkConstraintListJson"),
}


def type_of(event: Event) -> str:
    """Hive's type of an event, `OTHER` where it has none."""
    if event.kind is EventKind.ADD_CONSTRAINTS:
        return _CONSTRAINTS[ConstraintKind(str(event.payload["kind"]))][0]
    return _TYPES.get(event.kind, OTHER)


def notifications(change: Change) -> Iterator[Any]:
    """The NotificationEvents of a change, one for each of its numbers."""
    event = change.event
    first = event.number - event.span + 1
    kind = OTHER if change.hidden else type_of(event)
    messages = list(_messages(change)) if kind != OTHER else []
    for place in range(event.span):
        message = messages[place] if place < len(messages) else None
        database, table = (None, None) if change.hidden else _subject(event)
        yield wire.NotificationEvent(
            eventId=first + place,
            eventTime=event.at // 1000,
            eventType=kind if message is not None else OTHER,
            catName=None if change.hidden else event.catalog,
            dbName=database,
            tableName=table,
            message=_text(message or _head()),
            messageFormat=FORMAT,
        )


def _subject(event: Event) -> tuple[str | None, str | None]:
    """Database and table that a notification is filed under: for foreign keys those of the parent, as in Hive."""
    database, table = event.database, event.table
    if event.kind is EventKind.ADD_CONSTRAINTS and event.payload["kind"] == ConstraintKind.FOREIGN_KEY.value:
        listed: Any = event.payload["constraints"]
        _, database, table = listed[0]["parent"]
    return name_key(database) if database else None, name_key(table) if table else None


def thrift_json(struct: Any) -> str:
    """A Thrift object in Thrift's JSON protocol."""
    from thrift.protocol.TJSONProtocol import TJSONProtocol
    from thrift.transport.TTransport import TMemoryBuffer

    buffer = TMemoryBuffer()
    struct.write(TJSONProtocol(buffer))
    return str(buffer.getvalue().decode())


def _text(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _head() -> dict[str, Any]:
    return {"server": "", "servicePrincipal": ""}


def _messages(change: Change) -> Iterator[dict[str, Any]]:
    """The messages of a change: one, or one for each partition that was altered; none where its versions are forgotten."""
    event = change.event
    made = _ABOUT[event.kind](change)
    yield from made


def _catalog(change: Change) -> Iterator[dict[str, Any]]:
    yield {**_head(), "catalog": change.event.payload["name"], "timestamp": _time(change)}


def _database(change: Change) -> Iterator[dict[str, Any]]:
    event, said = change.event, {**_head(), "db": name_key(change.event.database or "")}
    texts = {
        key: thrift_json(convert.from_database(read_database(document)))
        for key, document in event.payload.items()
        if key in ("before", "after") and isinstance(document, Mapping)
    }
    if event.kind is EventKind.ALTER_DATABASE and len(texts) == 2:
        yield {**said, "dbObjBeforeJson": texts["before"], "dbObjAfterJson": texts["after"], "timestamp": _time(change)}
    elif event.kind is not EventKind.ALTER_DATABASE:
        yield {**said, "dbJson": next(iter(texts.values()), None), "timestamp": _time(change)}


def _of_table(table: Table) -> dict[str, Any]:
    return {
        **_head(),
        "db": name_key(table.database),
        "table": name_key(table.name),
        "tableType": table.kind.value,
    }


def _object(table: Table) -> dict[str, Any]:
    return {"tableObjJson": thrift_json(convert.from_table(table))}


def _table(change: Change) -> Iterator[dict[str, Any]]:
    event, before, after = change.event, change.before, change.after
    if event.kind is EventKind.CREATE_TABLE and after is not None:
        yield {**_of_table(after), **_object(after), "timestamp": _time(change), "files": []}
    elif event.kind is EventKind.DROP_TABLE and before is not None:
        yield {**_of_table(before), **_object(before), "timestamp": _time(change)}
    elif event.kind is EventKind.ALTER_TABLE and before is not None and after is not None:
        yield {
            **_of_table(before),
            "tableObjBeforeJson": thrift_json(convert.from_table(before)),
            "tableObjAfterJson": thrift_json(convert.from_table(after)),
            "isTruncateOp": "false",
            "timestamp": _time(change),
            "writeId": _write_id(after),
        }


def _partitions(change: Change) -> Iterator[dict[str, Any]]:
    event, table = change.event, change.after
    if table is None:
        return
    head = {**_of_table(table), **_object(table)}
    if event.kind is EventKind.ALTER_PARTITIONS:
        for before, after in change.partitions:
            yield {
                **head,
                "isTruncateOp": "false",
                "timestamp": _time(change),
                "writeId": _write_id(table),
                "keyValues": _key_values(table, before or after),
                "partitionObjBeforeJson": _partition(table, before or after),
                "partitionObjAfterJson": _partition(table, after),
            }
        return
    said = {**head, "timestamp": _time(change), "partitions": [_key_values(table, one) for _, one in change.partitions]}
    if event.kind is EventKind.ADD_PARTITIONS:
        said["partitionListJson"] = [_partition(table, one) for _, one in change.partitions]
        said["partitionFiles"] = []
    yield said


def _insert(change: Change) -> Iterator[dict[str, Any]]:
    event, table = change.event, change.after
    if table is None:
        return
    partition = _partition(table, change.partitions[0][1]) if change.partitions else None
    said = {**_of_table(table), **_object(table), "ptnObjJson": partition}
    if event.kind is EventKind.REFRESH:
        said.pop("tableType")
        yield {"timestamp": _time(change), **said, "refreshEvent": "true"}
    else:
        files: Any = event.payload.get("files", ())
        replaced = "true" if event.payload.get("replace") else "false"
        yield {**said, "timestamp": _time(change), "replace": replaced, "files": list(files)}


def _function(change: Change) -> Iterator[dict[str, Any]]:
    event = change.event
    said = {**_head(), "db": name_key(event.database or "")}
    if event.kind is EventKind.DROP_FUNCTION:
        yield {**said, "functionName": name_key(str(event.payload.get("name", ""))), "timestamp": _time(change)}
        return
    document = event.payload.get("after")
    if isinstance(document, Mapping):
        text = thrift_json(convert.from_function(read_function(document)))
        yield {**said, "functionObjJson": text, "timestamp": _time(change)}


def _constraint(change: Change) -> Iterator[dict[str, Any]]:
    event = change.event
    if event.kind is EventKind.DROP_CONSTRAINT:
        dropped: Any = event.payload["constraint"]
        yield {
            **_head(),
            "dbName": name_key(event.database or ""),
            "tableName": name_key(event.table or ""),
            "constraintName": dropped["name"],
            "timestamp": _time(change),
        }
        return
    listed: Any = event.payload["constraints"]
    field = _CONSTRAINTS[ConstraintKind(str(event.payload["kind"]))][1]
    structs = from_constraints(from_document(document) for document in listed)
    yield {**_head(), "timestamp": _time(change), field: [thrift_json(struct) for struct in structs]}


def _txn(change: Change) -> Iterator[dict[str, Any]]:
    kind, said = change.event.kind, change.event.payload
    if kind is EventKind.OPEN_TXNS:
        yield {
            "txnIds": None,
            "timestamp": _time(change),
            "fromTxnId": said["first"],
            "toTxnId": said["last"],
            **_head(),
        }
    elif kind is EventKind.COMMIT_TXN:
        yield {"txnid": said["txn"], "timestamp": _time(change), **_head(), **dict.fromkeys(_OF_COMMITS)}
    else:
        aborted: Any = said["txns"]
        databases: Any = said["databases"]
        for txn in aborted:
            names = [name.rpartition(".")[2] for name in databases]
            yield {"txnid": txn, "timestamp": _time(change), **_head(), "dbsUpdated": names}


_OF_COMMITS = ("writeIds", "databases", "tables", "partitions", "tableObjs", "partitionObjs", "files")
"""Fields of a commit that Hive's listener leaves empty: replication asks for them by `get_all_write_event_info`."""


def _write_ids(change: Change) -> Iterator[dict[str, Any]]:
    event = change.event
    yield {
        **_head(),
        "dbName": name_key(event.database or ""),
        "tableName": name_key(event.table or ""),
        "txnIdList": event.payload["txns"],
        "writeIdList": event.payload["write_ids"],
        "timestamp": _time(change),
    }


def _time(change: Change) -> int:
    return change.event.at // 1000


def _write_id(table: Table) -> int:
    found: Any = getattr(convert.from_table(table), "writeId", None)
    return found if isinstance(found, int) else -1


def _key_values(table: Table, partition: Partition) -> dict[str, str]:
    return dict(zip((column.key for column in table.partition_keys), partition.values, strict=False))


def _partition(table: Table, partition: Partition) -> str:
    return thrift_json(convert.from_partition(table, partition))


_ABOUT: Mapping[EventKind, Callable[[Change], Iterator[dict[str, Any]]]] = {
    EventKind.CREATE_CATALOG: _catalog,
    EventKind.DROP_CATALOG: _catalog,
    EventKind.CREATE_DATABASE: _database,
    EventKind.ALTER_DATABASE: _database,
    EventKind.DROP_DATABASE: _database,
    EventKind.CREATE_TABLE: _table,
    EventKind.ALTER_TABLE: _table,
    EventKind.DROP_TABLE: _table,
    EventKind.ADD_PARTITIONS: _partitions,
    EventKind.ALTER_PARTITIONS: _partitions,
    EventKind.DROP_PARTITIONS: _partitions,
    EventKind.INSERT: _insert,
    EventKind.REFRESH: _insert,
    EventKind.CREATE_FUNCTION: _function,
    EventKind.DROP_FUNCTION: _function,
    EventKind.ADD_CONSTRAINTS: _constraint,
    EventKind.DROP_CONSTRAINT: _constraint,
    EventKind.OPEN_TXNS: _txn,
    EventKind.COMMIT_TXN: _txn,
    EventKind.ABORT_TXNS: _txn,
    EventKind.ALLOCATE_WRITE_IDS: _write_ids,
}
