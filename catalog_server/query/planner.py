"""Planning: from a caller's statement to what an engine runs, or to the answer itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from catalog_server.model.caller import Caller
from catalog_server.model.errors import InvalidQuery
from catalog_server.query.federation import Federation
from catalog_server.query.plan import Plan, type_to_json
from catalog_server.query.types import VARCHAR

if TYPE_CHECKING:
    from catalog_server.catalog.catalog import CatalogService


@dataclass(frozen=True, slots=True)
class Planned:
    """A statement that can be run: by the catalog (`answer`) or by an engine (`plan`)."""

    columns: tuple[tuple[str, str], ...]
    """Names and types as Trino shows them."""
    plan: Plan | None = None
    answer: Sequence[Sequence[str]] | None = None
    statistics: Mapping[str, int] = field(default_factory=dict)


def plan(
    catalog: CatalogService, caller: Caller, sql: str, default_catalog: str | None, default_schema: str | None
) -> Planned:
    """Plan a statement; raises `InvalidQuery`, `Unsupported`, `Denied` and what looking at the data raises."""
    from catalog_server.query.statements import answer, explained

    federation = Federation(catalog, caller, default_catalog, default_schema)
    inner = explained(sql)
    if inner is not None:
        planned = _planned_below(federation, *inner, sql)
        assert planned.plan is not None
        planned.plan.explain = True
        planned.plan.columns = [{"name": "Query Plan", "type": type_to_json(VARCHAR)}]
        return Planned((("Query Plan", "varchar"),), planned.plan, statistics=planned.statistics)
    told = answer(sql, federation)
    if told is not None:
        return Planned(tuple((name, "varchar") for name in told.columns), answer=told.rows)
    return _query(federation, sql)


def _planned_below(federation: Federation, statement: str, start: int, sql: str) -> Planned:
    """Plan what stands behind EXPLAIN; positions in errors count from the beginning of the whole text."""
    before = sql[:start]
    try:
        return _query(federation, statement)
    except InvalidQuery as error:
        column = error.column + (len(before) - before.rfind("\n") - 1 if error.line == 1 else 0)
        raise InvalidQuery(error.reason, error.line + before.count("\n"), column) from error


def _query(federation: Federation, sql: str) -> Planned:
    from catalog_server.query.scanspecs import SpecBuilder
    from catalog_server.query.translate import translate

    translation = translate(sql, federation, federation.caller.user)
    made = Plan(translation.sql, [{"name": name, "type": type_to_json(kind)} for name, kind in translation.columns])
    builder = SpecBuilder(federation.catalog, made)
    for scan in translation.scans:
        builder.add(scan)
    columns = tuple((name, str(kind)) for name, kind in translation.columns)
    return Planned(columns, made, statistics=asdict(builder.counts))
