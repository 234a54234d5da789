"""The servers that the behaviour suite runs against, and how a test says where they differ.

A test of this folder runs against ours and against two real Hive Metastores, and must hold on all of them. Where ours is
meant to answer otherwise, the test says so with the reason, and must fail there:

    @differs(HIVE4, "turns managed tables into external ones; here a table stays what the client sent")
    def test_managed_tables_stay_managed(hms, database): ...

The list of wanted differences in the documentation is read from these marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.facades.hms.metastore import Metastore

OURS, HIVE4, HIVE2 = "ours", "hive4", "hive2"
SERVERS = (OURS, HIVE4, HIVE2)
TITLES = {OURS: "catalog-server", HIVE4: "Hive Metastore 4.0.1", HIVE2: "Hive Metastore 2.3.10"}


class Client(Metastore):
    """A client that knows which server it speaks to."""

    def __init__(self, port: int, server: str) -> None:
        super().__init__(port)
        self.server = server


def differs(server: str, reason: str) -> pytest.MarkDecorator:
    """A real server that answers otherwise, and why we want it so; the test must fail there."""
    return pytest.mark.differs(server, reason)


def not_on(server: str, reason: str) -> pytest.MarkDecorator:
    """A server that does not have what the test is about; the test is left out there."""
    return pytest.mark.not_on(server, reason)


@contextmanager
def refused(*kinds: Any, match: str | None = None) -> Iterator[pytest.ExceptionInfo[Exception]]:
    """The one call in the block raises one of these exceptions of the wire; `match` as in `pytest.raises`."""
    with pytest.raises(kinds, match=match) as info:
        yield info
