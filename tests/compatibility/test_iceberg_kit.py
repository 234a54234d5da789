"""Iceberg's own compatibility kit for REST catalogs, run unchanged against a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.testing import running_server
from tests.engines import iceberg_kit

PASSED_MIN = 145
"""All but those that the kit leaves out for servers beyond its own: names with dots, empty namespaces and the like."""


@pytest.mark.spark  # on whose Java it runs
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.long])]
)
def test_the_rest_catalog_passes_icebergs_compatibility_kit(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgresql_url") if store == "postgresql" else ""
    with running_server(tmp_path, store=url) as server:
        result = iceberg_kit.run(server.iceberg, "hive")
    assert result.failed == {}, result.output
    assert result.passed >= PASSED_MIN, result.output
