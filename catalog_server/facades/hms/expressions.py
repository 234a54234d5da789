"""Reads the serialized expressions by which clients choose partitions: Hive's own objects, or the text of a filter."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_server.facades.hms import kryo
from catalog_server.model.filters import Filter


@dataclass(frozen=True, slots=True)
class Expression:
    """The filter that an expression stands for. With `unknown` set there is more to it than could be read, so that the
    filter may let through partitions that the expression does not."""

    filter: Filter | None
    unknown: bool = False


def read(expression: bytes | None) -> Expression:
    """What an expression says: no bytes mean all partitions.

    Bytes are Hive's Kryo form of an ExprNodeGenericFuncDesc (see kryo.py), or a filter as UTF-8 text, which Hive's own
    MSCK sends. Raises `Invalid` for a text that is no filter; of bytes that are neither, nothing is known.
    """
    if not expression:
        return Expression(None)
    text = _text(expression)
    if text is not None:
        return Expression(Filter.parse(text, names=True))
    predicate, exact = kryo.read(expression)
    return Expression(None if predicate is None else Filter(predicate), unknown=not exact)


def _text(expression: bytes) -> str | None:
    try:
        text = expression.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or text.replace("\n", " ").replace("\t", " ").isprintable() else None
