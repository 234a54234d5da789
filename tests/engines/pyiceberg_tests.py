"""PyIceberg's own tests, out of its source distribution, in an environment of their own."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

from catalog_server.jobs.engines import default_home
from tests.engines import process

VERSION = "0.12.0"
PACKAGES = (
    f"pyiceberg[hive,pyarrow,s3fs,sql-sqlite]=={VERSION}",
    "boto3",
    "fastavro",
    "moto[server]>=5",
    "pytest",
    "pytest-lazy-fixtures",
    "requests-mock",
)
CATALOG = "PYICEBERG_CATALOG__TESTED__"


@dataclass(frozen=True, slots=True)
class Result:
    """How many of the tests passed, failed and were left out, and what was printed."""

    passed: int
    failed: int
    skipped: int
    output: str


def run(
    tests: str, properties: Mapping[str, str], timeout_seconds: float = 240, left_out: Sequence[str] = ()
) -> Result:
    """Run those of the tests that take any catalog against a catalog of these properties, unchanged.

    `tests` is a file below PyIceberg's folder of tests. Every namespace of the catalog is dropped.
    Tests of the names in `left_out` are not run.
    """
    home = _installed()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    environment |= {f"{CATALOG}{key.upper()}": value for key, value in properties.items()}
    environment["PYICEBERG_TEST_CATALOG"] = "tested"
    report = process.new_folder("pyiceberg-tests") / "report.xml"
    command = [home / "venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    chosen = " and not ".join(("rest_test_catalog", *left_out))
    command += ["-m", "integration", "-k", chosen, f"tests/{tests}"]
    finished = subprocess.run(
        [str(part) for part in command],
        cwd=home / f"pyiceberg-{VERSION}",
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    counts = _counts(report)
    shutil.rmtree(report.parent)
    return Result(*counts, finished.stdout + finished.stderr)


def _counts(report: Path) -> tuple[int, int, int]:
    from xml.etree import ElementTree

    suite = ElementTree.parse(report).getroot()[0]
    total, errors, failures, skipped = (int(suite.get(name, 0)) for name in ("tests", "errors", "failures", "skipped"))
    return total - errors - failures - skipped, errors + failures, skipped


def _installed() -> Path:
    home = default_home() / f"pyiceberg-tests-{VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done, wanted = home / "installed", "\n".join(PACKAGES)
        if not done.exists() or done.read_text() != wanted:
            try:
                _fetch(home)
            except (httpx.HTTPError, subprocess.CalledProcessError) as error:
                process.missing(f"PyIceberg's tests cannot be had: {error}")
            done.write_text(wanted)
    return home


def _fetch(home: Path) -> None:
    index = os.environ.get("PIP_INDEX_URL") or os.environ.get("UV_INDEX_URL") or "https://pypi.org/simple"
    page = f"{index.rstrip('/')}/pyiceberg/"
    with httpx.Client(follow_redirects=True, timeout=60) as client:
        listed = client.get(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"}).raise_for_status()
        files = json.loads(listed.text)["files"]
        url = next(one["url"] for one in files if one["filename"] == f"pyiceberg-{VERSION}.tar.gz")
        archive = home / "pyiceberg.tar.gz"
        archive.write_bytes(client.get(urljoin(page, url)).raise_for_status().content)
    with tarfile.open(archive) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(home)
    archive.unlink()
    uv = process.find_program("uv")
    if uv is None:
        process.missing("uv, which makes environments for tests")
    subprocess.run([str(uv), "venv", "-q", "--python", sys.executable, "--clear", home / "venv"], check=True)
    subprocess.run([str(uv), "pip", "install", "-q", "--python", home / "venv/bin/python", *PACKAGES], check=True)
