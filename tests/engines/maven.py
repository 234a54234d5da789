"""Java libraries out of a Maven repository, fetched once into a folder of the engines' home."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from catalog_server.jobs.downloads import MAVEN_URL
from catalog_server.jobs.engines import default_home
from tests.engines import process

FETCH_TIMEOUT_SECONDS = 1800.0


def libraries(name: str, artifacts: Sequence[str], *, chosen: Sequence[str] = (), left_out: Sequence[str] = ()) -> Path:
    """The folder of jars of `name`, fetched if they are not there; without Maven the test is skipped.

    Artifacts are `group:name:version` or `group:name:version:classifier`. `chosen` settles the version of what several
    want in several, `left_out` (`group` or `group:name`) is not fetched for anybody.
    """
    home = default_home() / name
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "lib").exists():
            maven = process.find_program("mvn")
            if maven is None:
                process.missing(f"{name} is fetched by Maven, which is not installed")
            shutil.rmtree(home / "part", ignore_errors=True)
            (home / "pom.xml").write_text(_pom(artifacts, chosen, left_out))
            (home / "settings.xml").write_text(_settings())
            _fetch(home, str(maven))
    return home / "lib"


def _fetch(home: Path, maven: str) -> None:
    command = [maven, "-q", "-B", "-s", "settings.xml", "dependency:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={home / 'part'}"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=FETCH_TIMEOUT_SECONDS, check=False)
    if done.returncode:
        process.missing(f"{home.name}: {(done.stdout + done.stderr)[-process.LOG_TAIL_CHARACTERS :]}")
    (home / "part").rename(home / "lib")


def _pom(artifacts: Sequence[str], chosen: Sequence[str], left_out: Sequence[str]) -> str:
    kept_out = "".join(f"<exclusion>{_coordinates(one)}</exclusion>" for one in left_out)
    wanted = "".join(
        f"<dependency>{_coordinates(one)}<exclusions>{kept_out}</exclusions></dependency>" for one in artifacts
    )
    settled = "".join(f"<dependency>{_coordinates(one)}</dependency>" for one in chosen)
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>local</groupId><artifactId>libraries</artifactId><version>1</version>"
        f"<dependencyManagement><dependencies>{settled}</dependencies></dependencyManagement>"
        f"<dependencies>{wanted}</dependencies></project>"
    )


def _coordinates(text: str) -> str:
    group, name, version, classifier = (*text.split(":"), "", "", "")[:4]
    told = f"<version>{version}</version>" if version else ""
    told += f"<classifier>{classifier}</classifier>" if classifier else ""
    return f"<groupId>{group}</groupId><artifactId>{name or '*'}</artifactId>{told}"


def _settings() -> str:
    """Fetch from the repository that our own downloads come from."""
    url = os.environ.get("CATALOG_SERVER__JOBS__MAVEN_URL") or MAVEN_URL
    mirror = f"<mirror><id>chosen</id><mirrorOf>*</mirrorOf><url>{escape(url)}</url></mirror>"
    return f"<settings><mirrors>{mirror}</mirrors></settings>"
