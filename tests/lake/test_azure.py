"""Files in Azure, against Azurite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog_server.lake.filesystem import Lake
from catalog_server.model.connection import Connection
from catalog_server.model.errors import Denied, Invalid, NotFound, Unsupported
from tests.engines.azure import KEY, Azure, azure_server


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    with azure_server() as server:
        server.create_container("lake")
        yield server


def _lake(server: Azure, *containers: str, key: str = KEY) -> Lake:
    prefixes = tuple(server.location(name) for name in containers)
    secrets = {"account_key": key}
    profile = Connection("a", "azure", options={"endpoint": server.endpoint}, secrets=secrets, prefixes=prefixes)
    return Lake(lambda: [profile])


def test_files_are_written_read_listed_and_deleted(azure: Azure) -> None:
    root = azure.location("lake") + "/files"
    files = _lake(azure, "lake").filesystem(root)
    names = ["a.csv", "day=1/b c.csv", "day=1/grün%3A+&.csv"]
    for name in names:
        files.write(f"{root}/{name}", name.encode())
    assert [entry[0] for page in files.scan(root) for entry in page] == names
    assert files.list_folder(root)[0] == [f"{root}/day=1"]
    assert [files.read(f"{root}/{name}") for name in names] == [name.encode() for name in names]
    assert files.read(f"{root}/a.csv", 2, 100) == b"csv"
    assert files.open_input(f"{root}/a.csv").read() == b"a.csv"
    files.delete(f"{root}/a.csv")
    with pytest.raises(NotFound):
        files.stat(f"{root}/a.csv")


def test_a_missing_container_is_named(azure: Azure) -> None:
    place = azure.location("none-such")
    with pytest.raises(NotFound, match="none-such"):
        list(_lake(azure, "none-such").filesystem(place).scan(place))


def test_a_wrong_key_is_denied(azure: Azure) -> None:
    place = azure.location("lake")
    with pytest.raises(Denied, match="lake@"):
        list(_lake(azure, "lake", key="d3Jvbmc=").filesystem(place).scan(place))


def test_a_container_that_no_profile_names_is_refused() -> None:
    with pytest.raises(Invalid, match="no storage profile"):
        Lake().filesystem("abfss://lake@account.dfs.core.windows.net/x")


def test_engines_are_not_handed_options_for_azure() -> None:
    with pytest.raises(Unsupported, match="Azure"):
        Lake().storage_options("abfss://lake@account.dfs.core.windows.net/x")
