"""The behaviour suite leaves out no method that real clients call, and no exception that such a method declares."""

from __future__ import annotations

from catalog_server.testing.behaviour import read
from catalog_server.wire import hive_metastore as wire
from tests.metastore.explained import EVERYWHERE, EXPLAINED
from tests.metastore.tiers import TIER_1, TIER_2

METHODS = sorted(TIER_1 | TIER_2)


def test_every_method_that_clients_call_succeeds_in_a_test() -> None:
    called = read().called
    assert [name for name in METHODS if name not in called] == []


def test_every_exception_that_they_declare_is_provoked_or_explained() -> None:
    refused = read().refused
    declared = {(name, kind.__name__) for name in METHODS for kind in wire.method(name).throws}
    left = {(name, kind) for name, kind in declared if kind not in EVERYWHERE}
    assert sorted(left - refused.keys() - EXPLAINED.keys()) == []


def test_explanations_are_of_exceptions_that_are_not_provoked() -> None:
    assert EXPLAINED.keys() & read().refused.keys() == set()
