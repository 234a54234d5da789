"""What the guide shows runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_server.testing import RunningServer, running_server

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "grpc.md"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[RunningServer]:
    """A server with nothing in it."""
    with running_server(tmp_path) as found:
        yield found


def test_the_programs_of_the_guide_run_one_after_the_other(
    fresh: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    programs = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for program in programs:
        exec(compile(program.replace("127.0.0.1:9084", f"127.0.0.1:{fresh.grpc_port}"), str(GUIDE), "exec"), {})
    said = capsys.readouterr().out
    assert "day=2026-01-31" in said
    assert "somebody was quicker: table hive.trips.rides has been modified" in said
    assert re.search(r"^\d+ create_table trips rides$", said, flags=re.MULTILINE)
