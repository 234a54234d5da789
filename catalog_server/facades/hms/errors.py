"""The one table from the catalog's errors to the exceptions that Hive's methods declare.

A method answers with the nearest exception that it declares (idl/hive_metastore.thrift); where it declares none of
them, the client is told of an internal error with the message. An outcome nobody knows closes the connection.
"""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import CloseConnection
from catalog_server.model import errors, txn
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from catalog_server.wire.bindings import Method

NEAREST: tuple[tuple[type[errors.CatalogError], tuple[str, ...]], ...] = (
    (txn.NoSuchTxn, ("NoSuchTxnException", "MetaException")),
    (txn.TxnAborted, ("TxnAbortedException", "MetaException")),
    (txn.TxnOpen, ("TxnOpenException", "MetaException")),
    (
        errors.NotFound,
        (
            "NoSuchObjectException", "NoSuchLockException", "UnknownTableException", "InvalidObjectException",
            "InvalidOperationException", "MetaException",
        ),
    ),
    (errors.AlreadyExists, ("AlreadyExistsException", "InvalidOperationException", "MetaException")),
    (errors.NotEmpty, ("InvalidOperationException", "MetaException")),
    (errors.Invalid, ("InvalidObjectException", "InvalidOperationException", "MetaException")),
    (errors.CatalogError, ("MetaException", "InvalidOperationException", "InvalidObjectException")),
)  # fmt: skip
"""By error, most special first: exceptions in the order in which a method's declarations are asked for them."""


_READERS = (__package__, "catalog_server.hive")
_STATISTICS_OF_PARTITIONS = ("update_partition_column_statistics", "delete_partition_column_statistics")
"""Calls to which a missing table is an invalid object."""


def translate(method: Method, error: Exception) -> Exception:
    """The exception that a method answers an error with."""
    if isinstance(error, errors.OutcomeUnknown):
        return CloseConnection(str(error))
    if isinstance(error, AttributeError) and _asked_of_nothing(error):
        error = errors.Invalid(method.name, f"a struct whose {error.name} is needed is missing in the call")
    if not isinstance(error, errors.CatalogError):
        return error
    message = worded(method, error)
    for name in _candidates(method, error):
        if _declares(method, name):
            return _exception(name, message)
    return codec.ApplicationError(codec.INTERNAL_ERROR, message)


def _asked_of_nothing(error: AttributeError) -> bool:
    """Whether this facade, which reads what clients send, found nothing where a struct is needed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return error.obj is None and trace is not None and trace.tb_frame.f_globals.get("__package__") in _READERS


def _candidates(method: Method, error: errors.CatalogError) -> tuple[str, ...]:
    if isinstance(error, errors.NotFound) and error.kind in ("database", "table", "column"):
        if method.name.startswith("create_table"):
            return ("InvalidObjectException", "NoSuchObjectException", "MetaException")
        if error.kind == "table" and method.name.endswith("ForEvent"):
            return ("UnknownTableException",)
        if error.kind == "database" and _declares(method, "UnknownDBException"):
            return ("UnknownDBException", "MetaException")
        if error.kind == "table" and method.name.startswith(_STATISTICS_OF_PARTITIONS):
            return ("InvalidObjectException",)
    if isinstance(error, errors.NotFound) and method.name == "alter_function":
        return ("MetaException",)
    if isinstance(error, errors.Invalid) and method.name.endswith("ForEvent"):
        return ("InvalidPartitionException",)
    if isinstance(error, errors.Invalid) and method.name.startswith("drop_database"):
        return ("MetaException",)
    if isinstance(error, errors.Invalid) and error.field.startswith(("partition", "filter", "column statistics")):
        return ("MetaException", "InvalidObjectException", "InvalidOperationException")
    return next(names for kind, names in NEAREST if isinstance(error, kind))


def _declares(method: Method, name: str) -> bool:
    kind: Any = getattr(wire, name)
    return kind in method.throws


def _exception(name: str, message: str) -> Exception:
    made: Exception = getattr(wire, name)(message=message)
    return made


def worded(method: Method, error: errors.CatalogError) -> str:
    """The message in the words of Hive's own server where clients look at them."""
    if isinstance(error, errors.AlreadyExists) and error.kind == "folder":
        return f"New location for this table already exists : {error.name}"
    if isinstance(error, errors.AlreadyExists) and method.name.startswith("alter_table"):
        return f"new table {error.name.partition('.')[2]} already exists"
    if isinstance(error, errors.NotFound):
        if error.kind == "lock":
            return f"No such lock lockid:{error.name}"
        if error.kind == "write id":
            return error.name
        if error.kind == "database":
            return f"database {error.name}"
        if error.kind == "table":
            return f"{error.name} table not found"
        if error.kind == "function":
            return f"Function {error.name} does not exist"
    if isinstance(error, errors.NotEmpty) and error.kind == "database":
        return f"Database {error.name.partition('.')[2]} is not empty. One or more tables exist."
    return error.message
