"""What the README shows: one command walks the whole loop on real data and every answer is right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def demo(folder: Path, engine: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "catalog_server.cli", "demo", "--exit", "--data", str(folder), "--engine", engine]
    return subprocess.run(command, capture_output=True, text=True, timeout=400)


@pytest.mark.s3
@pytest.mark.slow
@pytest.mark.timeout(420)
def test_the_demo_gives_right_answers_and_ends(tmp_path: Path) -> None:
    ended = demo(tmp_path, "sail")
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
    assert "Every answer was right" in ended.stdout
    assert "✗" not in ended.stdout


@pytest.mark.s3
@pytest.mark.slow
@pytest.mark.long
@pytest.mark.spark
@pytest.mark.timeout(420)
def test_the_demos_job_runs_on_apache_spark_as_well(tmp_path: Path) -> None:
    from tests.engines.spark import spark_engine

    spark_engine()
    ended = demo(tmp_path, "spark")
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
