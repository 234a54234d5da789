"""Definitions of crawlers and jobs, and their queued work, through the JSON API."""

from __future__ import annotations

import httpx

from tests.facades.web.serving import BOTH_STORES

pytestmark = BOTH_STORES


def test_crawler_is_kept_changed_and_dropped(api: httpx.Client) -> None:
    body = {"name": "lake", "targets": ["s3://lake/raw/"], "database": "raw", "options": {"sample": "5"}}
    made = api.post("/crawlers", json=body)
    assert made.status_code == 201
    assert made.json()["catalog"] == "hive"
    changed = api.patch("/crawlers/lake", json={"targets": ["s3://lake/x/", "s3://lake/y/"], "expected_version": 1})
    assert changed.json()["targets"] == ["s3://lake/x/", "s3://lake/y/"]
    assert changed.json()["options"] == {"sample": "5"}
    assert api.patch("/crawlers/lake", json={"comment": "late", "expected_version": 1}).status_code == 409
    crawl = api.post("/crawlers/lake/crawls", json={}).json()
    assert crawl["state"] == "QUEUED"
    assert api.get("/crawlers/lake").json()["last_crawl"]["id"] == crawl["id"]
    assert api.get(f"/crawls/{crawl['id']}", params={"wait_ms": 1}).json()["state"] == "QUEUED"
    assert api.delete(f"/crawls/{crawl['id']}").json()["state"] == "CANCELLED"
    assert [one["id"] for one in api.get("/crawls", params={"crawler": "lake"}).json()["items"]] == [crawl["id"]]
    assert api.delete("/crawlers/lake").status_code == 204
    assert api.get("/crawlers/lake").status_code == 404


def test_a_crawl_that_cannot_be_undone_says_why(api: httpx.Client) -> None:
    api.post("/crawlers", json={"name": "lake", "targets": ["s3://lake/raw/"], "database": "raw"})
    crawl = api.post("/crawlers/lake/crawls", json={}).json()
    assert (crawl["undo_of"], crawl["undone_at"], crawl["undone_by"]) == (None, None, None)
    waiting = api.post(f"/crawls/{crawl['id']}/undo", json={})
    assert (waiting.status_code, "has not ended" in waiting.text) == (409, True)
    api.delete(f"/crawls/{crawl['id']}")
    nothing = api.post(f"/crawls/{crawl['id']}/undo", json={})
    assert (nothing.status_code, "it changed nothing" in nothing.text) == (400, True)
    assert api.post("/crawls/none/undo", json={}).status_code == 404
    assert api.get(f"/crawls/{crawl['id']}/changes").json()["items"] == []
    assert api.get("/crawls/none/changes").status_code == 404


def test_crawler_with_an_unknown_option_is_refused(api: httpx.Client) -> None:
    body = {"name": "x", "targets": ["s3://lake/"], "database": "raw", "options": {"smaple": "5"}}
    answer = api.post("/crawlers", json=body)
    assert answer.status_code == 400
    assert "smaple" in answer.json()["error"]["message"]


def test_crawler_of_the_catalog_needs_no_database_and_others_do(api: httpx.Client) -> None:
    made = api.post("/crawlers", json={"name": "again", "targets": ["catalog:sales/%"]}).json()
    assert made["database"] == "sales"
    answer = api.post("/crawlers", json={"name": "x", "targets": ["s3://lake/"]})
    assert (answer.status_code, "database" in answer.json()["error"]["message"]) == (400, True)


