"""The places where files lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lake.places import Place, local_place, s3_place


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A folder of this machine, and again one of an S3 bucket."""
    if request.param == "local":
        return local_place(tmp_path)
    return s3_place(request.getfixturevalue("s3_server"), request.getfixturevalue("s3_bucket"))
