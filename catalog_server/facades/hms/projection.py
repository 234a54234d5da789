"""Which fields of a table a client asked for (GetProjectionsSpec of Hive 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from catalog_server.model.errors import Unsupported
from catalog_server.wire import hive_metastore as wire


@dataclass(frozen=True, slots=True)
class Projection:
    """The paths of the wanted fields (`tableName`, `sd.location`), none for all, and which parameters are wanted."""

    paths: tuple[tuple[str, ...], ...] = ()
    include: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None

    @classmethod
    def of(cls, spec: Any) -> Projection:
        """The projection of a GetProjectionsSpec; raises `Unsupported` for a field that a Table has not."""
        if spec is None:
            return cls()
        paths = tuple(tuple(path.split(".")) for path in spec.fieldList or ())
        for path in paths:
            _check(path, "Table", ".".join(path))
        return cls(paths, _keys(spec.includeParamKeyPattern), _keys(spec.excludeParamKeyPattern))

    def project(self, struct: Any) -> Any:
        """The Table struct with nothing but what is wanted."""
        if self.paths:
            struct = _only(struct, self.paths)
        if struct.parameters is not None and (self.include or self.exclude):
            struct.parameters = {key: value for key, value in struct.parameters.items() if self._wants(key)}
        return struct

    def _wants(self, key: str) -> bool:
        if self.include is not None and not self.include.fullmatch(key):
            return False
        return self.exclude is None or not self.exclude.fullmatch(key)


_INNER = {"sd": "StorageDescriptor", "serdeInfo": "SerDeInfo"}


def _check(path: tuple[str, ...], struct: str, said: str) -> None:
    fields = {field[2] for field in wire.BINDINGS.pair(struct)[1] if field is not None}
    if path[0] not in fields:
        raise Unsupported(f"Invalid table fields in the projection spec[{said}]")
    if len(path) > 1 and path[0] in _INNER:
        _check(path[1:], _INNER[path[0]], said)


def _keys(text: str | None) -> re.Pattern[str] | None:
    """Patterns of keys are those of SQL: `%` any characters, `_` one."""
    if not text:
        return None
    return re.compile("".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in text), re.DOTALL)


def _only(struct: Any, paths: tuple[tuple[str, ...], ...]) -> Any:
    wanted: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        wanted.setdefault(path[0], []).append(path[1:])
    kept: dict[str, Any] = {}
    for name, rest in wanted.items():
        value = getattr(struct, name)
        whole = name not in _INNER or value is None or not all(rest)
        kept[name] = value if whole else _only(value, tuple(rest))
    return type(struct)(**kept)
