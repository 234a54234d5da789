"""The container files, as far as they can be checked where no container engine runs."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EVERY_SERVICE = pytest.mark.parametrize("name", sorted(SERVICES))


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest), continued lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line.strip() for line in re.sub(r"\\\n", " ", text).splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each named stage, those of the stages that it is built on before its own."""
    found: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for word, rest in instructions():
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            current = list(found.get(base, []))
            found[name] = current
        current.append((word, rest))
    return found


def last(stage: str, word: str) -> str:
    return next(rest for name, rest in reversed(stages()[stage]) if name == word)


def test_images_have_a_pinned_tag() -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    images = [service["image"] for service in SERVICES.values()]
    for image in [*(base for base in bases if base not in stages()), *images]:
        assert re.fullmatch(r"[\w./-]+:(?!latest)[\w.-]+", image), image


@pytest.mark.parametrize("stage", ["server", "spark"])
def test_a_container_does_not_run_as_root_and_tells_its_health(stage: str) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last(stage, "USER"))
    assert "CMD" in last(stage, "HEALTHCHECK")
    assert last(stage, "ENTRYPOINT").startswith("[")
    assert last(stage, "CMD").startswith("[")


def test_what_is_copied_exists_and_pip_keeps_no_cache() -> None:
    for word, rest in instructions():
        assert word != "ADD"
        if word == "COPY":
            assert all((ROOT / source).exists() for source in shlex.split(rest)[:-1])
        if word == "RUN" and "pip install" in rest:
            assert "--no-cache-dir" in rest


def test_everything_the_build_copies_reaches_it() -> None:
    kept = [line[1:] for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"]
    needed = {"catalog_server", "connectors", "idl", "pyproject.toml", "README.md", "LICENSE"}
    assert needed <= set(kept)


def test_the_services_are_those_of_the_readme() -> None:
    assert sorted(SERVICES) == ["catalog", "postgresql", "s3", "spark", "trino"]


@EVERY_SERVICE
def test_a_service_listens_on_loopback_only(name: str) -> None:
    service = SERVICES[name]
    if service.get("network_mode") == "host":
        assert "ports" not in service
        assert "127.0.0.1" in listening(name)
    else:
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def listening(name: str) -> str:
    """Where a service on the host's network is told to listen."""
    if name == "trino":
        return (DOCKER / "trino" / "node.properties").read_text().partition("node.bind-ip=")[2]
    if name == "spark":
        return (DOCKER / "spark_connect.py").read_text().partition("spark.connect.grpc.binding.address")[2][:20]
    command = [str(part) for part in SERVICES[name]["command"]]
    option = {"catalog": "--host", "postgresql": "listen_addresses", "s3": "-ip.bind"}[name]
    return " ".join(command).partition(option)[2][:12]


@EVERY_SERVICE
def test_mounted_files_and_volumes_exist(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        assert (DOCKER / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], mount


@EVERY_SERVICE
def test_what_a_service_is_built_from_or_waits_for_exists(name: str) -> None:
    build = SERVICES[name].get("build")
    if build:
        assert (DOCKER / build["context"] / build["dockerfile"]).exists()
        assert build["target"] in stages()
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        has_health = "healthcheck" in SERVICES[needed] or "build" in SERVICES[needed]
        assert how == {"condition": "service_healthy"}
        assert has_health


def test_secrets_come_from_the_environment_and_are_all_named_in_the_example() -> None:
    text = (DOCKER / "compose.yaml").read_text()
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET", key):
                assert re.fullmatch(r"\$\{\w+:\?\}", value), key
    named = set(re.findall(r"^#? ?(\w+)=", (DOCKER / ".env.example").read_text(), re.MULTILINE))
    assert named == set(re.findall(r"\$\{(\w+)", text))


@pytest.mark.parametrize("path", sorted((DOCKER / "trino").rglob("*.properties")), ids=lambda path: path.name)
def test_trinos_files_are_properties(path: Path) -> None:
    lines = [line.partition("=") for line in path.read_text().splitlines()]
    keys = [key for key, _, _ in lines]
    assert all(key and value for key, _, value in lines)
    assert len(set(keys)) == len(keys)


def test_sparks_settings_name_the_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCKER))
    import spark_connect  # type: ignore[import-not-found]

    engine = spark_connect.Engine("spark", "4.1.4", DOCKER, None, jars=(Path("/a.jar"), Path("/b.jar")))
    conf = spark_connect.settings(engine, "thrift://h:1", "http://h:2", 15002, {"AWS_ENDPOINT_URL": "http://s3"})
    del sys.modules["spark_connect"]
    assert conf["spark.driver.extraClassPath"] == "/a.jar:/b.jar"
    assert conf["spark.hadoop.hive.metastore.uris"] == "thrift://h:1"
    assert conf["spark.hadoop.fs.s3a.endpoint"] == "http://s3"
