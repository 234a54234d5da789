"""SQL over the JSON API: statements are taken at once, waited for, read in pages and cancelled."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import msgspec
from starlette.responses import FileResponse, Response, StreamingResponse

from catalog_server.facades.web.bodies import Body
from catalog_server.facades.web.messages import (
    Failure,
    OutputColumn,
    Page,
    QueryAnswer,
    QueryStatistics,
    RowsAnswer,
    SampleAnswer,
)
from catalog_server.facades.web.paging import Paged, PageToken, place, token
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.facades.web.waiting import Waiting, settled
from catalog_server.model.names import TableName
from catalog_server.model.query import Query, QueryState

routes = Routes("Queries")
SQL_CHARACTERS_MAX = 1_000_000
EXACT_MAX = 2**53
"""Beyond it a browser's numbers are not exact, so such integers are sent as text."""


class NewQuery(Body):
    """A statement in Trino's SQL; catalog and database are where names without them are looked up.

    An `export` keeps all rows, however many, as a Parquet file, see `rows.parquet`; `rows_max` has no meaning for it.
    """

    sql: Annotated[str, msgspec.Meta(min_length=1, max_length=SQL_CHARACTERS_MAX)]
    catalog: str | None = None
    database: str | None = None
    rows_max: Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None = None
    export: bool = False


class Ending(Body):
    """Whether a query that is over is forgotten, with its rows; one that goes on is cancelled."""

    forget: bool = False


class RowsQuery(Body):
    """Which rows of a result are read."""

    page_token: PageToken | None = None
    page_size: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000


class Sampling(Body):
    """How many rows of a table are shown."""

    rows: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20


@routes.post("/queries")
def start_query(call: Call, body: NewQuery) -> QueryAnswer:
    """Take a statement and answer at once; its state tells how far it is."""
    queries = call.services.queries
    return answer(queries.submit(call.caller, body.sql, body.catalog, body.database, body.rows_max, export=body.export))


def answer(found: Query) -> QueryAnswer:
    """A query and how far it is."""
    said = found.statistics
    elapsed = said.get("elapsed_ms")
    if elapsed is None:
        elapsed = max(0, time.time_ns() // 1_000_000 - found.created_at)
    queued = found.started_at - found.created_at if found.started_at else None
    statistics = QueryStatistics(elapsed, queued, said.get("rows_read"), said.get("bytes_read"), said.get("files"))
    error = None
    if found.error is not None:
        error = Failure(found.error.type, found.error.message)
        if found.error.line is not None and found.error.column is not None:
            error.line, error.column = found.error.line, found.error.column
    return QueryAnswer(
        id=found.id,
        sql=found.sql,
        catalog=found.catalog,
        database=found.database,
        state=found.state.value,
        columns=_columns(found) if found.columns is not None else None,
        row_count=found.rows,
        truncated=found.truncated,
        statistics=statistics,
        progress=1.0 if found.state is QueryState.FINISHED else None,
        error=error,
        created_at=found.created_at or None,
        started_at=found.started_at or None,
        finished_at=found.finished_at,
        by=found.by,
    )


def _columns(found: Query) -> list[OutputColumn]:
    return [OutputColumn(column.name, column.type) for column in found.columns or ()]


@routes.get("/queries")
def list_queries(call: Call, query: Paged) -> Page[QueryAnswer]:
    """List queries, newest first."""
    before = place(query.page_token, tuple[int, str])
    found = call.services.queries.list(call.caller, before=before, count=query.page_size)
    following = token((found[-1].created_at, found[-1].id)) if len(found) == query.page_size else None
    return Page([answer(one) for one in found], following)


@routes.get("/queries/{query_id}")
async def get_query(call: Call, query_id: str, query: Waiting) -> QueryAnswer:
    """Get a query: its state, its columns once they are known, and why it failed."""

    def ended(found: Query) -> bool:
        return found.state.final

    look = partial(call.services.queries.get, call.caller, query_id)
    return answer(await settled(call, look, ended, query.wait_ms))


@routes.get("/queries/{query_id}/rows")
def read_rows(call: Call, query_id: str, query: RowsQuery) -> RowsAnswer:
    """Read rows of a finished query.

    Integers beyond 2^53 and decimals are text, dates and times as SQL writes them, binary values base64, rows lists.
    """
    offset = place(query.page_token, int) or 0
    found, rows = call.services.queries.rows(call.caller, query_id, offset, query.page_size)
    end = offset + len(rows)
    following = token(end) if rows and end < (found.rows or 0) else None
    return RowsAnswer(_columns(found), [_exact(row) for row in rows], offset, found.rows, following)


def _exact(value: Any) -> Any:
    """A value in which no integer is beyond what a browser can hold."""
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, int) and not -EXACT_MAX <= value <= EXACT_MAX:
        return str(value)
    return value


@routes.get("/queries/{query_id}/rows.csv")
def download_rows(call: Call, query_id: str) -> Response:
    """Download all rows of a finished query as CSV."""
    found, first = call.services.queries.rows(call.caller, query_id, 0, CSV_ROWS)
    headers = {"Content-Disposition": f'attachment; filename="query-{found.id[:12]}.csv"'}
    return StreamingResponse(_csv(call, found, first), media_type="text/csv; charset=utf-8", headers=headers)


@routes.get("/queries/{query_id}/rows.parquet")
def download_export(call: Call, query_id: str) -> Response:
    """Download all rows of a finished export as a Parquet file."""
    path = call.services.queries.exported(call.caller, query_id)
    name = f"query-{query_id[:12]}.parquet"
    return FileResponse(path, media_type="application/vnd.apache.parquet", filename=name)


CSV_ROWS = 5_000


def _csv(call: Call, found: Query, rows: list[list[Any]]) -> Iterator[str]:
    yield _csv_lines([[column.name for column in found.columns or ()]])
    offset = 0
    while rows:
        yield _csv_lines(rows)
        offset += len(rows)
        _, rows = call.services.queries.rows(call.caller, found.id, offset, CSV_ROWS)


def _csv_lines(rows: list[list[Any]]) -> str:
    held = io.StringIO()
    writer = csv.writer(held)
    for row in rows:
        writer.writerow(
            ["" if value is None else value if isinstance(value, str) else json.dumps(value) for value in row]
        )
    return held.getvalue()


@routes.delete("/queries/{query_id}", status=202)
def cancel_query(call: Call, query_id: str, query: Ending) -> QueryAnswer:
    """Ask for the end of a query; one that is over stays as it is, or is forgotten with its rows."""
    found = call.services.queries.cancel(call.caller, query_id)
    if query.forget and found.state.final:
        call.services.queries.forget(call.caller, query_id)
    return answer(found)


@routes.get("/catalogs/{catalog}/databases/{database}/tables/{table}/sample")
def sample_table(call: Call, catalog: str, database: str, table: str, query: Sampling) -> SampleAnswer:
    """Read a few rows of a table."""
    name = call.services.catalog.tables.get(call.caller, TableName(catalog, database, table)).full_name
    found, rows = call.services.queries.sample(call.caller, name, query.rows)
    return SampleAnswer(_columns(found), [_exact(row) for row in rows])
