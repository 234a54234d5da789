"""Conversions of tables over the JSON API."""

from __future__ import annotations

from typing import Literal

import msgspec

from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import Body
from catalog_server.facades.web.messages import JobAnswer, RunAnswer
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.model.conversion import Conversion, Converting
from catalog_server.model.job import JobRun
from catalog_server.model.names import TableName

routes = Routes("Conversions")
TABLE = "/catalogs/{catalog}/databases/{database}/tables/{table}"
Format = Literal["iceberg", "parquet"]
Engine = Literal["sail", "spark"]


class WantedConversion(Body):
    """What is to be made of a table; all that is left out is chosen."""

    format: Format = "iceberg"
    database: str | None = None
    """Where the new table goes, else where the old one is."""
    name: str | None = None
    """What it is called, else as the old one with the format behind it."""
    location: str | None = None
    """The folder of its files, else below its database's."""
    engine: Engine | None = None
    """`sail` reads the table by the server's SQL, `spark` by Spark."""
    job: str | None = None


class NewConversion(WantedConversion):
    """The same, to be done."""

    configuration: dict[str, str] = msgspec.field(default_factory=dict)
    run: bool = True
    """Whether the job is started at once."""


class ConversionAnswer(msgspec.Struct):
    """The job that converts a table, and the table that it makes."""

    job: JobAnswer
    database: str
    table: str
    readable_by: str | None
    """The engines that read the old table rightly, where not all do."""
    exists: bool
    """Whether the job is there."""
    run: RunAnswer | None


@routes.get(f"{TABLE}/conversion")
def plan_conversion(call: Call, catalog: str, database: str, table: str, query: WantedConversion) -> ConversionAnswer:
    """Show the job that would convert a table, with its script; nothing is changed."""
    return _answer(call.services.conversions.plan(call.caller, _wanted(catalog, database, table, query)), None)


@routes.post(f"{TABLE}/conversion")
def convert_table(call: Call, catalog: str, database: str, table: str, body: NewConversion) -> ConversionAnswer:
    """Make the job that converts a table, unless it is there just so, and start it."""
    wanted = _wanted(catalog, database, table, body, body.configuration)
    return _answer(*call.services.conversions.create(call.caller, wanted, run=body.run))


def _wanted(
    catalog: str, database: str, table: str, said: WantedConversion, configuration: dict[str, str] | None = None
) -> Conversion:
    return Conversion(
        TableName(catalog, database, table),
        said.format,
        said.database,
        said.name,
        said.location,
        said.engine,
        said.job,
        configuration or {},
    )


def _answer(planned: Converting, run: JobRun | None) -> ConversionAnswer:
    return ConversionAnswer(
        job=convert.job(planned.job, run),
        database=planned.target.database,
        table=planned.target.table,
        readable_by=planned.readable_by,
        exists=planned.exists,
        run=convert.run(run) if run else None,
    )
