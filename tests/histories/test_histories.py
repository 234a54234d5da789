"""Writers through all doors at once, with a kill -9 among them: every history they note is one that may be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_server.testing.server import RunningServer, start_server
from tests.histories.checker import check, told
from tests.histories.doors import Target
from tests.histories.history import History, Outcome
from tests.histories.writers import chains, killed_and_started, prepare, race, race_to_the_first_snapshot

TABLES, WRITERS, SECONDS = 8, 9, 8.0
ROUNDS, FIRST_WRITERS = 25, 8


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest) -> str:
    """Either store."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def servers(tmp_path: Path, store: str) -> Iterator[list[RunningServer]]:
    """A server; whoever starts another in its place puts it behind."""
    started = [start_server(tmp_path, store=store)]
    yield started
    started[-1].stop()


def judge(target: Target, history: History) -> None:
    """The checker has nothing to say."""
    violations = check(history, chains(target, history))
    assert not violations, told(violations)


def test_a_history_of_all_doors_with_a_kill_is_strictly_serializable(servers: list[RunningServer], store: str) -> None:
    target = prepare(servers[0], TABLES)
    killer = threading.Timer(SECONDS / 2, lambda: servers.append(killed_and_started(servers[0], store)))
    killer.start()
    history = race(target, WRITERS, SECONDS)
    killer.join()
    assert len(servers) == 2
    made = [commit for commit in history.commits if commit.outcome is Outcome.MADE]
    assert {commit.by.partition(", ")[2] for commit in made} == {"rest", "thrift", "grpc"}
    judge(target, history)


def test_the_first_snapshot_of_a_table_is_appended_once_whoever_is_first(servers: list[RunningServer]) -> None:
    target = prepare(servers[0], ROUNDS)
    history = race_to_the_first_snapshot(target, FIRST_WRITERS)
    assert history.count(Outcome.MADE) == ROUNDS * FIRST_WRITERS
    judge(target, history)
