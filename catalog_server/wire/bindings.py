"""Makes Thrift classes and codec tables from compact literals, each when it is first asked for.

The tables have the layout that Apache's codecs read, C and Python alike: a struct is described by a pair
`[class, thrift_spec]`, where `thrift_spec[i]` is None or `(id, type, name, type arguments, default)` of field i.
"""

from collections.abc import Callable, Iterator
from enum import IntEnum
from threading import RLock
from typing import Any, ClassVar

BOOL, BYTE, DOUBLE, I16, I32, I64, STRING, STRUCT, MAP, SET, LIST = 2, 3, 4, 6, 8, 10, 11, 12, 13, 14, 15
_SCALARS = {"bool": BOOL, "byte": BYTE, "double": DOUBLE, "i16": I16, "i32": I32, "i64": I64}
_WHEN_ARGUMENTS = {"list": (LIST, (STRING, "BINARY", False)), "set": (SET, (STRING, "BINARY", False))}

Pair = list[Any]
"""`[class, thrift_spec]`."""


class ThriftStruct:
    """Base of all structs: fields are attributes, unset ones are None or the field's default.

    Only what is set lies in the instance, so making one costs little however many fields there are.
    """

    FIELDS: ClassVar[frozenset[str]] = frozenset()
    thrift_spec: ClassVar[tuple[Any, ...]] = ()

    def __init__(self, **fields: Any) -> None:
        if fields:
            if not fields.keys() <= self.FIELDS:
                unknown = ", ".join(sorted(fields.keys() - self.FIELDS))
                raise TypeError(f"{type(self).__name__} has no field {unknown}")
            self.__dict__.update(fields)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.FIELDS)

    __hash__ = None  # type: ignore[assignment]

    def read(self, protocol: Any) -> None:
        """Set the fields from one of Apache Thrift's protocols."""
        protocol.readStruct(self, self.thrift_spec)

    def write(self, protocol: Any) -> None:
        """Write the fields to one of Apache Thrift's protocols."""
        protocol.writeStruct(self, self.thrift_spec)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"{type(self).__name__}({shown})"


class ThriftError(ThriftStruct, Exception):
    """Base of all exceptions that a service declares."""

    message: str | None

    def __init__(self, message: str | None = None, **fields: Any) -> None:
        ThriftStruct.__init__(self, **fields)
        if message is not None:
            self.message = message

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(type(self))

    def __str__(self) -> str:
        return self.message or ""


class _LazySpec:
    """Stands for a class's `thrift_spec` until it is asked for."""

    def __init__(self, bindings: "Bindings", name: str) -> None:
        self._bindings, self._name = bindings, name

    def __get__(self, instance: object, owner: type) -> Any:
        return self._bindings.pair(self._name)[1]


class Probe:
    """What a probing decode fills: it has an attribute for each field seen whose meaning changed between versions."""

    def found(self) -> bool:
        """Whether the bytes hold, at any depth, a field with the type that it had in older versions."""
        return any(name == "seen" or _any_seen(value) for name, value in vars(self).items())


def _any_seen(value: Any) -> bool:
    if isinstance(value, Probe):
        return value.found()
    if isinstance(value, dict):
        value = value.values()
    return isinstance(value, list | set | tuple | type({}.values())) and any(_any_seen(item) for item in value)


class Method:
    """How the calls of one method are read and its answers written.

    `arguments` and `result` are pairs for the codec. If `probe` is not None, a call may come with older meanings of
    some field ids: decode it with `probe` first, and if that has `found()` one, read with `older.arguments` and write
    with `older.result`. `throws` gives the field of the result for each declared exception class.
    """

    __slots__ = ("arguments", "name", "older", "oneway", "probe", "result", "returns", "throws")

    def __init__(self, name: str, returns: str, arguments: Pair, result: Pair, throws: dict[type, str]) -> None:
        self.name = name
        self.returns = returns
        self.oneway = returns == "oneway"
        self.arguments = arguments
        self.result = result
        self.throws = throws
        self.probe: Pair | None = None
        self.older: Method | None = None


