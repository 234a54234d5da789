"""PyIceberg's own catalog tests, run unchanged against a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.testing import running_server
from tests.engines import pyiceberg_tests


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_hive_catalog_passes_pyicebergs_own_tests(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        result = pyiceberg_tests.run("integration/test_catalog.py", {"type": "hive", "uri": server.thrift})
    assert result.failed == 0, result.output
    assert result.passed >= 32, result.output


# A level with a dot is refused, since Hive and SQL write the levels of a namespace with dots between them.
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_rest_catalog_passes_pyicebergs_own_tests(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        properties = {"type": "rest", "uri": server.iceberg}
        result = pyiceberg_tests.run("integration/test_catalog.py", properties, left_out=["namespace_with_dot"])
    assert result.failed == 0, result.output
    assert result.passed >= 37, result.output
