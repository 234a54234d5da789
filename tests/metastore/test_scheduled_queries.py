"""Scheduled queries, on the servers that have them."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, Client, not_on, refused

pytestmark = not_on(HIVE2, "scheduled queries came with Hive 4.0")

CREATE, ALTER, DROP = 1, 2, 3
EXECUTING, FAILED, FINISHED = 1, 2, 3
EVERY_SECOND = "* * * * * ? *"
NIGHTLY = "0 0 3 * * ? *"


@pytest.fixture
def space(hms: Client) -> Iterator[str]:
    """A name space of its own."""
    name = f"n{uuid.uuid4().hex[:8]}"
    yield name
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as other:
        maintain(other, DROP, name)


def key(space: str) -> Any:
    return wire.ScheduledQueryKey(scheduleName="Nightly", clusterNamespace=space)


def request(kind: int, space: str, **said: Any) -> Any:
    query = {"enabled": True, "schedule": NIGHTLY, "user": "ann", "query": "select 1"} | said
    return wire.ScheduledQueryMaintenanceRequest(
        type=kind, scheduledQuery=wire.ScheduledQuery(scheduleKey=key(space), **query)
    )


def maintain(hms: Client, kind: int, space: str, **said: Any) -> None:
    hms.scheduled_query_maintenance(request(kind, space, **said))


def poll(hms: Client, space: str) -> Any:
    return hms.scheduled_query_poll(wire.ScheduledQueryPollRequest(clusterNamespace=space))


def due(hms: Client, space: str) -> Any:
    deadline = time.monotonic() + 10
    while not (found := poll(hms, space)).executionId and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def fares(number: int, state: int) -> Any:
    return wire.ScheduledQueryProgressInfo(scheduledExecutionId=number, state=state, executorQueryId="q")


def test_a_scheduled_query_is_kept_with_the_time_it_is_due_at(hms: Client, space: str) -> None:
    maintain(hms, CREATE, space)
    found = hms.get_scheduled_query(key(space))
    assert (found.enabled, found.schedule, found.user, found.query) == (True, NIGHTLY, "ann", "select 1")
    assert found.nextExecution % 86400 == 3 * 3600
    assert 0 < found.nextExecution - time.time() <= 86400


def test_a_scheduled_query_is_made_once(hms: Client, space: str) -> None:
    maintain(hms, CREATE, space)
    with refused(wire.AlreadyExistsException, match=f"Nightly@{space} already exists"):
        hms.scheduled_query_maintenance(request(CREATE, space))


def test_a_missing_scheduled_query_is_missed(hms: Client, space: str) -> None:
    with refused(wire.NoSuchObjectException, match=f"Nightly@{space}"):
        hms.get_scheduled_query(key(space))
    with refused(wire.NoSuchObjectException):
        hms.scheduled_query_maintenance(request(ALTER, space))
    with refused(wire.NoSuchObjectException):
        hms.scheduled_query_maintenance(request(DROP, space))


@pytest.mark.parametrize("schedule", ["nonsense", "0 0 3 * * * *", "0 0 25 * * ? *", "0 0 3 ? * ?"])
def test_a_schedule_has_to_be_understood(hms: Client, space: str, schedule: str) -> None:
    with refused(wire.InvalidInputException):
        hms.scheduled_query_maintenance(request(CREATE, space, schedule=schedule))


@pytest.mark.parametrize(
    "schedule",
    [
        "0 15 10 ? * MON-FRI",
        "0 0/5 14,18 * * ?",
        "0 10 14 ? 3 WED",
        "0 15 10 L * ?",
        "0 15 10 L-2 * ?",
        "0 15 10 LW * ?",
        "0 15 10 15W * ?",
        "0 15 10 ? * 6L",
        "0 15 10 ? * 6#3",
        "0 0 12 1/5 * ?",
        "10/20 5-7 20-22 ? JAN,OCT SAT",
        "0 0 0 29 2 ?",
    ],
)
def test_a_query_is_due_when_its_schedule_says(hms: Client, space: str, schedule: str) -> None:
    from catalog_server.model.quartz import parse

    maintain(hms, CREATE, space, schedule=schedule)
    found = hms.get_scheduled_query(key(space)).nextExecution
    assert found == parse(schedule).after(int(time.time()))


def test_a_query_that_is_due_is_polled_once(hms: Client, space: str) -> None:
    maintain(hms, CREATE, space, schedule=EVERY_SECOND)
    maintain(hms, ALTER, space, schedule="0/5 * * * * ? *")
    found = due(hms, space)
    assert (found.scheduleKey, found.user) == (key(space), "ann")
    assert found.query == "/* schedule: Nightly */select 1"
    assert poll(hms, space).executionId is None
    assert hms.get_scheduled_query(key(space)).nextExecution > time.time() - 1


def test_an_execution_ends_once(hms: Client, space: str) -> None:
    maintain(hms, CREATE, space, schedule=EVERY_SECOND)
    number = due(hms, space).executionId
    hms.scheduled_query_progress(fares(number, EXECUTING))
    hms.scheduled_query_progress(fares(number, FINISHED))
    with refused(wire.InvalidOperationException, match="Invalid state change: FINISHED=>FAILED"):
        hms.scheduled_query_progress(fares(number, FAILED))


def test_an_execution_that_was_not_polled_is_missed(hms: Client) -> None:
    with refused(wire.MetaException):
        hms.scheduled_query_progress(fares(2**40, FINISHED))


def test_a_disabled_query_is_not_due(hms: Client, space: str) -> None:
    maintain(hms, CREATE, space, schedule=EVERY_SECOND)
    maintain(hms, ALTER, space, enabled=False, schedule=EVERY_SECOND)
    time.sleep(1.1)
    assert poll(hms, space).executionId is None
    maintain(hms, DROP, space)
