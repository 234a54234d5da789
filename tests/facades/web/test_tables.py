"""Databases, tables, partitions, versions and functions through the JSON API."""

from __future__ import annotations

import httpx
import pytest

from tests.facades.web.serving import BOTH_STORES

pytestmark = BOTH_STORES

NAMES = ["sälés", "with space", "quo'te\"s", "semi;colon", "a/b", "per%cent", "日本語", "x" * 255]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_stored_exactly(api: httpx.Client, database: str, name: str) -> None:
    body = {"name": name, "columns": [{"name": "id", "type": "bigint"}]}
    assert api.post(f"{database}/tables", json=body).status_code == 201
    found = api.get(f"{database}/tables/{_quoted(name)}")
    assert found.json()["name"] == name
    assert api.delete(f"{database}/tables/{_quoted(name)}").status_code == 204


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


@pytest.mark.parametrize("name", ["", "  ", "nul\x00", "x" * 256])
def test_impossible_name_is_refused_by_name(api: httpx.Client, database: str, name: str) -> None:
    answer = api.post(f"{database}/tables", json={"name": name, "columns": [{"name": "id", "type": "bigint"}]})
    assert answer.status_code == 400
    assert "name" in answer.json()["error"]["message"]


def test_names_are_the_same_in_any_case(api: httpx.Client, database: str, table: str) -> None:
    taken = api.post(f"{database}/tables", json={"name": "FLIGHTS", "columns": [{"name": "id", "type": "int"}]})
    assert taken.status_code == 409
    assert taken.json()["error"]["type"] == "AlreadyExists"
    assert api.get(f"{database}/tables/FlIgHtS").json()["name"] == "flights"


def test_created_table_is_told_whole(api: httpx.Client, table: str) -> None:
    found = api.get(table).json()
    assert [column["name"] for column in found["columns"]] == ["id", "delay"]
    assert [column["type"] for column in found["partition_keys"]] == ["int", "int"]
    assert found["format"] == "parquet"
    assert found["comment"] == "departures"
    assert found["storage"]["serde"]["library"].endswith("ParquetHiveSerDe")
    assert found["parameters"]["spark.sql.sources.provider"] == "parquet"
    assert found["lineage"]["created"]["via"] == "api"
    assert found["statistics"]["partition_count"] == 0


def test_type_that_is_none_is_refused(api: httpx.Client, database: str) -> None:
    answer = api.post(f"{database}/tables", json={"name": "t", "columns": [{"name": "a", "type": "integr"}]})
    assert answer.status_code == 400
    assert "integr" in answer.json()["error"]["message"]


def test_unknown_field_is_refused_with_the_nearest(api: httpx.Client, database: str) -> None:
    answer = api.post(f"{database}/tables", json={"name": "t", "colums": []})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "colums: is not a field; did you mean columns?"
    inner = api.post(f"{database}/tables", json={"name": "t", "columns": [{"name": "a", "typ": "int"}]})
    assert inner.json()["error"]["message"].startswith("columns[0].typ: is not a field; did you mean type?")


def test_unknown_query_parameter_is_refused(api: httpx.Client, database: str) -> None:
    answer = api.get(f"{database}/tables", params={"pagesize": 1})
    assert answer.json()["error"]["message"] == "pagesize: is not a field; did you mean page_size?"


def test_change_leaves_alone_what_it_does_not_name(api: httpx.Client, table: str) -> None:
    before = api.get(table).json()
    changed = api.patch(table, json={"column_comments": {"ID": "the key"}, "parameters": {"x": "1"}}).json()
    assert changed["version"] == before["version"] + 1
    assert changed["columns"][0]["comment"] == "the key"
    assert changed["columns"][1] == before["columns"][1]
    assert changed["comment"] == "departures"
    assert {**before["parameters"], "x": "1"} == changed["parameters"]
    removed = api.patch(table, json={"comment": None, "parameters": {"x": None}}).json()
    assert removed["comment"] is None
    assert "x" not in removed["parameters"]


def test_change_of_an_old_version_conflicts(api: httpx.Client, table: str) -> None:
    assert api.patch(table, json={"owner": "ann", "expected_version": 1}).status_code == 200
    late = api.patch(table, json={"owner": "bob", "expected_version": 1})
    assert late.status_code == 409
    assert late.json()["error"]["type"] == "Conflict"
    assert api.get(table).json()["owner"] == "ann"


def test_renamed_table_is_found_under_its_new_name_only(api: httpx.Client, database: str, table: str) -> None:
    assert api.patch(table, json={"name": "departures"}).json()["name"] == "departures"
    assert api.get(f"{database}/tables/departures").status_code == 200
    assert api.get(table).status_code == 404


def test_rollback_brings_a_definition_back_as_a_new_version(api: httpx.Client, table: str) -> None:
    first = api.get(table).json()
    api.patch(table, json={"columns": [{"name": "id", "type": "string"}]})
    assert api.get(f"{table}/versions/1").json()["table"]["columns"] == first["columns"]
    back = api.post(f"{table}/versions/1/rollback", json={}).json()
    assert back["columns"] == first["columns"]
    assert back["version"] == 3
    listed = api.get(f"{table}/versions", params={"page_size": 2}).json()
    assert [one["version"] for one in listed["items"]] == [3, 2]
    rest = api.get(f"{table}/versions", params={"page_token": listed["next_page_token"]}).json()
    assert [one["version"] for one in rest["items"]] == [1]
    assert rest["next_page_token"] is None


