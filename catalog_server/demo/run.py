"""Runs the demo: each step through the server's own front door, printed with its answer and its time."""

from __future__ import annotations

import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from catalog_server.cli.client import RUNNING_STATES, Client, path
from catalog_server.cli.output import Failure
from catalog_server.demo import source
from catalog_server.demo.job import SCRIPT
from catalog_server.demo.s3 import S3Server, s3_server
from catalog_server.testing.server import RunningServer, start_server

BUCKET = "nycflights"
LATE_AIRLINES = """\
SELECT a.name, count(*) AS departures, round(avg(f.dep_delay), 2) AS mean_delay
FROM lake.flights f
JOIN faa.main.airlines a ON a.carrier = f.carrier
WHERE f.dep_delay IS NOT NULL
GROUP BY a.name
ORDER BY mean_delay DESC
LIMIT 5"""
SUMMER = """\
SELECT count(*) AS flights, count(DISTINCT p.manufacturer) AS makers
FROM lake.flights f
LEFT JOIN lake.planes p ON p.tailnum = f.tailnum
WHERE f.month IN (6, 7, 8)"""
BY_WEATHER = """\
SELECT weather, sum(departures) AS departures, sum(delay_minutes) AS delay_minutes,
       round(sum(delay_minutes) * 1.0 / sum(departures), 1) AS mean_delay
FROM analytics.route_delays
GROUP BY weather
ORDER BY mean_delay DESC"""


class Demo:
    """The steps, and what they share; figures are checked as the steps go."""

    def __init__(self, folder: Path, engine: str) -> None:
        from rich.console import Console

        self.folder = folder
        self.engine = engine
        self.console = Console(highlight=False)
        self.wrong: list[str] = []
        self.began = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step: its title before, its time behind."""
        began = time.monotonic()
        self.console.print(f"\n[bold cyan]{title}[/]")
        yield
        self.console.print(f"  [dim]{time.monotonic() - began:.1f} s[/]")

    def say(self, text: str) -> None:
        """A line below the title of a step."""
        self.console.print(f"  {text}")

    def check(self, what: str, found: object, wanted: object) -> None:
        """Compare an answer with the figure computed another way."""
        if found == wanted:
            self.say(f"[green]✓[/] {what}")
        else:
            self.wrong.append(f"{what}: {found!r} instead of {wanted!r}")
            self.say(f"[red]✗ {self.wrong[-1]}[/]")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Rows as a table."""
        from rich.table import Table

        shown = Table(box=None, pad_edge=False, header_style="dim")
        for name in columns:
            shown.add_column(name, justify="left")
        for row in rows:
            shown.add_row(*("" if value is None else str(value) for value in row))
        from rich.padding import Padding

        self.console.print(Padding(shown, (0, 0, 0, 2)))


def run(data: Path | None = None, engine: str = "sail", exit: bool = False) -> int:
    """Run the demo and return the exit status; without `exit` the server stays until Ctrl-C.

    `data` keeps what it makes; without it a temporary folder does, which is deleted at the end.
    """
    folder = (data or Path(tempfile.mkdtemp(prefix="catalog-demo-"))).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    previous = signal.signal(signal.SIGTERM, _interrupt)
    demo = Demo(folder, engine)
    try:
        with ExitStack() as stack:
            server = _steps(demo, stack)
            if demo.wrong:
                demo.console.print(f"\n[red]{len(demo.wrong)} answers were wrong[/]")
                return 1
            demo.console.print(
                f"\n[bold green]Every answer was right[/], {time.monotonic() - demo.began:.1f} s in all."
            )
            _connect(demo, server)
            if not exit:
                demo.console.print("\nThe server stays until you press Ctrl-C.")
                server.process.wait()
        return 0
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _steps(demo: Demo, stack: ExitStack) -> RunningServer:
    files = _data(demo)
    with demo.step("A real S3 server with the files in it"):
        s3 = stack.enter_context(s3_server(demo.folder / "s3", BUCKET))
        _upload(s3, files)
        demo.say(f"{len(files)} files, {sum(map(len, files.values())) / 1e6:.1f} MB in s3://{BUCKET} at {s3.endpoint}")
    with demo.step("The catalog server"):
        server = _start(demo.folder / "catalog")
        stack.callback(_end, server)
        demo.say(f"ready at {server.http}")
    client = Client(server.http)
    wanted = source.expected()
    _discover(demo, client, s3)
    _ask(demo, client, wanted)
    _change(demo, client, wanted)
    return server


