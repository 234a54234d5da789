"""Crawls of containers in Azure, against Azurite."""

from __future__ import annotations

from pathlib import Path

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.connection import Connection
from tests.crawlers.conftest import ME, Crawling, names, types
from tests.engines.azure import KEY, azure_server
from tests.lake.places import local_place

FILES = {
    "flights/month=1/p.csv": b"day,delay\n1,2\n",
    "flights/month=2/p.csv": b"day,delay\n1,3\n",
    "planes/p.json": b'{"tail": "N1", "seats": 5}\n',
}


def test_a_container_gives_the_tables_of_a_local_folder(catalog: CatalogService, tmp_path: Path) -> None:
    place = local_place(tmp_path)
    place.put(FILES)
    crawling = Crawling(catalog, place)
    with azure_server() as azure:
        azure.create_container("lake")
        root = azure.location("lake")
        options, secrets = {"endpoint": azure.endpoint}, {"account_key": KEY}
        catalog.connections.create(ME, Connection("a", "azure", options=options, secrets=secrets, prefixes=(root,)))
        for path, body in FILES.items():
            catalog.lake.filesystem(root).write(f"{root}/raw/{path}", body)
        crawling.create(f"{root}/raw", name="cloud", prefix="c_")
        crawling.create(name="local", prefix="l_")
        assert [crawling.run(name).state for name in ("cloud", "local")] == ["SUCCEEDED"] * 2
        for name in ("flights", "planes"):
            assert types(crawling.table(f"c_{name}")) == types(crawling.table(f"l_{name}"))
        assert crawling.table("c_flights").location == f"{root}/raw/flights"
        assert crawling.partitions("c_flights").keys() == crawling.partitions("l_flights").keys()
        catalog.lake.filesystem(root).write(f"{root}/raw/flights/month=3/p.csv", b"day,delay\n1,4\n")
        again = crawling.run("cloud")
        assert (again.state, names(again, "added")) == ("SUCCEEDED", [])
        assert sorted(crawling.partitions("c_flights")) == ["1", "2", "3"]
