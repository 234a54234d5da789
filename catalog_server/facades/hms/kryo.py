"""Reads the Kryo form of Hive's ExprNodeGenericFuncDesc, by which HiveServer2 and Hive's own client choose partitions.

Kryo writes no lengths: an object can only be passed over by those who know its fields. So this reads expressions over
columns and constants with the usual operators, and takes anything else for unreadable. The layout was worked out from what
Hive 2.3.10 and 4.0.1 write (tests/golden/kryo): fields in the order of their names; before an object its class, if the
field does not settle it, and a reference; numbers of 7 bits a byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from catalog_server.model.errors import Invalid
from catalog_server.model.expressions import Both, Comparison, Either, Membership, Not, Predicate, Unset, negate
from catalog_server.model.filters import Filter
from catalog_server.model.table import Column

_DEPTH_MAX = 100
_NODES_MAX = 200_000
"""Parts of an expression; bytes may name one part many times, so that few of them could stand for any number."""
_COUNT_BITS_MAX = 34
_QL, _SERDE = "org.apache.hadoop.hive.ql.", "org.apache.hadoop.hive.serde2."
_FUNCTION, _COLUMN, _CONSTANT = (f"{_QL}plan.ExprNode{name}Desc" for name in ("GenericFunc", "Column", "Constant"))
_UDF = f"{_QL}udf.generic.GenericUDF"
_LIST = "java.util.ArrayList"
_INSPECTORS = f"[L{_SERDE}objectinspector.ObjectInspector;"
_DAY = "org.apache.hadoop.hive.common.type.Date"
_COMPARE = {
    "OPEqual": "=", "OPNotEqual": "!=", "OPLessThan": "<", "OPEqualOrLessThan": "<=", "OPGreaterThan": ">",
    "OPEqualOrGreaterThan": ">=",
}  # fmt: skip
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_INSPECTED = (
    "Boolean",
    "Byte",
    "Short",
    "Int",
    "Long",
    "Float",
    "Double",
    "String",
    "Date",
    "Timestamp",
    "HiveVarchar",
)
_FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    _FUNCTION: (("children", "any"), ("genericUDF", "any"), ("isSortedExpr", "flag"), ("typeInfo", "any")),
    _COLUMN: (
        ("column", "text"), ("isPartitionColOrVirtualCol", "flag"), ("isSkewedCol", "flag"), ("tabAlias", "text"),
        ("typeInfo", "any"),
    ),
    _CONSTANT: (("typeInfo", "any"), ("value", "any")),
    f"{_UDF}In": (("bw", "any"), ("isInSetConstant", "flag")),
    f"{_UDF}Between": (("argumentOIs", "any"), ("egt", "any"), ("elt", "any"), ("result", "any")),
    f"{_SERDE}typeinfo.PrimitiveTypeInfo": (("typeName", "text"),),
    f"{_SERDE}typeinfo.VarcharTypeInfo": (("length", "whole"), ("typeName", "text")),
    f"{_SERDE}typeinfo.CharTypeInfo": (("length", "whole"), ("typeName", "text")),
    f"{_SERDE}typeinfo.DecimalTypeInfo": (("precision", "whole"), ("scale", "whole"), ("typeName", "text")),
    "org.apache.hadoop.io.BooleanWritable": (("value", "flag"),),
    "org.apache.hadoop.io.IntWritable": (("value", "whole"),),
    "org.apache.hadoop.io.LongWritable": (("value", "whole"),),
}  # fmt: skip
_FIELDS |= {f"{_UDF}{name}": (("result", "any"),) for name in ("OPAnd", "OPOr", "OPNot", "OPNull", "OPNotNull")}
_FIELDS |= {
    f"{_UDF}{name}": (
        ("compareOI", "any"), ("compareType", "enum"), ("opDisplayName", "text"), ("opName", "text"), ("result", "any"),
    )
    for name in _COMPARE
}  # fmt: skip
_FIELDS |= {
    f"{_SERDE}objectinspector.primitive.Writable{name}ObjectInspector": (("typeInfo", "any"),) for name in _INSPECTED
}
_FIELDS |= {
    f"{_SERDE}objectinspector.primitive.WritableConstant{name}ObjectInspector": (("typeInfo", "any"), ("value", "any"))
    for name in ("Boolean", "Int", "Long")
}


class _Unreadable(Exception):
    """The bytes hold something whose layout is not known here."""


@dataclass(slots=True)
class _Object:
    kind: str
    fields: dict[str, Any]


class _Reader:
    """Goes through the bytes once; objects and names of classes are numbered in the order in which they come."""

    def __init__(self, data: bytes, typed: bool) -> None:
        self.data = data
        self.typed = typed
        self.at = 0
        self.depth = 0
        self.objects: list[Any] = []
        self.names: list[str] = []
        self.kinds: dict[str, Callable[[], Any]] = {
            "any": self.any, "text": self.text, "flag": self.flag, "whole": self.signed, "enum": self.enum,
        }  # fmt: skip

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise _Unreadable
        self.at += 1
        return self.data[self.at - 1]

    def flag(self) -> bool:
        return self.byte() != 0

    def whole(self) -> int:
        number = shift = 0
        while True:
            byte = self.byte()
            if shift == 56:  # the ninth byte holds eight bits
                return number | byte << shift
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def signed(self) -> int:
        number = self.whole()
        return (number >> 1) ^ -(number & 1)

    def string(self) -> str | None:
        first = self.byte()
        if first < 0x80:  # ASCII: the last character has the high bit
            self.at -= 1
            start = self.at
            while self.byte() < 0x80:
                pass
            return (self.data[start : self.at - 1] + bytes((self.data[self.at - 1] & 0x7F,))).decode("ascii")
        count = first & 0x3F
        shift = 6
        while first & (0x40 if shift == 6 else 0x80):
            if shift > _COUNT_BITS_MAX:
                raise _Unreadable
            first = self.byte()
            count |= (first & 0x7F) << shift
            shift += 7
        if count == 0:
            return None
        start = self.at
        for _ in range(count - 1):  # of UTF-16, each in one to three bytes
            lead = self.byte()
            self.at += 0 if lead < 0x80 else 1 if lead >> 5 == 6 else 2
        raw = self.data[start : self.at]
        try:
            return raw.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeError as error:
            raise _Unreadable from error

    def referred(self, read: Callable[[], Any]) -> Any:
        """An object that may have been met before, or be none."""
        reference = self.whole()
        if reference == 0:
            return None
        if reference > 1:
            if reference - 2 >= len(self.objects):
                raise _Unreadable
            return self.objects[reference - 2]
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise _Unreadable
        place = len(self.objects)
        self.objects.append(None)
        self.objects[place] = read()
        self.depth -= 1
        return self.objects[place]

    def text(self) -> str | None:
        found: str | None = self.referred(self.string)
        return found

    def enum(self) -> int | None:
        found: int | None = self.referred(self.whole)
        return found

    def elements(self, count: int, one: Callable[[], Any] | None = None) -> list[Any]:
        if not 0 <= count <= len(self.data) - self.at:
            raise _Unreadable
        return [(one or self.any)() for _ in range(count)]

    def any(self) -> Any:
        """An object after its class."""
        return self.kind()()

    def kind(self) -> Callable[[], Any]:
        """What reads an object of the class that is named here."""
        number = self.whole()
        if number == 0:
            return lambda: None
        if number == 1:
            name = self.name()
            return lambda: self.of(name)
        basic = {0: self.signed, 1: self.text, 3: self.flag, 6: self.short, 7: self.signed}
        if number - 2 not in basic:
            raise _Unreadable
        return basic[number - 2]

    def sequence(self) -> list[Any]:
        """The elements of a list; Kryo 5, of Hive 4, counts one more and names the class of like ones once."""
        if not self.typed:
            return self.elements(self.whole())
        first = self.byte()
        count = first & 0x3F
        if first & 0x40:
            count |= self.whole() << 6
        if not first & 0x80:
            return self.elements(count - 1)
        if not self.data[self.at : self.at + 1].strip(b"\0"):  # of no class: elements that take no bytes have no end
            raise _Unreadable
        one = self.kind()
        self.flag()  # whether there are nulls among them, which references tell as well
        return self.elements(count - 1, one)

    def short(self) -> int:
        return int.from_bytes(bytes((self.byte(), self.byte())), "big", signed=True)

    def name(self) -> str:
        place = self.whole()
        if place == len(self.names):
            self.names.append(self.string() or "")
        if place >= len(self.names):
            raise _Unreadable
        return self.names[place]

    def of(self, kind: str) -> Any:
        """An object of a class."""
        if kind == _LIST:
            return self.referred(self.sequence)
        if kind == _INSPECTORS:
            return self.referred(lambda: self.elements(self.whole() - 1))
        if kind == _DAY:
            return self.referred(lambda: self.referred(self.day))
        if kind not in _FIELDS:
            raise _Unreadable
        return self.referred(lambda: self.fields(kind))

    def day(self) -> str:
        return f"{self.whole():04d}-{self.byte():02d}-{self.byte():02d}"

    def fields(self, kind: str) -> _Object:
        return _Object(kind, {name: self.kinds[of]() for name, of in _FIELDS[kind]})


def read(data: bytes) -> tuple[Predicate | None, bool]:
    """The predicate that the bytes hold as far as it could be read, and whether that is all of it."""
    for typed in (False, True):  # Hive 2 and 3 without the class before it, Hive 4 with it
        reader = _Reader(data, typed)
        try:
            found = reader.any() if typed else reader.of(_FUNCTION)
        except _Unreadable:
            continue
        if reader.at == len(data) and isinstance(found, _Object) and found.kind == _FUNCTION:
            try:
                return _Predicates().of(found)
            except _Unreadable:
                return None, False
    return None, False


class _Predicates:
    """Turns parts of an expression into predicates over keys; raises `_Unreadable` when they are too many."""

    def __init__(self) -> None:
        self._left = _NODES_MAX

    def of(self, node: Any) -> tuple[Predicate | None, bool]:
        """What a function says, as far as a predicate over keys can say it."""
        udf = node.fields["genericUDF"] if isinstance(node, _Object) and node.kind == _FUNCTION else None
        if not isinstance(udf, _Object) or not isinstance(node.fields["children"], list):
            return None, False
        children, name = node.fields["children"], udf.kind.removeprefix(_UDF)
        self._left -= 1 + len(children)
        if self._left < 0:
            raise _Unreadable
        if name in ("OPAnd", "OPOr"):
            return _joined(name, [self.of(child) for child in children])
        if name == "OPNot" and len(children) == 1:
            said, exact = self.of(children[0])
            return (negate(said), True) if said is not None and exact else (None, False)
        found = _leaf(name, children)
        return found, found is not None


def _joined(name: str, parts: list[tuple[Predicate | None, bool]]) -> tuple[Predicate | None, bool]:
    said = tuple(part for part, _ in parts if part is not None)
    exact = all(part is not None and whole for part, whole in parts)
    if not said or (name == "OPOr" and len(said) < len(parts)):
        return None, False
    return (Both(said) if name == "OPAnd" else Either(said)), exact


def _leaf(name: str, children: list[Any]) -> Predicate | None:
    if name in ("OPNull", "OPNotNull") and len(children) == 1 and (column := _column(children[0])):
        return Unset(column.key) if name == "OPNull" else Not(Unset(column.key))
    if name in _COMPARE and len(children) == 2:
        if column := _column(children[0]):
            return _checked(column, Comparison(column.key, _COMPARE[name], _value(children[1])))
        if column := _column(children[1]):
            return _checked(column, Comparison(column.key, _FLIPPED[_COMPARE[name]], _value(children[0])))
    if name == "In" and children and (column := _column(children[0])):
        return _checked(column, Membership(column.key, tuple(_value(child) for child in children[1:])))
    if name == "Between" and len(children) == 4 and (column := _column(children[1])):
        low, high = _value(children[2]), _value(children[3])
        both = Both((Comparison(column.key, ">=", low), Comparison(column.key, "<=", high)))
        negated = _value(children[0])
        return _checked(column, negate(both) if negated else both) if isinstance(negated, bool) else None
    return None


def _column(node: Any) -> Column | None:
    if not isinstance(node, _Object) or node.kind != _COLUMN or not isinstance(node.fields["typeInfo"], _Object):
        return None
    name, kind = node.fields["column"], node.fields["typeInfo"].fields["typeName"]
    return Column(name, kind) if name and kind else None


def _value(node: Any) -> Any:
    """A constant; None for anything else."""
    return node.fields["value"] if isinstance(node, _Object) and node.kind == _CONSTANT else None


def _checked(column: Column, said: Predicate) -> Predicate | None:
    """The predicate, if its values are such as are compared with the column."""
    values = [value for part in _parts(said) for value in part]
    if any(isinstance(value, bool) or not isinstance(value, str | int) for value in values):
        return None
    try:
        Filter(said).against([column])
    except Invalid:
        return None
    return said


def _parts(said: Predicate) -> list[tuple[Any, ...]]:
    if isinstance(said, Both | Either):
        return [values for part in said.parts for values in _parts(part)]
    return [said.values] if isinstance(said, Membership) else [(said.value,)] if isinstance(said, Comparison) else []