def test_job_is_kept_changed_run_and_dropped(api: httpx.Client) -> None:
    body = {"name": "delays", "script": "print(1)", "arguments": {"year": "2013"}, "outputs": ["r.d=s3://lake/d/"]}
    assert api.post("/jobs", json=body).status_code == 201
    changed = api.patch("/jobs/delays", json={"comment": "by route", "timeout_seconds": 60}).json()
    assert (changed["comment"], changed["timeout_seconds"], changed["script"]) == ("by route", 60, "print(1)")
    run = api.post("/jobs/delays/runs", json={"arguments": {"month": "1"}, "engine": "spark"}).json()
    assert (run["state"], run["engine"], run["arguments"]) == ("QUEUED", "spark", {"year": "2013", "month": "1"})
    assert api.get("/jobs/delays").json()["last_run"]["id"] == run["id"]
    assert api.get(f"/runs/{run['id']}/logs").json() == {"text": "", "offset": 0, "next_offset": 0, "complete": False}
    assert api.delete(f"/runs/{run['id']}").json()["state"] == "CANCELLED"
    assert [one["id"] for one in api.get("/runs", params={"job": "delays"}).json()["items"]] == [run["id"]]
    assert api.delete("/jobs/delays").status_code == 204
    assert api.post("/jobs/delays/runs", json={}).status_code == 404


def test_job_that_cannot_be_is_refused(api: httpx.Client) -> None:
    assert api.post("/jobs", json={"name": "x", "script": "  "}).status_code == 400
    assert api.post("/jobs", json={"name": "x", "script": "1", "engine": "flink"}).status_code == 400
    assert api.post("/jobs", json={"name": "x", "script": "1", "outputs": ["nonsense"]}).status_code == 400


def test_search_finds_names_of_workshops_too(api: httpx.Client) -> None:
    api.post("/jobs", json={"name": "nightly delays", "script": "print(1)"})
    api.post("/crawlers", json={"name": "nightly lake", "targets": ["s3://lake/"], "database": "raw"})
    found = {(hit["kind"], hit["name"]) for hit in api.get("/search", params={"q": "night"}).json()["items"]}
    assert found == {("job", "nightly delays"), ("crawler", "nightly lake")}


def test_search_tells_where_it_found_what(api: httpx.Client, table: str) -> None:
    hits = api.get("/search", params={"q": "delay", "kind": "column"}).json()["items"]
    assert [(hit["name"], hit["column"], hit["matched"]) for hit in hits][:1] == [
        ("flights", "delay", ["column", "parameter"])
    ]
    database = table.split("/")[4]
    assert [hit["kind"] for hit in api.get("/search", params={"q": database, "kind": "database"}).json()["items"]] == [
        "database"
    ]


def test_info_counts_what_there_is(api: httpx.Client, table: str) -> None:
    before = api.get("/info").json()
    api.patch(table, json={"comment": "x"})
    assert api.get("/info").json()["counts"] == before["counts"]
    assert before["counts"]["tables"] >= 1
    assert before["default_catalog"] == "hive"
    assert before["addresses"]["http"].startswith("http://127.0.0.1:")


def test_schedule_of_a_crawler_is_kept_changed_paused_and_dropped(api: httpx.Client) -> None:
    schedule = {"cron": "15 3 * * mon", "zone": "Europe/Berlin"}
    body = {"name": "weekly", "targets": ["s3://lake/"], "database": "raw", "schedule": schedule}
    made = api.post("/crawlers", json=body).json()["schedule"]
    assert (made["words"], made["missed"], made["overlap"]) == ("At 03:15 on Monday, Europe/Berlin", "once", "skip")
    assert made["next_times"][0] == made["next_at"]
    changed = api.patch("/crawlers/weekly/schedule", json={"cron": "cron(0 6 ? * 2 *)", "overlap": "queue"}).json()
    assert (changed["words"], changed["zone"]) == ("At 06:00 on Monday, Europe/Berlin", "Europe/Berlin")
    paused = api.patch("/crawlers/weekly/schedule", json={"paused": True}).json()
    assert (paused["paused"], paused["next_at"], paused["overlap"]) == (True, None, "queue")
    assert api.patch("/crawlers/weekly/schedule", json={"paused": False}).json()["next_at"] == changed["next_at"]
    listed = {one["name"]: one["schedule"] for one in api.get("/crawlers").json()["items"]}
    assert listed["weekly"]["next_at"] == changed["next_at"]
    assert api.delete("/crawlers/weekly/schedule").status_code == 204
    assert api.get("/crawlers/weekly/schedule").status_code == 404
    assert api.patch("/crawlers/weekly/schedule", json={"paused": True}).status_code == 404
    assert api.get("/crawlers/weekly").json()["schedule"] is None


