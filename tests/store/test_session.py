"""Statements that PostgreSQL is sent together: what fails undoes all, and nothing is lost or done twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from catalog_server.model.errors import OutcomeUnknown, Unavailable
from catalog_server.store.engine import open_engine
from catalog_server.store.prepared import Prepared, inserted
from catalog_server.store.schema import catalogs
from catalog_server.store.session import placed
from catalog_server.store.transaction import Store, Transaction
from tests.store.statements import together

PUT = Prepared(lambda: inserted(catalogs, without=("id",)))
NAMES = Prepared(lambda: select(catalogs.c.name).order_by(catalogs.c.name))
DROP = Prepared(lambda: delete(catalogs).where(catalogs.c.name == bindparam("gone")))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = Store(open_engine(store_url))
    yield opened
    opened.close()


def row(name: str) -> dict[str, Any]:
    empty = {column.name: None for column in catalogs.c if column.name != "id"}
    return {**empty, "name": name, "name_key": name, "version": 1, "created_at": 1, "parameters": {}, "kind": "native"}


def put(tx: Transaction, name: str) -> None:
    PUT.later(tx, **row(name))


def put_all(store: Store, *all_names: str) -> None:
    with store.begin() as tx:
        for name in all_names:
            put(tx, name)


def hang_up(store: Store, tx: Transaction) -> None:
    """Have the server close the connection of a transaction."""
    mine = tx.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with store.read() as other:
        other.connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})


def names(store: Store) -> list[str]:
    with store.read() as tx:
        return [row.name for row in NAMES.rows(tx)]


def test_what_is_put_off_is_there_for_the_next_statement(store: Store) -> None:
    with store.begin() as tx:
        put(tx, "one")
        assert [row.name for row in NAMES.rows(tx)] == ["one"]
        put(tx, "two")
        assert len(tx.connection.execute(select(catalogs)).all()) == 2
    assert names(store) == ["one", "two"]


def test_what_fails_with_the_commit_undoes_all(store: Store) -> None:
    with pytest.raises(IntegrityError):
        put_all(store, "one", "two", "one")
    assert names(store) == []


def test_what_was_put_off_is_forgotten_with_its_transaction(store: Store) -> None:
    def change_my_mind() -> None:
        with store.begin() as tx:
            put(tx, "one")
            raise KeyError

    with pytest.raises(KeyError):
        change_my_mind()
    put_all(store, "two")
    assert names(store) == ["two"]


def test_the_count_of_changed_rows_is_that_of_the_statement(store: Store) -> None:
    with store.begin() as tx:
        put(tx, "one")
        assert DROP.run(tx, gone="one") == 1
        assert DROP.run(tx, gone="one") == 0


def test_text_that_cannot_be_kept_is_refused_whole(store: Store) -> None:
    if not store.is_postgresql:
        pytest.skip("SQLite keeps a NUL")
    with pytest.raises(DataError):
        put_all(store, "one\x00two")
    assert names(store) == []


@pytest.mark.postgresql
class TestOnPostgreSQL:
    @pytest.fixture(autouse=True)
    def _there(self, store: Store) -> None:
        if not store.is_postgresql:
            pytest.skip("SQLite is not sent statements over a connection")

    def test_a_transaction_in_which_nothing_is_done_sends_nothing(self, store: Store) -> None:
        with store.begin() as tx:
            assert tx.session is not None
            with together(tx.session) as seen:
                pass
        assert seen == []

    def test_begin_and_commit_go_along_with_statements(self, store: Store) -> None:
        with together() as seen, store.begin() as tx:
            NAMES.rows(tx)
            put(tx, "one")
            put(tx, "two")
        assert [len(together) for together in seen] == [2, 3]

    def test_only_so_many_wait_at_once(self, store: Store) -> None:
        with together() as seen:
            put_all(store, *(f"c{n}" for n in range(1500)))
        assert max(map(len, seen)) <= 513
        assert len(names(store)) == 1500

    def test_statements_that_others_deallocated_are_prepared_again(self, store: Store) -> None:
        for name in ("one", "two"):
            with store.begin() as tx:
                put(tx, name)
                tx.connection.execute(text("SELECT 1"))
            with store.read() as tx:
                tx.connection.execute(text("DEALLOCATE ALL"))
        assert names(store) == ["one", "two"]

    def test_a_statement_that_failed_unnoticed_does_not_count_as_committed(self, store: Store) -> None:
        def work() -> None:
            with store.begin() as tx:
                put(tx, "one")
                try:
                    tx.connection.execute(text("SELECT 1 / 0"))
                except DBAPIError:
                    pass

        with pytest.raises(RuntimeError):
            work()
        assert names(store) == []

    def test_a_connection_left_in_the_midst_of_something_is_not_used_again(self, store: Store) -> None:
        with store.read() as tx:
            mine = tx.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            tx.driver.pgconn.enter_pipeline_mode()
            tx.driver.pgconn.send_query_params(b"SELECT 1", None)
        with store.read() as tx:
            assert tx.connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != mine
        assert names(store) == []

    def test_a_server_that_hangs_up_while_reading_is_told(self, store: Store) -> None:
        def read() -> None:
            with store.read() as tx:
                hang_up(store, tx)
                NAMES.rows(tx)

        with pytest.raises(Unavailable):
            read()
        assert names(store) == []

    def test_a_server_that_hangs_up_before_the_commit_leaves_nothing(self, store: Store) -> None:
        def work(tx: Transaction) -> None:
            put(tx, "one")
            hang_up(store, tx)
            NAMES.rows(tx)

        with pytest.raises(Unavailable):
            store.write(work)
        assert names(store) == []

    def test_a_server_that_hangs_up_at_the_commit_leaves_it_open_what_became_of_it(self, store: Store) -> None:
        def work(tx: Transaction) -> None:
            hang_up(store, tx)
            put(tx, "one")

        with pytest.raises(OutcomeUnknown):
            store.write(work)
        assert names(store) == []

    def test_streams_have_a_transaction(self, store: Store) -> None:
        with store.begin() as tx:
            tx.connection.execute(insert(catalogs), [row(f"c{n}") for n in range(3)])
        with store.read() as tx:
            assert len(tx.stream(select(catalogs)).all()) == 3
        with store.read(snapshot=True) as tx:
            assert len(tx.stream(select(catalogs)).all()) == 3
            assert tx.connection.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"


def test_parameters_have_places_and_percent_signs_are_left() -> None:
    found = placed("SELECT %(a)s, %(b)s LIKE 'x%%', %(a)s")
    assert found == (b"SELECT $1, $2 LIKE 'x%', $1", ("a", "b"))
