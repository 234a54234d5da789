"""Who calls, settings, and fb303's questions, on every server."""

from __future__ import annotations

import uuid

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

ALIVE = 2


@differs(HIVE2, "adds the user to its own groups")
def test_set_ugi_answers_the_groups(hms: Client) -> None:
    assert hms.set_ugi("ann", ["staff", "crew"]) == ["staff", "crew"]


@pytest.mark.parametrize("key", ["try.direct.sql", "client.socket.timeout", "partition.name.whitelist.pattern"])
def test_a_setting_of_the_session_is_kept(hms: Client, key: str) -> None:
    before = hms.getMetaConf(f"hive.metastore.{key}")
    hms.setMetaConf(f"hive.metastore.{key}", "77")
    assert hms.getMetaConf(f"hive.metastore.{key}") == "77"
    hms.setMetaConf(f"hive.metastore.{key}", before)


@not_on(HIVE2, "MSCK ran inside the client's process")
def test_hives_msck_says_how_it_writes_expressions(hms: Client) -> None:
    key, name = "metastore.expression.proxy", "org.apache.hadoop.hive.metastore.MsckPartitionExpressionProxy"
    hms.setMetaConf(key, name)
    assert hms.getMetaConf(key) == name


def test_a_setting_is_one_connections(hms: Client) -> None:
    hms.setMetaConf("hive.metastore.try.direct.sql", "false")
    with Client(hms.port, hms.server) as other:
        assert other.getMetaConf("hive.metastore.try.direct.sql") == "true"


@pytest.mark.parametrize("key", ["nope", "", "hive.metastore.rawstore.impl"])
def test_other_settings_are_not_the_sessions(hms: Client, key: str) -> None:
    with refused(wire.MetaException, match=f"Invalid configuration key {key}"):
        hms.getMetaConf(key)
    with refused(wire.MetaException, match=f"Invalid configuration key {key}"):
        hms.setMetaConf(key, "1")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hive.exec.default.partition.name", "__HIVE_DEFAULT_PARTITION__"),
        ("hive.no.such.setting", "otherwise"),
        ("mapred.no.such.setting", "otherwise"),
        ("hdfs.no.such.setting", "otherwise"),
        (None, "otherwise"),
    ],
)
def test_a_value_of_the_configuration(hms: Client, key: str, value: str) -> None:
    assert hms.get_config_value(key, "otherwise") == value


def test_the_warehouse_is_told(hms: Client) -> None:
    assert hms.get_config_value("hive.metastore.warehouse.dir", "").endswith("/warehouse")


@pytest.mark.parametrize("key", ["", "nope", "javax.jdo.option.ConnectionPassword", "fs.defaultFS", "dfs.x"])
def test_the_rest_of_the_configuration_is_secret(hms: Client, key: str) -> None:
    with refused(wire.ConfigValSecurityException, match=f"the config key {key} cannot be accessed"):
        hms.get_config_value(key, "otherwise")


@not_on(HIVE2, "the method came with Hive 3.0")
def test_the_store_has_an_identity(hms: Client) -> None:
    found = hms.get_metastore_db_uuid()
    assert str(uuid.UUID(found)) == found
    assert hms.get_metastore_db_uuid() == found


@pytest.mark.parametrize("values", [["a"], ["é", "a,b"], []])
def test_partitions_may_have_any_values(hms: Client, values: list[str]) -> None:
    assert hms.partition_name_has_valid_characters(values, False) is True
    assert hms.partition_name_has_valid_characters(values, True) is True


@differs(HIVE4, "lets a NUL through, which its own database refuses later")
@differs(HIVE2, "lets a NUL through, which its own database refuses later")
def test_partitions_may_have_no_values_that_cannot_be_kept(hms: Client) -> None:
    assert hms.partition_name_has_valid_characters(["a\x00"], False) is False
    with refused(wire.MetaException):
        hms.partition_name_has_valid_characters(["a\x00"], True)


def test_the_server_is_alive(hms: Client) -> None:
    assert hms.getName()
    assert hms.getVersion()[:2] in ("3.", "4.")
    assert hms.getStatus() == ALIVE
    assert hms.getStatusDetails() == ""
    assert 1_700_000_000 < hms.aliveSince() < 4_000_000_000
    assert hms.getCpuProfile(0) == ""


def test_counters_and_options_are_numbers_and_texts(hms: Client) -> None:
    assert all(isinstance(count, int) for count in hms.getCounters().values())
    assert hms.getCounter("no.such.counter") == 0
    hms.setOption("colour", "red")
    assert hms.getOption("colour") == "red"
    assert hms.getOptions()["colour"] == "red"


def test_caches_may_be_flushed(hms: Client) -> None:
    assert hms.flushCache() is None
