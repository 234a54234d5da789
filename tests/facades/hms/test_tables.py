"""Tables as Hive clients see them, where that is no business of real metastores; see tests/metastore too."""

from __future__ import annotations

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, environment, storage, table


def iceberg_table(database: str, name: str, metadata: str, previous: str | None = None) -> object:
    parameters = {"table_type": "ICEBERG", "metadata_location": metadata, "EXTERNAL": "TRUE"}
    parameters |= {"previous_metadata_location": previous} if previous else {}
    sd = storage(location="file:///tmp/none")
    return table(database, name, tableType="EXTERNAL_TABLE", parameters=parameters, sd=sd)


def test_names_are_found_by_a_parameter(hms: Metastore, database: str) -> None:
    hms.create_table(table(database, "plain"))
    hms.create_table(iceberg_table(database, "ice", "m0"))
    text = 'hive_filter_field_params__table_type like "ICEBERG"'
    assert hms.get_table_names_by_filter(database, text, -1) == ["ice"]
    text = "hive_filter_field_params__table_type = 'DELTA'"
    assert hms.get_table_names_by_filter(database, text, -1) == []


def test_a_column_twice_is_refused(hms: Metastore, database: str) -> None:
    with pytest.raises(wire.InvalidObjectException):
        hms.create_table(table(database, "t", keys="id int"))


class TestIcebergGuard:
    def test_an_expectation_that_holds_lets_the_commit_in(self, hms: Metastore, database: str) -> None:
        hms.create_table(iceberg_table(database, "t", "m0"))
        context = environment(expected_parameter_key="metadata_location", expected_parameter_value="m0")
        new = iceberg_table(database, "t", "m1", "m0")
        hms.alter_table_with_environment_context(database, "t", new, context)
        assert hms.get_table(database, "t").parameters["metadata_location"] == "m1"

    def test_one_that_does_not_is_told_in_hives_words(self, hms: Metastore, database: str) -> None:
        hms.create_table(iceberg_table(database, "t", "m0"))
        context = environment(expected_parameter_key="metadata_location", expected_parameter_value="zz")
        new = iceberg_table(database, "t", "m1", "zz")
        with pytest.raises(wire.MetaException) as caught:
            hms.alter_table_with_environment_context(database, "t", new, context)
        assert caught.value.message == (
            "The table has been modified. The parameter value for key 'metadata_location' is 'm0'. "
            "The expected was value was 'zz'"
        )

    def test_a_commit_without_expectation_is_held_to_the_file_it_says_came_before(
        self, hms: Metastore, database: str
    ) -> None:
        hms.create_table(iceberg_table(database, "t", "m0"))
        hms.alter_table(database, "t", iceberg_table(database, "t", "m1", "m0"))
        with pytest.raises(wire.MetaException, match=r"The table has been modified\."):
            hms.alter_table(database, "t", iceberg_table(database, "t", "m2", "m0"))
        assert hms.get_table(database, "t").parameters["metadata_location"] == "m1"

    def test_the_request_of_hive_4_carries_the_same(self, hms: Metastore, database: str) -> None:
        hms.create_table(iceberg_table(database, "t", "m0"))
        request = wire.AlterTableRequest(
            dbName=database,
            tableName="t",
            table=iceberg_table(database, "t", "m1", "m0"),
            expectedParameterKey="metadata_location",
            expectedParameterValue="other",
        )
        with pytest.raises(wire.MetaException, match=r"The table has been modified\."):
            hms.alter_table_req(request)
