"""The checker finds what it is to find, in histories made by hand, and nothing in good ones."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.histories.checker import check
from tests.histories.history import Commit, History, Outcome, Read, Version

MADE, REFUSED, UNKNOWN = Outcome.MADE, Outcome.REFUSED, Outcome.UNKNOWN


def commit(name: str, began: float, ended: float, *tables: str, outcome: Outcome = MADE) -> Commit:
    return Commit(name, "w", began, ended, outcome, tables or ("t",))


def read(seen: str, began: float, ended: float, table: str = "t") -> Read:
    return Read(table, seen, "r", began, ended)


def chain(*names: str) -> Sequence[Version]:
    return [Version(name) for name in ("first", *names)]


def rules(steps: Sequence[Commit | Read], **chains: Sequence[Version]) -> list[str]:
    """The rules that a history breaks."""
    history = History(
        [step for step in steps if isinstance(step, Commit)], [step for step in steps if isinstance(step, Read)]
    )
    return [violation.rule for violation in check(history, chains)]


def test_commits_that_overlap_may_come_in_any_order() -> None:
    steps: list[Commit | Read] = [
        commit("a", 0, 5),
        commit("b", 1, 4),
        read("first", 0, 9),
        read("a", 2, 9),
        read("b", 6, 7),
    ]
    assert rules(steps, t=chain("a", "b")) == []
    assert rules([commit("a", 0, 5), commit("b", 1, 4), read("a", 6, 7)], t=chain("b", "a")) == []


def test_an_answer_that_no_client_should_get_is_told() -> None:
    assert [violation.rule for violation in check(History(failures=["500"]), {})] == ["failure"]


def test_an_acknowledged_commit_that_is_not_there_is_lost() -> None:
    assert rules([commit("a", 0, 1), commit("b", 2, 3)], t=chain("b")) == ["lost"]


def test_a_commit_that_is_there_twice_is_found() -> None:
    assert rules([commit("a", 0, 3), commit("b", 0, 3)], t=chain("a", "b", "a"))[0] == "doubled"


def test_a_version_that_nobody_asked_for_is_found() -> None:
    assert rules([commit("a", 0, 1)], t=chain("a", "x")) == ["unasked"]
    assert rules([commit("a", 0, 1, "u")], t=chain("a"), u=chain("a")) == ["unasked"]


def test_a_refused_commit_must_not_be_there() -> None:
    assert rules([commit("a", 0, 1, outcome=REFUSED)], t=chain()) == []
    assert rules([commit("a", 0, 1, outcome=REFUSED)], t=chain("a")) == ["refused, yet made"]


def test_an_unknown_commit_may_be_there_or_not_and_may_come_late() -> None:
    steps: list[Commit | Read] = [commit("a", 0, 1, outcome=UNKNOWN), commit("b", 2, 3)]
    for kept in (chain("b"), chain("a", "b"), chain("b", "a")):
        assert rules(steps, t=kept) == []


def test_an_unknown_commit_is_not_made_before_it_was_asked_for() -> None:
    assert rules([commit("a", 0, 1), commit("b", 2, 3, outcome=UNKNOWN)], t=chain("b", "a")) == ["order"]


def test_a_commit_acknowledged_before_another_began_comes_before_it() -> None:
    assert rules([commit("a", 0, 1), commit("b", 2, 3)], t=chain("b", "a")) == ["order"]


def test_a_stale_read_is_found() -> None:
    assert rules([commit("a", 0, 1), read("first", 2, 3)], t=chain("a")) == ["order"]


def test_a_read_of_what_is_asked_for_later_is_found() -> None:
    assert rules([read("a", 0, 1), commit("a", 2, 3)], t=chain("a")) == ["order"]


def test_reads_never_go_back() -> None:
    slow = commit("a", 0, 9)
    assert rules([slow, read("first", 1, 2), read("a", 3, 4)], t=chain("a")) == []
    assert rules([slow, read("a", 1, 2), read("first", 3, 4)], t=chain("a")) == ["order"]


def test_a_read_of_what_was_never_made_is_found() -> None:
    steps: list[Commit | Read] = [commit("a", 0, 1, outcome=REFUSED), read("a", 0, 1)]
    assert rules(steps, t=chain()) == ["seen, yet not made"]


def test_half_of_a_transaction_is_torn_whatever_its_client_knows() -> None:
    for outcome in (MADE, UNKNOWN):
        assert rules([commit("a", 0, 1, "t", "u", outcome=outcome)], t=chain("a"), u=chain()) == ["torn"]


def test_a_transaction_seen_at_one_table_is_there_at_the_other() -> None:
    both = commit("a", 0, 9, "t", "u")
    assert rules([both, read("first", 1, 2, "u"), read("a", 3, 4, "t")], t=chain("a"), u=chain("a")) == []
    assert rules([both, read("a", 1, 2, "t"), read("first", 3, 4, "u")], t=chain("a"), u=chain("a")) == ["order"]


def test_transactions_have_one_order_at_all_tables() -> None:
    steps: list[Commit | Read] = [commit("a", 0, 9, "t", "u"), commit("b", 0, 9, "t", "u")]
    assert rules(steps, t=chain("a", "b"), u=chain("a", "b")) == []
    assert rules(steps, t=chain("a", "b"), u=chain("b", "a")) == ["order"]


@pytest.mark.parametrize(
    ("follows", "onto", "broken"),
    [("a", "a", []), ("first", "a", ["condition"]), ("a", "first", ["condition"]), ("x", None, ["condition"] * 2)],
)
def test_what_a_commit_asks_to_hold_holds_of_the_version_before(
    follows: str, onto: str | None, broken: list[str]
) -> None:
    last = Commit("b", "w", 0, 9, MADE, ("t",), {"t": follows}, {"t": onto})
    versions = [Version("first"), Version("a", "a"), Version("b", "b")]
    assert rules([commit("a", 0, 9), last], t=versions) == broken


def test_a_long_good_history_is_good_and_one_exchange_in_it_is_found() -> None:
    numbers, steps, clock = random.Random(7), list[Commit | Read](), 0.0
    chains: dict[str, list[Version]] = {f"t{number}": [Version("first")] for number in range(5)}
    for number in range(5000):
        tables = numbers.sample(sorted(chains), numbers.choice((1, 1, 2)))
        clock += 1
        if numbers.random() < 0.5:
            steps.append(read(chains[tables[0]][-1].commit, clock - 3 * numbers.random(), clock + 1, tables[0]))
            continue
        steps.append(commit(f"c{number}", clock - 3 * numbers.random(), clock + 3 * numbers.random(), *tables))
        for table in tables:
            chains[table].append(Version(f"c{number}"))
    assert rules(steps, **chains) == []
    versions = chains["t3"]
    versions[40], versions[60] = versions[60], versions[40]
    assert "order" in rules(steps, **chains)