def _start(data: Path) -> RunningServer:
    """The server on the ports that people know, on any free ones where somebody else has those."""
    http, thrift, grpc = _or_free(8181), _or_free(9083), _or_free(9084)
    try:
        return start_server(data, http_port=http, thrift_port=thrift, grpc_port=grpc)
    except RuntimeError:
        if not (http or thrift or grpc):
            raise
        return start_server(data)


def _end(server: RunningServer) -> None:
    if server.process.poll() is None:
        server.stop()


def _or_free(port: int) -> int:
    """The port that people know, if it is free here; else 0, which takes any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
        return port


def _data(demo: Demo) -> dict[str, bytes]:
    with demo.step("Real data: every flight that left New York City in 2013"):
        files = {f"flights/month={month}/flights.csv": body for month, body in source.flights_by_month().items()}
        files["weather/weather.parquet"] = source.weather_parquet()
        files["planes/planes.jsonl"] = source.planes_lines()
        source.database(demo.folder / "faa.db")
        demo.say("flights as CSV in twelve month folders, weather as Parquet, planes as JSON lines;")
        demo.say("airports and airlines in a database (SQLite)")
    return files


def _upload(s3: S3Server, files: dict[str, bytes]) -> None:
    from catalog_server.lake.filesystem import Lake
    from catalog_server.model.connection import Connection

    options = {"endpoint": s3.endpoint, "region": "us-east-1", "path_style": "true", "allow_http": "true"}
    secrets = {"access_key_id": s3.access_key_id, "secret_access_key": s3.secret_access_key}
    lake = Lake(lambda: [Connection("demo", "s3", options=options, secrets=secrets)])
    for key, body in files.items():
        location = f"s3://{BUCKET}/{key}"
        lake.filesystem(location).write(location, body)


def _discover(demo: Demo, client: Client, s3: S3Server) -> None:
    with demo.step("Two connections and two crawlers find what there is"):
        client.post(
            "/connections",
            {
                "name": "demo_s3",
                "kind": "s3",
                "prefixes": [f"s3://{BUCKET}/"],
                "options": {"endpoint": s3.endpoint, "region": "us-east-1", "path_style": "true", "allow_http": "true"},
                "secrets": {"access_key_id": s3.access_key_id, "secret_access_key": s3.secret_access_key},
            },
        )
        client.post("/connections", {"name": "faa", "url": f"sqlite:///{demo.folder / 'faa.db'}"})
        catalog = client.catalog(None)
        for name in ("lake", "reference"):
            client.post(path("catalogs", catalog, "databases"), {"name": name})
        folders = [f"s3://{BUCKET}/{name}/" for name in ("flights", "weather", "planes")]
        _crawl(demo, client, "lake", folders)
        _crawl(demo, client, "reference", ["connection:faa/main/%"])
        found = []
        for database in ("lake", "reference"):
            for table in client.pages(path("catalogs", catalog, "databases", database, "tables")):
                found.append([f"{database}.{table['name']}", table["format"], table["column_count"], table["location"]])
        demo.table(("table", "format", "columns", "where"), found)
        names = sorted(row[0] for row in found)
        wanted = ["lake.flights", "lake.planes", "lake.weather", "reference.airlines", "reference.airports"]
        demo.check("five tables, none too many", names, wanted)
        partitions = client.get(path("catalogs", catalog, "databases", "lake", "tables", "flights", "partitions"))
        demo.check("twelve partitions of flights", len(partitions["items"]), 12)


def _crawl(demo: Demo, client: Client, database: str, targets: list[str]) -> None:
    name = f"{database}_crawler"
    client.post("/crawlers", {"name": name, "targets": targets, "database": database})
    crawl = _wait(client, path("crawls", client.post(path("crawlers", name, "crawls"))["id"]))
    demo.check(f"crawl of {len(targets)} target{'s' * (len(targets) > 1)} into {database}", crawl["state"], "SUCCEEDED")
    if crawl["state"] != "SUCCEEDED":
        demo.say(str(crawl["error"]))


def _wait(client: Client, where: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(where)
    while found["state"] in RUNNING_STATES:
        found = client.get(where, wait_ms=1000)
    return found


def _sql(demo: Demo, client: Client, sql: str) -> list[list[Any]]:
    for line in sql.splitlines():
        demo.say(f"[dim]{line.replace('[', chr(92) + '[')}[/]")
    began = time.monotonic()
    query = client.post("/queries", {"sql": sql})
    query = _wait(client, path("queries", query["id"]))
    if query["state"] != "FINISHED":
        raise Failure(f"the query ended as {query['state']}: {(query['error'] or {}).get('message')}")
    answer = client.get(path("queries", query["id"], "rows"))
    demo.table([column["name"] for column in answer["columns"]], answer["rows"])
    demo.say(f"[dim]{(time.monotonic() - began) * 1000:.0f} ms[/]")
    rows: list[list[Any]] = answer["rows"]
    return rows


def _ask(demo: Demo, client: Client, wanted: source.Expected) -> None:
    with demo.step("SQL over the files in place, joined with the database"):
        rows = _sql(demo, client, LATE_AIRLINES)
        found = [(name, int(count), round(float(mean), 2)) for name, count, mean in rows]
        demo.check("the five latest airlines", found, wanted.latest_airlines)
        count = _sql(demo, client, "SELECT count(*) AS flights FROM lake.flights")
        demo.check("all flights", int(count[0][0]), wanted.flights)
        _sql(demo, client, SUMMER)


def _change(demo: Demo, client: Client, wanted: source.Expected) -> None:
    with demo.step(f"A PySpark job on {demo.engine} writes an Iceberg table"):
        client.post("/jobs", {"name": "route_delays", "script": SCRIPT, "engine": demo.engine})
        run = _wait(client, path("runs", client.post(path("jobs", "route_delays", "runs"))["id"]))
        demo.check("the run", run["state"], "SUCCEEDED")
        if run["state"] != "SUCCEEDED":
            demo.say(str(run["error"]))
            demo.say(client.get(path("runs", run["id"], "logs"))["text"][-3000:])
            raise Failure("the job failed")
        registered = [output["table"] for output in run["outputs"]]
        demo.check(
            "its output registered itself", any(name.endswith("analytics.route_delays") for name in registered), True
        )
    with demo.step("SQL over what the job wrote"):
        rows = _sql(demo, client, BY_WEATHER)
        found = {weather: (int(departures), int(minutes)) for weather, departures, minutes, _ in rows}
        demo.check("departures and delay by weather", found, wanted.by_weather)
        count = _sql(demo, client, "SELECT count(*) AS route_days FROM analytics.route_delays")
        demo.check("combinations of route, day and weather", int(count[0][0]), wanted.route_days)


def _connect(demo: Demo, server: RunningServer) -> None:
    spark = f"--conf spark.sql.catalogImplementation=hive --conf spark.hadoop.hive.metastore.uris={server.thrift}"
    lines = {
        "Browser": server.http,
        "Command": f"catalog --server {server.http} tables list lake",
        "Spark": f"spark-sql {spark}",
        "Trino": f"connector.name=iceberg, hive.metastore.uri={server.thrift}",
        "PyIceberg": f'load_catalog("catalog", type="rest", uri="{server.iceberg}")',
    }
    demo.console.print("\n[bold]Open and connect[/]")
    for name, line in lines.items():
        demo.console.print(f"  {name:<10} {line}", soft_wrap=True)
