"""A page of somebody else's in the same browser must not be able to use the server."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.facades.web.serving import Served

NEW = json.dumps({"name": "evil"})
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8181", "127.0.0.1.evil.example", "user@127.0.0.1", "", "[::1", "10.0.0.1"]
)
def test_foreign_host_is_refused(served: Served, host: str) -> None:
    answer = httpx.get(f"{served.url}/api/v1/catalogs", headers={"Host": host}, trust_env=False)
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1:80", "127.9.9.9", "[::1]:8181"])
def test_loopback_hosts_are_served(served: Served, host: str) -> None:
    assert httpx.get(f"{served.url}/api/v1/catalogs", headers={"Host": host}, trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost", "file://", "x"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_foreign_origin_is_refused(served: Served, origin: str, method: str) -> None:
    answer = httpx.request(
        method, f"{served.url}/api/v1/catalogs", content=NEW, headers={**JSON, "Origin": origin}, trust_env=False
    )
    assert answer.status_code == 403
    assert answer.json()["error"]["type"] == "Denied"
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_own_origin_is_served(served: Served) -> None:
    answer = httpx.get(f"{served.url}/api/v1/catalogs", headers={"Origin": served.url}, trust_env=False)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "text/json"]
)
def test_what_a_form_can_send_is_refused(served: Served, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = httpx.post(f"{served.url}/api/v1/catalogs", content=NEW, headers=headers, trust_env=False)
    assert answer.status_code == 415
    assert httpx.get(f"{served.url}/api/v1/catalogs/evil", trust_env=False).status_code == 404


def test_post_without_body_and_type_is_refused(served: Served) -> None:
    assert httpx.post(f"{served.url}/api/v1/crawlers/x/crawls", trust_env=False).status_code == 415


def test_preflight_grants_nothing(served: Served) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}
    answer = httpx.options(f"{served.url}/api/v1/catalogs/hive", headers=headers, trust_env=False)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_image_of_another_site_is_refused_but_a_link_works(served: Served) -> None:
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
    assert httpx.get(f"{served.url}/api/v1/info", headers=image, trust_env=False).status_code == 403
    assert httpx.get(f"{served.url}/", headers=link, trust_env=False).status_code == 200
    assert httpx.get(f"{served.url}/api/v1/info", headers=link, trust_env=False).status_code == 403


def test_page_may_not_be_framed_and_runs_own_scripts_only(served: Served) -> None:
    headers = httpx.get(f"{served.url}/", headers={"Accept": "text/html"}, trust_env=False).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_request_id_comes_back(served: Served) -> None:
    url = f"{served.url}/api/v1/catalogs/nothing"
    answer = httpx.get(url, headers={"X-Request-Id": "abc-1"}, trust_env=False)
    assert answer.headers["x-request-id"] == answer.json()["error"]["request_id"] == "abc-1"
    forged = httpx.get(url, headers={"X-Request-Id": "a b<script>"}, trust_env=False)
    assert forged.headers["x-request-id"] != "a b<script>"


def test_too_large_body_is_refused(served: Served) -> None:
    answer = httpx.post(
        f"{served.url}/api/v1/catalogs", content=b"x" * (9 * 1024 * 1024), headers=JSON, trust_env=False
    )
    assert answer.status_code == 400
    assert "bytes" in answer.json()["error"]["message"]


def test_health_and_metrics(served: Served) -> None:
    assert httpx.get(f"{served.url}/health/live", trust_env=False).json()["status"] == "ok"
    assert httpx.get(f"{served.url}/readyz", trust_env=False).json()["checks"]["store"]["status"] == "ok"
    httpx.get(f"{served.url}/api/v1/catalogs/hive", trust_env=False)
    httpx.get(f"{served.url}/wp-login.php", trust_env=False)
    text = httpx.get(f"{served.url}/metrics", trust_env=False).text
    assert 'route="/api/v1/catalogs/{catalog}",status="200"' in text
    assert "wp-login" not in text