def test_a_schedule_that_cannot_be_is_refused_and_makes_no_crawler(api: httpx.Client) -> None:
    for schedule, said in (
        ({"cron": "99 * * * *"}, "cron: '99 * * * *' is wrong: bad minute"),
        ({"cron": "* * * * *", "zone": "Nowhere"}, "zone: 'Nowhere' is no time zone"),
        ({"cron": "cron(0 0 1 1 ? 2001)"}, "never due again"),
    ):
        body = {"name": "bad", "targets": ["s3://lake/"], "database": "raw", "schedule": schedule}
        answer = api.post("/crawlers", json=body)
        assert answer.status_code == 400
        assert said in answer.json()["error"]["message"]
    assert api.get("/crawlers/bad").status_code == 404
    assert api.post("/crawlers/bad/schedule", json={"cron": "* * * * *"}).status_code == 404


def test_a_crawler_and_its_schedule_are_changed_together_or_not_at_all(api: httpx.Client) -> None:
    body = {"name": "together", "targets": ["s3://lake/"], "database": "raw"}
    api.post("/crawlers", json=body).raise_for_status()
    changed = api.patch("/crawlers/together", json={"comment": "x", "schedule": {"cron": "15 3 * * mon"}}).json()
    assert (changed["comment"], changed["schedule"]["words"]) == ("x", "At 03:15 on Monday, UTC")
    for wrong in ({"schedule": {"cron": "99 * * * *"}}, {"schedule": {"cron": "1 * * * *"}, "expected_version": 1}):
        assert api.patch("/crawlers/together", json={"comment": "y", **wrong}).status_code in (400, 409)
        found = api.get("/crawlers/together").json()
        assert (found["comment"], found["schedule"]["cron"]) == ("x", "15 3 * * mon")
    assert api.patch("/crawlers/together", json={"schedule": None}).json()["schedule"] is None


def test_times_of_a_cron_text_are_told_before_it_is_kept(api: httpx.Client) -> None:
    asked = {"cron": "*/10 * * * *", "zone": "Asia/Tokyo", "count": 3}
    found = api.get("/schedules/times", params=asked).json()
    assert found["words"] == "Every 10th minute of every hour, Asia/Tokyo"
    assert [b - a for a, b in zip(found["next_times"], found["next_times"][1:], strict=False)] == [600_000, 600_000]
    assert api.get("/schedules/times", params={"cron": "nonsense"}).status_code == 400


def test_a_crawl_that_waits_says_for_what(api: httpx.Client) -> None:
    api.post("/crawlers", json={"name": "waits", "targets": ["s3://lake/"], "database": "raw"})
    first = api.post("/crawlers/waits/crawls", json={}).json()
    second = api.post("/crawlers/waits/crawls", json={}).json()
    assert second["waits_for"] == f"crawl {first['id']} of the same crawler, which waits before it"
    api.delete(f"/crawls/{first['id']}")
    assert api.get(f"/crawls/{second['id']}").json()["waits_for"].startswith("a worker")


def test_history_of_a_crawler_is_paged(api: httpx.Client) -> None:
    api.post("/crawlers", json={"name": "past", "targets": ["s3://lake/"], "database": "raw"})
    ids = [api.post("/crawlers/past/crawls", json={}).json()["id"] for _ in range(3)]
    api.delete(f"/crawls/{ids[0]}")
    first = api.get("/crawlers/past/history", params={"page_size": 2}).json()
    rest = api.get("/crawlers/past/history", params={"page_token": first["next_page_token"]}).json()
    lines = first["items"] + rest["items"]
    assert sorted(one["id"] for one in lines) == sorted(ids)
    by_id = {one["id"]: one for one in lines}
    assert (by_id[ids[0]]["state"], by_id[ids[0]]["started_by"], by_id[ids[0]]["took_ms"]) == (
        "CANCELLED",
        "person",
        None,
    )
    assert by_id[ids[1]]["waits_for"].startswith("a worker")
    assert by_id[ids[2]]["waits_for"].startswith(f"crawl {ids[1]}")
    assert api.get("/crawlers/none/history").status_code == 404
