"""Engines come from package registries: downloads are resumed and checked, a half install is never taken for one."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_server.jobs import engines
from catalog_server.jobs.downloads import Artifact, fetch
from catalog_server.jobs.java import find_java, wrap_java
from catalog_server.model.errors import Invalid, NotFound, Unavailable

BODY = bytes(range(256)) * 8192
JAR = Artifact("org.example", "part", "1.0", hashlib.sha256(BODY).hexdigest())


class Repository:
    """A Maven repository on loopback that can break off transfers; `requests` are the ranges it was asked for."""

    def __init__(self, files: dict[str, bytes], port: int) -> None:
        self.files = files
        self.url = f"http://127.0.0.1:{port}/maven2/"
        self.break_after: int | None = None
        self.requests: list[str | None] = []


@pytest.fixture
def repository() -> Iterator[Repository]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            served.requests.append(asked)
            body = served.files.get(self.path.removeprefix("/maven2/"))
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
            self.send_response(404 if body is None else 206 if asked else 200)
            rest = (body or b"")[start:]
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[: served.break_after])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Repository({JAR.path: BODY}, server.server_address[1])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield served
        server.shutdown()
        thread.join()


class TestDownloads:
    def test_a_file_is_fetched_once_and_progress_is_told(self, repository: Repository, tmp_path: Path) -> None:
        told: list[tuple[str, int, int | None]] = []
        for _ in range(2):
            path = fetch(JAR, tmp_path, repository.url, lambda *step: told.append(step))
        assert path.read_bytes() == BODY
        assert len(repository.requests) == 1
        assert told[-1] == ("downloading part-1.0.jar", len(BODY), len(BODY))

    def test_a_broken_transfer_is_taken_up_where_it_ended(self, repository: Repository, tmp_path: Path) -> None:
        repository.break_after = 1_000_000
        path = fetch(JAR, tmp_path, repository.url)
        assert path.read_bytes() == BODY
        assert repository.requests == [None, "bytes=1000000-", "bytes=2000000-"]

    def test_a_transfer_that_keeps_breaking_leaves_no_file(self, repository: Repository, tmp_path: Path) -> None:
        repository.break_after = 1000
        with pytest.raises(Unavailable, match="cannot download"):
            fetch(JAR, tmp_path, repository.url)
        assert [path.name for path in tmp_path.iterdir()] == ["part-1.0.jar.part"]

    def test_other_bytes_than_expected_are_refused(self, repository: Repository, tmp_path: Path) -> None:
        repository.files[JAR.path] = BODY[:-1] + b"?"
        with pytest.raises(Unavailable, match="SHA-256 differs"):
            fetch(JAR, tmp_path, repository.url)
        assert list(tmp_path.iterdir()) == []

    def test_a_file_that_is_not_there_says_so(self, repository: Repository, tmp_path: Path) -> None:
        with pytest.raises(Unavailable, match="answered 404"):
            fetch(Artifact("org.example", "other", "1", ""), tmp_path, repository.url)
        assert len(repository.requests) == 1


def make_java(root: Path, name: str, version: str, modules: str = "java.base jdk.incubator.vector") -> Path:
    home = root / name
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (home / "bin" / "java").chmod(0o755)
    (home / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return home


class TestJava:
    def test_the_oldest_that_will_do_is_taken(self, tmp_path: Path) -> None:
        for version in ("1.8.0_392", "17.0.15", "21.0.1", "25.0.3"):
            make_java(tmp_path, f"jdk-{version}", version)
        limits = ((17, 24), (24, None), (30, None))
        found = [find_java(minimum, below, environ={}, roots=[tmp_path]) for minimum, below in limits]
        assert [java.major if java else None for java in found] == [17, 25, None]

    def test_java_home_comes_first(self, tmp_path: Path) -> None:
        make_java(tmp_path / "roots", "jdk", "17.0.1")
        mine = make_java(tmp_path, "mine", "21")
        java = find_java(17, environ={"JAVA_HOME": str(mine)}, roots=[tmp_path / "roots"])
        assert java is not None
        assert java.home == mine

    def test_one_without_the_vector_module_is_passed_over(self, tmp_path: Path) -> None:
        make_java(tmp_path, "jdk", "17.0.1", modules="java.base java.sql")
        assert find_java(17, environ={}, roots=[tmp_path]) is None

    def test_the_wrapper_drops_one_argument_and_keeps_the_rest(self, tmp_path: Path) -> None:
        home = wrap_java(make_java(tmp_path, "a java's home", "17"), tmp_path / "wrapped")
        arguments = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "-D a=b'c", "", "--add-modules=java.sql"]
        answer = subprocess.run([home / "bin" / "java", *arguments], capture_output=True, text=True, check=True)
        assert answer.stdout.split("\n")[:-1] == [arguments[0], *arguments[2:]]


class TestEngines:
    @pytest.fixture(autouse=True)
    def java(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path, "jdk", "25")))

    @pytest.fixture
    def trino(self, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Artifact:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            entry = tarfile.TarInfo(f"trino-server-{engines.TRINO_VERSION}/lib/server.jar")
            entry.size = 3
            tar.addfile(entry, io.BytesIO(b"jar"))
        body = packed.getvalue()
        artifact = Artifact("io.trino", "trino-server", "476", hashlib.sha256(body).hexdigest(), "tar.gz")
        repository.files[artifact.path] = body
        monkeypatch.setattr(engines, "TRINO_SERVER", artifact)
        return artifact

    @pytest.mark.usefixtures("trino")
    def test_install_find_list_and_remove(self, repository: Repository, tmp_path: Path) -> None:
        for _ in range(2):
            engine = engines.install("trino", tmp_path, maven_url=repository.url)
        assert len(repository.requests) == 1
        assert engine.trino_home is not None
        assert (engine.trino_home / "lib" / "server.jar").read_text() == "jar"
        assert engines.installed(tmp_path) == [engine] == [engines.find_trino(tmp_path)]
        engines.remove("trino", tmp_path)
        assert engines.installed(tmp_path) == []
        with pytest.raises(NotFound):
            engines.remove("trino", tmp_path)

    def test_a_half_install_is_made_anew(self, repository: Repository, trino: Artifact, tmp_path: Path) -> None:
        half = tmp_path / f"trino-{engines.TRINO_VERSION}" / f"trino-server-{engines.TRINO_VERSION}"
        half.mkdir(parents=True)
        (half / "left-over").touch()
        assert engines.installed(tmp_path) == []
        with pytest.raises(NotFound, match="catalog engines install trino"):
            engines.find_trino(tmp_path)
        engines.install("trino", tmp_path, maven_url=repository.url)
        assert not (half / "left-over").exists()

    @pytest.mark.usefixtures("trino")
    def test_two_installers_download_once(self, repository: Repository, tmp_path: Path) -> None:
        threads = [
            threading.Thread(target=engines.install, args=("trino", tmp_path), kwargs={"maven_url": repository.url})
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(repository.requests) == 1

    def test_an_unknown_engine_is_refused_by_name(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="'flink' is not one of spark, trino"):
            engines.install("flink", tmp_path)

    def test_an_existing_spark_is_used(self, tmp_path: Path) -> None:
        spark_home = tmp_path / "spark"
        (spark_home / "bin").mkdir(parents=True)
        (spark_home / "jars").mkdir()
        (spark_home / "bin" / "spark-submit").touch()
        (spark_home / "jars" / "spark-core_2.13-4.0.1.jar").touch()
        environ = {"SPARK_HOME": str(spark_home), "PYSPARK_PYTHON": "/opt/python"}
        engine = engines.find_spark(tmp_path, environ)
        assert (engine.version, engine.spark_home, str(engine.python)) == ("4.0.1", spark_home, "/opt/python")

    def test_a_spark_home_without_spark_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="spark-submit"):
            engines.find_spark(tmp_path, {"SPARK_HOME": str(tmp_path)})

    def test_the_folder_follows_the_settings(self) -> None:
        named = {"CATALOG_SERVER__JOBS__ENGINES_HOME": "/engines", "XDG_CACHE_HOME": "/cache"}
        assert engines.default_home(named) == Path("/engines")
        assert engines.default_home({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/catalog-server/engines")

    @pytest.mark.usefixtures("trino")
    def test_the_marker_names_what_is_there(self, repository: Repository, tmp_path: Path) -> None:
        engine = engines.install("trino", tmp_path, maven_url=repository.url)
        assert json.loads((engine.home / engines.MARKER).read_text())["version"] == engines.TRINO_VERSION