class Bindings:
    """The structs, enums, methods and constants of one service; see generate.py for the literals."""

    def __init__(
        self,
        enums: dict[str, dict[str, int]],
        structs: dict[str, tuple[Any, ...]],
        methods: dict[str, tuple[Any, ...]],
        variants: dict[str, tuple[str, int, str]],
        constants: dict[str, str | int],
    ) -> None:
        self.enums, self.structs, self.methods = enums, structs, methods
        self.variants, self.constants = variants, constants
        self._classes: dict[str, type] = {}
        self._pairs: dict[tuple[str, bool], Pair] = {}
        self._probes: dict[str, Pair | None] = {}
        self._methods: dict[str, Method] = {}
        self._lock = RLock()

    def attribute(self, name: str) -> Any:
        """The struct class, enum or constant of that name. Raises AttributeError."""
        if name in self.structs and name not in self._variant_names():
            return self.struct(name)
        if name in self.enums:
            return self._made(name, lambda: IntEnum(name, self.enums[name]))
        if name in self.constants:
            return self.constants[name]
        raise AttributeError(f"the Thrift bindings have no {name!r}")

    def struct(self, name: str) -> type:
        """The class of a struct, union or exception. Raises KeyError."""
        made: type = self._made(
            name,
            lambda: self._class(name, self.structs[name][0], self._all_fields(name), _LazySpec(self, name)),
        )
        return made

    def pair(self, name: str, older: bool = False) -> Pair:
        """The codec's pair for a struct, with the field ids of older versions if asked for. Raises KeyError."""
        pair = self._pairs.get((name, older))
        if pair is None or pair[1] is None:
            with self._lock:
                pair = self._pairs.get((name, older)) or self._new_pair(name, older)
        return pair

    def _new_pair(self, name: str, older: bool) -> Pair:
        cls = self.struct(name)
        pair = self._pairs[name, older] = [cls, None]  # known before its fields are, since structs may nest
        pair[1] = self._spec(self._fields_of(name, older), older)
        if not older:
            cls.thrift_spec = pair[1]  # type: ignore[attr-defined]
        return pair

    def method(self, name: str) -> Method:
        """How a method is read and written. Raises KeyError."""
        method = self._methods.get(name)
        if method is None:
            if name not in self.methods or "__hive" in name:
                raise KeyError(name)
            with self._lock:
                method = self._methods[name] = self._new_method(name)
        return method

    def _new_method(self, name: str) -> Method:
        method = self._method(name, name, older=False)
        probe = self._probe_of_fields(self.methods[name][1], self.variants.get(name), set())
        if probe is not None:
            method.probe = [Probe, probe]
            method.older = self._method(name, self.variants.get(name, (name,))[0], older=True)
        return method

    def method_names(self) -> Iterator[str]:
        """The names of all methods of the union."""
        return (name for name in self.methods if "__hive" not in name)

    def _made(self, name: str, make: Callable[[], Any]) -> Any:
        made = self._classes.get(name)
        if made is None:
            made = self._classes.setdefault(name, make())
        return made

    def _variant_names(self) -> set[str]:
        return {variant[0] for variant in self.variants.values()}

    def _fields_of(self, name: str, older: bool) -> tuple[Any, ...]:
        source = self.variants[name][0] if older and name in self.variants else name
        return self.structs[source][1:]

    def _all_fields(self, name: str) -> tuple[Any, ...]:
        fields = self._fields_of(name, older=False)
        return (*self._fields_of(name, older=True), *fields) if name in self.variants else fields

    def _class(self, name: str, kind: str, fields: tuple[Any, ...], spec: Any) -> type:
        base = ThriftError if kind == "exception" else ThriftStruct
        body: dict[str, Any] = {field[1]: field[3] if len(field) > 3 else None for field in fields}
        body["FIELDS"] = frozenset(body)
        body["thrift_spec"] = spec
        body["__module__"] = "catalog_server.wire.hive_metastore"
        return type(name, (base,), body)

    def _method(self, name: str, source: str, older: bool) -> Method:
        returns, arguments, throws = self.methods[source]
        result = list(throws) if returns in ("void", "oneway") else [(0, "success", returns), *throws]
        pairs = {}
        for suffix, fields in (("args", arguments), ("result", tuple(result))):
            spec = self._spec(fields, older)
            pairs[suffix] = [self._class(f"{name}_{suffix}", "struct", fields, spec), spec]
        declared = {self.struct(kind): field for _, field, kind in throws}
        return Method(name, returns, pairs["args"], pairs["result"], declared)

    def _spec(self, fields: tuple[Any, ...], older: bool) -> tuple[Any, ...]:
        spec: list[Any] = [None] * (max((field[0] for field in fields), default=-1) + 1)
        for number, name, kind, *default in fields:
            code, arguments = self._type(kind.rstrip("?!"), older, frozen=False)
            spec[number] = (number, code, name, arguments, default[0] if default else None)
        return tuple(spec)

    def _type(self, kind: str, older: bool, frozen: bool) -> tuple[int, Any]:
        """The wire type and the codec's arguments of a type; `frozen` ones decode to what can be a map's key."""
        if kind in _SCALARS:
            return _SCALARS[kind], None
        if kind in ("string", "binary"):
            return STRING, "UTF8" if kind == "string" else "BINARY"
        if kind in self.enums:
            return I32, None
        if kind.endswith(">"):
            inner = _inner_types(kind)
            parts = [self._type(part, older, frozen or (kind[0] == "m" and i == 0)) for i, part in enumerate(inner)]
            code = {"list": LIST, "set": SET, "map": MAP}[kind[: kind.index("<")]]
            return code, (*(item for part in parts for item in part), frozen)
        return STRUCT, self.pair(kind, older)

    def _probe(self, kind: str, path: set[str]) -> Pair | None:
        if kind not in self._probes:
            if kind in path:
                return None
            spec = self._probe_of_fields(self.structs[kind][1:], self.variants.get(kind), path | {kind})
            self._probes[kind] = None if spec is None else [Probe, spec]
        return self._probes[kind]

    def _probe_of_fields(
        self, fields: tuple[Any, ...], variant: tuple[str, int, str] | None, path: set[str]
    ) -> tuple[Any, ...] | None:
        """A spec that reads only those fields on the way to one whose meaning changed; None if there is none."""
        found: dict[int, tuple[Any, ...]] = {}
        for number, _, kind, *_ in fields:
            code, arguments = self._probe_type(kind.rstrip("?!"), path)
            if code:
                found[number] = (number, code, f"inner{number}", arguments, None)
        if variant is not None:
            _, number, when = variant
            code, arguments = _WHEN_ARGUMENTS.get(when, (STRING, "BINARY"))
            if when == "struct":
                code, arguments = STRUCT, [Probe, ()]
            found[number] = (number, code, "seen", arguments, None)
        if not found:
            return None
        return tuple(found.get(number) for number in range(max(found) + 1))

    def _probe_type(self, kind: str, path: set[str]) -> tuple[int, Any]:
        if kind in self.structs:
            probe = self._probe(kind, path)
            return (STRUCT, probe) if probe is not None else (0, None)
        if kind.startswith("list<"):
            code, arguments = self._probe_type(_inner_types(kind)[0], path)
            return (LIST, (code, arguments, False)) if code else (0, None)
        return 0, None


def _inner_types(kind: str) -> list[str]:
    """The parameters of a container type: "map<string,list<i64>>" has "string" and "list<i64>"."""
    inner, depth, start, found = kind[kind.index("<") + 1 : -1], 0, 0, []
    for position, character in enumerate(inner):
        depth += (character == "<") - (character == ">")
        if character == "," and depth == 0:
            found.append(inner[start:position])
            start = position + 1
    return [*found, inner[start:]]
