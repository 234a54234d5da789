"""The behaviour suite of connectors: whoever writes one subclasses it, names the connector and turns off what it cannot.

    class TestMariaDB(ConnectorSuite):
        connector = MariaDB
        connection = fixture_that_returns_a_connection_to_an_empty_database_that_may_be_written

The suite fills the source by SQLAlchemy; a connector to something else overrides `fill`.
"""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from catalog_server.connector import Connector, SourceTable
from catalog_server.model.connection import Connection
from catalog_server.model.errors import CatalogError, Denied, NotFound, Unavailable
from catalog_server.model.expressions import parse_filter
from catalog_server.model.types import parse_type
from connectors.sql import SQLConnector

MANY = 25_000
CUSTOMERS = [
    (1, "Ada", Decimal("10.50"), True, dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4, 5), 1.5),
    (2, 'Bo\'b "x" 100% ü', Decimal("-9999999999.99"), False, dt.date(1969, 12, 31), dt.datetime(1969, 12, 31), -0.25),
    (3, "", None, None, None, None, None),
]


def free_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ConnectorSuite:
    """See the module; `database` is where the suite's tables are made."""

    connector: ClassVar[type[Connector]]
    database: ClassVar[str] = "suite"

    def fill(self, connection: Connection) -> None:
        """Make the suite's tables, with their rows, by the connector's own driver."""
        import sqlalchemy as sa

        probe = self.connector(connection)
        assert isinstance(probe, SQLConnector)
        engine = sa.create_engine(str_of(writable_url(probe)), poolclass=sa.NullPool)
        with engine.begin() as session:
            if self.connector.supports_databases:
                session.execute(sa.schema.CreateSchema(self.database))
            tables = self._metadata(sa)
            tables.create_all(session)
            if self.connector.supports_views:
                preparer = session.dialect.identifier_preparer
                target = f"{preparer.quote(self.database)}."
                session.exec_driver_sql(f"CREATE VIEW {target}loud AS SELECT id, name FROM {target}customers")
            keys = ("id", "name", "balance", "active", "joined", "seen", "rating")
            rows = [dict(zip(keys, row, strict=True)) for row in CUSTOMERS]
            session.execute(tables.tables[f"{self.database}.customers"].insert(), rows)
            session.execute(tables.tables[f"{self.database}.orders"].insert(), [{"id": 7, "customer": 1, "n": 2}])
            session.execute(tables.tables[f"{self.database}.many"].insert(), [{"n": n} for n in range(MANY)])
            odd = tables.tables[f'{self.database}.odd: "table"']
            session.execute(odd.insert(), {'a"b': 1, "x:y": 2, "Größe": 3, "select": 4, "p%s": 5})
        engine.dispose()

    def _metadata(self, sa: Any) -> Any:
        metadata = sa.MetaData(schema=self.database)
        number = sa.Numeric(12, 2) if self.connector.supports_decimals else sa.Double()
        commented = self.connector.supports_comments
        sa.Table(
            "customers",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("name", sa.String(50), nullable=False, comment="What they go by" if commented else None),
            sa.Column("balance", number),
            sa.Column("active", sa.Boolean),
            sa.Column("joined", sa.Date),
            sa.Column("seen", sa.DateTime),
            sa.Column("rating", sa.Double),
            comment="Who buys" if commented else None,
        )
        sa.Table(
            "orders",
            metadata,
            sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("customer", sa.Integer, sa.ForeignKey(f"{self.database}.customers.id")),
            sa.Column("n", sa.SmallInteger),
        )
        sa.Table("many", metadata, sa.Column("n", sa.Integer))
        sa.Table(sa.quoted_name("nothing", True), metadata, sa.Column("x", sa.Integer))
        sa.Table('odd: "table"', metadata, *(sa.Column(name, sa.Integer) for name in ODD))
        return metadata

    @pytest.fixture
    def source(self, connection: Connection) -> Iterator[Connector]:
        """The connector under test, over a source that holds the suite's tables."""
        self.fill(connection)
        with self.connector(connection) as opened:
            yield opened

    def rows(self, source: Connector, table: str, **asked: Any) -> list[tuple[Any, ...]]:
        """All rows that a scan gives, as tuples."""
        return [
            tuple(row.values()) for batch in source.scan(self.database, table, **asked) for row in batch.to_pylist()
        ]

    def described(self, source: Connector, table: str = "customers") -> SourceTable:
        """The description of a table of the suite."""
        return source.describe(self.database, table)

    def test_it_says_what_it_reached(self, connection: Connection) -> None:
        with self.connector(connection) as source:
            assert source.test()

    def test_its_databases_are_named_without_the_sources_own(self, source: Connector) -> None:
        assert self.database in source.databases()
        assert "information_schema" not in source.databases()

    def test_tables_and_views_are_named_in_order(self, source: Connector) -> None:
        expected = {"customers", "orders", "many", "nothing", 'odd: "table"'}
        if self.connector.supports_views:
            expected.add("loud")
        assert list(source.tables(self.database)) == sorted(expected)

    def test_an_unknown_database_is_not_found(self, source: Connector) -> None:
        with pytest.raises(NotFound, match="nowhere"):
            source.tables("nowhere")

    def test_an_unknown_table_is_not_found(self, source: Connector) -> None:
        with pytest.raises(NotFound, match="missing"):
            source.describe(self.database, "missing")
        with pytest.raises(NotFound, match="missing"):
            list(source.scan(self.database, "missing"))

    def test_columns_come_in_order_with_their_types(self, source: Connector) -> None:
        columns = self.described(source).columns
        assert [column.name for column in columns] == ["id", "name", "balance", "active", "joined", "seen", "rating"]
        types = {column.name: column.type for column in columns}
        assert types["id"] in ("int", "bigint")
        assert types["name"] in ("string", "varchar(50)")
        assert types["rating"] == "double"
        if self.connector.supports_decimals:
            assert types["balance"] == "decimal(12,2)"
        if self.connector.supports_booleans:
            assert types["active"] == "boolean"
        if self.connector.supports_dates:
            assert (types["joined"], types["seen"]) == ("date", "timestamp")

    def test_every_type_is_one_of_the_catalogs(self, source: Connector) -> None:
        for table in source.describe_all(self.database, source.tables(self.database)):
            assert [str(parse_type(column.type)) for column in table.columns] == [c.type for c in table.columns]

    def test_raw_types_and_what_may_be_null_are_told(self, source: Connector) -> None:
        columns = {column.name: column for column in self.described(source).columns}
        assert all(column.parameters["raw_type"] for column in columns.values())
        assert columns["name"].parameters.get("nullable") == "false"
        assert "nullable" not in columns["rating"].parameters

    def test_comments_of_tables_and_columns_are_told(self, source: Connector) -> None:
        if not self.connector.supports_comments:
            pytest.skip("the source keeps no comments")
        table = self.described(source)
        assert table.comment == "Who buys"
        assert table.columns[1].comment == "What they go by"

    def test_primary_and_foreign_keys_are_told(self, source: Connector) -> None:
        if self.connector.supports_primary_keys:
            assert self.described(source).primary_key == ("id",)
        if self.connector.supports_foreign_keys:
            (key,) = self.described(source, "orders").foreign_keys
            assert (key.columns, key.table, key.references) == (("customer",), "customers", ("id",))
            assert key.database == self.database

    def test_views_are_told_from_tables(self, source: Connector) -> None:
        if not self.connector.supports_views:
            pytest.skip("the source has no views")
        assert self.described(source, "loud").is_view
        assert not self.described(source, "customers").is_view

    def test_all_tables_are_described_at_once_as_one_by_one(self, source: Connector) -> None:
        names = source.tables(self.database)
        assert list(source.describe_all(self.database, names)) == [self.described(source, name) for name in names]

    def test_values_come_as_they_were_put_in(self, source: Connector) -> None:
        rows = sorted(self.rows(source, "customers"))
        expected = [
            tuple(float(v) if isinstance(v, Decimal) and not self.connector.supports_decimals else v for v in row)
            for row in CUSTOMERS
        ]
        assert rows == expected

    def test_batches_have_the_described_columns(self, source: Connector) -> None:
        from catalog_server.lake.arrow import to_arrow

        table = self.described(source)
        (batch,) = source.scan(self.database, "customers")
        assert batch.schema.names == [column.name for column in table.columns]
        assert batch.schema.types == [to_arrow(parse_type(column.type)) for column in table.columns]

    def test_only_the_columns_asked_for_are_read_in_their_order(self, source: Connector) -> None:
        rows = self.rows(source, "customers", columns=["NAME", "id"])
        assert sorted(rows, key=lambda row: row[1])[0] == ("Ada", 1)

    def test_an_unknown_column_is_not_found(self, source: Connector) -> None:
        with pytest.raises(NotFound, match="shoe_size"):
            list(source.scan(self.database, "customers", columns=["shoe_size"]))

    @pytest.mark.parametrize(
        ("filter", "ids"),
        [
            ("id = 1", [1]),
            ("id != 1", [2, 3]),
            ("id > 1 and id <= 2", [2]),
            ("name = 'Ada'", [1]),
            ("name like 'Bo%'", [2]),
            ("id in (1, 3)", [1, 3]),
            ("id not in (1, 3)", [2]),
            ("id = 1 or name = ''", [1, 3]),
            ("not id = 1", [2, 3]),
            ("id = '2'", [2]),
            ("name = 'x'' or 1 = 1 --'", []),
        ],
    )
    def test_predicates_are_applied(self, source: Connector, filter: str, ids: list[int]) -> None:
        found = self.rows(source, "customers", columns=["id"], predicate=parse_filter(filter))
        assert sorted(row[0] for row in found) == ids

    def test_no_more_rows_than_the_limit_are_read(self, source: Connector) -> None:
        assert len(self.rows(source, "many", limit=7)) == 7
        assert self.rows(source, "many", limit=0) == []

    def test_many_rows_come_in_several_batches(self, source: Connector) -> None:
        batches = list(source.scan(self.database, "many"))
        assert len(batches) > 1
        assert sum(n for batch in batches for n in batch.column("n").to_pylist()) == MANY * (MANY - 1) // 2

    def test_a_scan_may_be_left_in_the_middle(self, source: Connector) -> None:
        scan = source.scan(self.database, "many")
        first = next(scan)
        del scan
        assert first.num_rows < MANY
        assert len(self.rows(source, "customers")) == len(CUSTOMERS)

    def test_a_table_without_rows_gives_one_empty_batch(self, source: Connector) -> None:
        (batch,) = source.scan(self.database, "nothing")
        assert (batch.num_rows, batch.schema.names) == (0, ["x"])

    def test_odd_names_are_no_obstacle(self, source: Connector) -> None:
        table = 'odd: "table"'
        assert [column.name for column in self.described(source, table).columns] == list(ODD)
        assert self.rows(source, table) == [(1, 2, 3, 4, 5)]
        assert self.rows(source, table, columns=["x:y"], predicate=parse_filter("`x:y` = 2")) == [(2,)]

    def test_an_unreachable_source_is_named_with_its_port(self, connection: Connection) -> None:
        if not self.connector.supports_network:
            pytest.skip("not reached over the network")
        port = str(free_port())
        gone = replace(connection, options={**connection.options, "host": "127.0.0.1", "port": port})
        with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"):
            self.connector(gone).test()

    def test_a_source_that_says_nothing_is_given_up(self, connection: Connection) -> None:
        if not self.connector.supports_network:
            pytest.skip("not reached over the network")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = str(silent.getsockname()[1])
            dumb = replace(connection, options={**connection.options, "host": "127.0.0.1", "port": port})
            with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"):
                self.connector(dumb).test()

    def test_an_unknown_host_is_named(self, connection: Connection) -> None:
        if not self.connector.supports_network:
            pytest.skip("not reached over the network")
        gone = replace(connection, options={**connection.options, "host": "no.such.host.invalid"})
        with pytest.raises(Unavailable, match=r"no\.such\.host\.invalid"):
            self.connector(gone).databases()

    def test_a_wrong_password_is_denied_and_not_repeated(self, connection: Connection) -> None:
        if not connection.secrets.get("password"):
            pytest.skip("the source asks for no password")
        wrong = replace(connection, secrets={"password": "not-the-word"})
        with pytest.raises(Denied) as caught:
            self.connector(wrong).test()
        assert "not-the-word" not in str(caught.value)

    def test_nothing_can_be_written(self, source: Connector) -> None:
        if not isinstance(source, SQLConnector):
            pytest.skip("not an SQL database")
        with pytest.raises(CatalogError):
            intrude(source)
        assert "intruder" not in source.tables(self.database)


ODD = ('a"b', "x:y", "Größe", "select", "p%s")


def intrude(source: SQLConnector) -> None:
    """Try to make a table through a connector."""
    with source.connected() as connection:
        connection.exec_driver_sql("CREATE TABLE intruder (x integer)")
        connection.commit()


def writable_url(connector: SQLConnector) -> Any:
    """The source's URL for writing, which connectors themselves do not do."""
    url = connector.engine_url()
    return url.set(query={}, database=connector.address) if connector.kind == "sqlite" else url


def str_of(url: Any) -> str:
    """A URL as text, with its password."""
    return str(url.render_as_string(hide_password=False))
