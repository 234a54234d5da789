"""The process of a run on sail or connect: starts the engine, connects the catalog, then runs the script.

`python -m catalog_server.jobs.launch DIRECTORY ARGUMENTS...`, with what it must know in `CATALOG_*` variables.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog_server.jobs import driver
from catalog_server.jobs.gaps import Gaps, accept_any_master
from catalog_server.jobs.identity import Forwarder
from catalog_server.jobs.rest import Rest


def sail_catalogs(metastore: str, rest: str, token: str) -> str:
    """Sail's setting for its catalogs: tables of files over Thrift, Iceberg tables over REST."""

    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    hive = f'{{type="hms", name="spark_catalog", uris=[{text(metastore)}]}}'
    iceberg = f'{{type="iceberg-rest", name="iceberg", uri={text(rest)}, bearer_access_token={text(token)}}}'
    return f"[{hive}, {iceberg}]"


def start_sail(environment: Mapping[str, str]) -> tuple[Any, str]:
    """Start Sail in this process: the server, which ends when nobody holds it any more, and its Spark Connect URL."""
    user, token = environment["CATALOG_USER"], environment["CATALOG_TOKEN"]
    forwarder = Forwarder(environment["CATALOG_METASTORE"], user)
    os.environ["SAIL_CATALOG__LIST"] = sail_catalogs(forwarder.address, environment["CATALOG_ICEBERG"], token)
    os.environ["SAIL_CATALOG__DEFAULT_CATALOG"] = "spark_catalog"
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    return server, f"sc://127.0.0.1:{port}"


def remove_directory(location: str) -> None:
    """Empty the folder of a table that is made again."""
    from catalog_server.lake.filesystem import Lake

    Lake().filesystem(location).remove_directory(location)


def main() -> None:
    """Start what the engine needs, run the script, leave with its status at once."""
    directory = Path(sys.argv[1])
    engine, server = os.environ["CATALOG_ENGINE"], None
    if engine == "sail":
        server, os.environ["SPARK_REMOTE"] = start_sail(os.environ)
    accept_any_master()
    if engine == "sail":
        rest = Rest(os.environ["CATALOG_ICEBERG"], os.environ["CATALOG_TOKEN"])
        Gaps(rest, remove_directory, f"replacing_{os.environ['CATALOG_RUN'].replace('-', '_')}").install()
    driver.watch_spark(driver.Notes(directory / driver.TOUCHED))
    status = driver.run_script(directory, sys.argv[2:])
    sys.stdout.flush()
    sys.stderr.flush()
    del server
    os._exit(status)


if __name__ == "__main__":
    main()