def test_partitions_are_added_filtered_paged_and_dropped(api: httpx.Client, table: str) -> None:
    new = [{"values": ["2013", str(month)]} for month in range(1, 13)]
    assert len(api.post(f"{table}/partitions", json={"partitions": new}).json()["items"]) == 12
    page = api.get(f"{table}/partitions", params={"filter": "year = 2013 and month > 6", "page_size": 4}).json()
    assert page["total"] == 6
    rest = api.get(
        f"{table}/partitions",
        params={"filter": "year = 2013 and month > 6", "page_size": 4, "page_token": page["next_page_token"]},
    ).json()
    names = [one["name"] for one in page["items"] + rest["items"]]
    assert sorted(names) == sorted(f"year=2013/month={month}" for month in range(7, 13))
    assert rest["next_page_token"] is None
    assert api.get(f"{table}/partitions/year%3D2013%2Fmonth%3D7").json()["values"] == ["2013", "7"]
    assert api.delete(f"{table}/partitions", params={"name": "year=2013/month=7"}).status_code == 204
    assert api.get(f"{table}/partitions/year%3D2013%2Fmonth%3D7").status_code == 404
    assert api.post(f"{table}/partitions", json={"partitions": new[:1]}).status_code == 409


@pytest.mark.parametrize("filter", ["year =", "day = 1", "year = 2013 or", "(" * 300])
def test_bad_filter_is_refused(api: httpx.Client, table: str, filter: str) -> None:
    answer = api.get(f"{table}/partitions", params={"filter": filter})
    assert answer.status_code == 400
    assert "filter" in answer.json()["error"]["message"]


def test_view_keeps_its_statement(api: httpx.Client, database: str) -> None:
    body = {
        "name": "late",
        "kind": "VIRTUAL_VIEW",
        "view_original": "select 1 as x",
        "columns": [{"name": "x", "type": "int"}],
    }
    assert api.post(f"{database}/tables", json=body).status_code == 201
    assert [view["name"] for view in api.get(f"{database}/views").json()["items"]] == ["late"]
    found = api.get(f"{database}/tables/late").json()
    assert found["view_original"] == "select 1 as x"
    assert found["format"] == "view"


def test_pages_of_tables_hold_each_name_once(api: httpx.Client, database: str) -> None:
    names = [*sorted(f"t{number:02}" for number in range(25)), "other"]
    for name in names:
        api.post(f"{database}/tables", json={"name": name, "columns": [{"name": "a", "type": "int"}]})
    seen: list[str] = []
    token: str | None = None
    while True:
        params = {"filter": "t*", "page_size": "10", **({"page_token": token} if token else {})}
        page = api.get(f"{database}/tables", params=params).json()
        seen += [item["name"] for item in page["items"]]
        token = page["next_page_token"]
        if token is None:
            break
    assert seen == names[:-1]
    holding = api.get(f"{database}/tables", params={"filter": "THE"}).json()["items"]
    assert [item["name"] for item in holding] == ["other"]


@pytest.mark.parametrize("token", ["x", "", "bm9uc2Vuc2U", "WzFd", "%00", "W10"])
def test_forged_page_token_is_refused(api: httpx.Client, database: str, token: str) -> None:
    answer = api.get(f"{database}/tables", params={"page_token": token})
    assert answer.status_code == 400
    assert "page_token" in answer.json()["error"]["message"]


def test_database_that_holds_tables_is_dropped_only_with_all_of_it(
    api: httpx.Client, database: str, table: str
) -> None:
    assert api.delete(database).json()["error"]["type"] == "NotEmpty"
    assert api.delete(database, params={"cascade": "true"}).status_code == 204
    assert api.get(database).status_code == 404


def test_database_is_changed_and_counted(api: httpx.Client, database: str, table: str) -> None:
    changed = api.patch(database, json={"comment": "air traffic", "owner": "ann", "parameters": {"a": "b"}}).json()
    assert changed["comment"] == "air traffic"
    assert changed["parameters"] == {"a": "b"}
    assert api.get(database).json()["table_count"] == 1


def test_function_is_registered_and_dropped(api: httpx.Client, database: str) -> None:
    body = {"name": "f", "class_name": "org.example.F", "resources": [{"kind": "JAR", "uri": "s3://lake/f.jar"}]}
    assert api.post(f"{database}/functions", json=body).status_code == 201
    assert api.get(f"{database}/functions/F").json()["resources"] == body["resources"]
    assert len(api.get(f"{database}/functions").json()["items"]) == 1
    assert api.delete(f"{database}/functions/f").status_code == 204
    assert api.get(f"{database}/functions/f").status_code == 404


def test_catalog_is_made_and_dropped_when_empty(api: httpx.Client) -> None:
    assert api.post("/catalogs", json={"name": "second", "comment": "another"}).status_code == 201
    changed = api.patch("/catalogs/second", json={"comment": None, "parameters": {"a": "b"}}).json()
    assert (changed["comment"], changed["parameters"]) == (None, {"a": "b"})
    assert "second" in [one["name"] for one in api.get("/catalogs").json()["items"]]
    assert api.delete("/catalogs/second").status_code == 204
    assert api.delete("/catalogs/hive").status_code == 400
