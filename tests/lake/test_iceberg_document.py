"""New Iceberg documents, their files, and what Hive is shown of them."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.schema import assign_fresh_schema_ids
from pyiceberg.table.metadata import TableMetadataUtil

from catalog_server.lake import iceberg
from catalog_server.model.errors import Invalid
from tests.lake.iceberg_samples import NESTED, NOW_MS, append, apply, field, table


@pytest.mark.parametrize("version", [1, 2, 3])
def test_new_document_is_read_by_pyiceberg(version: int) -> None:
    parsed = TableMetadataUtil.parse_obj(table(version))
    assert parsed.format_version == version
    assert parsed.location == "s3://b/t"
    assert parsed.last_partition_id == 1000
    assert parsed.spec().fields[0].source_id == parsed.schema().find_field("ts").field_id


def test_fresh_ids_are_those_of_pyiceberg() -> None:
    ours = TableMetadataUtil.parse_obj(table()).schema()
    schema = TableMetadataUtil.parse_obj(table()).schema().model_validate(NESTED)
    assert ours.as_struct() == assign_fresh_schema_ids(schema).as_struct()
    assert ours.identifier_field_ids == [1]


def test_last_column_id_counts_nested_fields() -> None:
    assert table()["last-column-id"] == 11


def test_version_comes_from_the_properties_and_reserved_ones_are_not_kept() -> None:
    document = iceberg.new_document("s3://b/t", NESTED, properties={"format-version": "3", "uuid": "x", "k": "v"})
    assert document["format-version"] == 3
    assert document["properties"] == {"k": "v", "write.parquet.compression-codec": "zstd"}
    assert document["next-row-id"] == 0
    assert document["current-snapshot-id"] is None


def test_version_1_repeats_schema_and_spec_for_old_readers() -> None:
    document = table(1)
    assert document["schema"] == document["schemas"][0]
    assert document["partition-spec"] == document["partition-specs"][0]["fields"]
    assert "last-sequence-number" not in document


BAD_SCHEMAS = {
    "no fields": {"type": "struct"},
    "field is text": {"type": "struct", "fields": ["a"]},
    "no id": {"type": "struct", "fields": [{"name": "a", "type": "int", "required": False}]},
    "required is text": {"type": "struct", "fields": [{"id": 1, "name": "a", "type": "int", "required": "no"}]},
    "unknown type": {"type": "struct", "fields": [field(1, "a", "integer")]},
    "decimal too wide": {"type": "struct", "fields": [field(1, "a", "decimal(39,1)")]},
    "same id twice": {"type": "struct", "fields": [field(1, "a", "int"), field(1, "b", "int")]},
    "same name twice": {"type": "struct", "fields": [field(1, "a", "int"), field(2, "a", "int")]},
    "not a struct": {"type": "list", "fields": []},
    "list without element": {"type": "struct", "fields": [field(1, "a", {"type": "list"})]},
    "optional identifier": {"type": "struct", "identifier-field-ids": [1], "fields": [field(1, "a", "int")]},
    "identifier missing": {"type": "struct", "identifier-field-ids": [2], "fields": [field(1, "a", "int")]},
    "version 3 type": {"type": "struct", "fields": [field(1, "a", "variant")]},
    "version 3 default": {"type": "struct", "fields": [field(1, "a", "int", **{"initial-default": 4})]},
}


@pytest.mark.parametrize("name", BAD_SCHEMAS)
def test_a_bad_schema_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        iceberg.new_document("s3://b/t", BAD_SCHEMAS[name])


def test_version_3_takes_its_own_types_and_defaults() -> None:
    schema = {"type": "struct", "fields": [field(1, "a", "variant"), field(2, "b", "int", **{"initial-default": 4})]}
    document = iceberg.new_document("s3://b/t", schema, format_version=3)
    assert document["schemas"][0]["fields"][1]["initial-default"] == 4


@pytest.mark.parametrize(
    ("source", "transform"), [(20, "identity"), (10, "day"), (50, "truncate[4]"), (99, "identity"), (10, "bucket[0]")]
)
def test_a_spec_that_does_not_fit_is_refused(source: int, transform: str) -> None:
    spec = {"fields": [{"source-id": source, "name": "p", "transform": transform}]}
    with pytest.raises(Invalid):
        iceberg.new_document("s3://b/t", NESTED, spec)


def test_hive_columns_are_those_of_icebergs_hive_catalog() -> None:
    assert iceberg.columns_of(table()) == [
        ("id", "bigint", None),
        ("at", "struct<x:double,y:double>", None),
        ("tags", "array<string>", None),
        ("props", "map<string,struct<n:int>>", None),
        ("ts", "timestamp with local time zone", "when"),
    ]


@pytest.mark.parametrize(
    ("type_", "hive"),
    [
        ("uuid", "string"),
        ("time", "string"),
        ("fixed[16]", "binary"),
        ("decimal(10, 2)", "decimal(10,2)"),
        ("timestamp", "timestamp"),
        ("variant", "unknown"),
        ("geometry(OGC:CRS84)", "binary"),
        ("unknown", "void"),
    ],
)
def test_hive_types(type_: str, hive: str) -> None:
    assert iceberg.hive_type(type_) == hive


def test_hive_parameters_hold_what_hive_clients_look_for() -> None:
    document = apply(table(**{"gc.enabled": "false", "engine.hive.enabled": "true"}), *append(1, 1))
    parameters = iceberg.hive_parameters(document, "s3://b/t/metadata/2.json", "s3://b/t/metadata/1.json")
    assert parameters["table_type"] == "ICEBERG"
    assert parameters["metadata_location"] == "s3://b/t/metadata/2.json"
    assert parameters["previous_metadata_location"] == "s3://b/t/metadata/1.json"
    assert parameters["EXTERNAL"] == "TRUE"
    assert parameters["external.table.purge"] == "false"
    assert parameters["storage_handler"].endswith("HiveIcebergStorageHandler")
    assert (parameters["numRows"], parameters["numFiles"], parameters["totalSize"]) == ("5", "1", "99")
    assert (parameters["current-snapshot-id"], parameters["snapshot-count"]) == ("1", "1")
    assert json.loads(parameters["current-schema"])["schema-id"] == 0
    assert json.loads(parameters["default-partition-spec"])["fields"][0]["name"] == "ts_day"
    assert "gc.enabled" not in parameters


def test_a_schema_too_long_for_hive_is_left_out() -> None:
    schema = {"type": "struct", "fields": [field(n, f"column_{n:0100}", "int") for n in range(1, 400)]}
    assert "current-schema" not in iceberg.hive_parameters(iceberg.new_document("s3://b/t", schema), "s3://b/t/m.json")


def test_summary_tells_totals_references_and_partitioning() -> None:
    summary = iceberg.summary_of(apply(table(), *append(1, 1)))
    assert summary["snapshot"]["rows"] == 5
    assert summary["references"] == {"main": {"type": "branch", "snapshot": 1}}
    assert summary["partition_fields"] == [{"name": "ts_day", "transform": "day", "column": "ts"}]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_document_survives_its_file(compressed: bool) -> None:
    document = table(3)
    assert iceberg.loads(iceberg.dumps(document, compressed)) == document


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, gzip.compress(b"{}", mtime=0)[:-9], b"\x1f\x8bxx", b"null"]
)
def test_a_broken_file_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        iceberg.loads(data)


def test_a_file_that_inflates_past_the_limit_is_refused() -> None:
    with pytest.raises(Invalid, match="larger than"):
        iceberg.loads(gzip.compress(b'{"a":"' + b"x" * 1_000_000 + b'"}'), bytes_max=10_000)


@pytest.mark.parametrize(
    ("location", "version"),
    [
        ("s3://b/t/metadata/00012-9f.metadata.json", 12),
        ("v3.metadata.json", 3),
        ("x/00001-a.gz.metadata.json", 1),
        ("x/00001-a.metadata.json.gz", 1),
        ("x/other.json", -1),
        ("x-7/abc.metadata.json", -1),
    ],
)
def test_version_is_read_from_the_name(location: str, version: int) -> None:
    assert iceberg.metadata_file_version(location) == version


def test_names_of_metadata_files_are_unique_and_carry_the_version() -> None:
    one, other = iceberg.metadata_file_name(7), iceberg.metadata_file_name(7, compressed=True)
    assert iceberg.metadata_file_version(one) == iceberg.metadata_file_version(other) == 7
    assert one.split(".")[0] != other.split(".")[0]


PRIMITIVES = st.sampled_from(["int", "long", "string", "date", "timestamptz", "decimal(9,2)", "fixed[3]", "uuid"])
TYPES: st.SearchStrategy[Any] = st.recursive(
    PRIMITIVES,
    lambda inner: st.one_of(
        st.builds(lambda e: {"type": "list", "element-id": 0, "element": e, "element-required": False}, inner),
        st.builds(
            lambda k, v: {
                "type": "map",
                "key-id": 0,
                "key": k,
                "value-id": 0,
                "value": v,
                "value-required": True,
            },
            PRIMITIVES,
            inner,
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda types: {"type": "struct", "fields": [field(0, f"f{n}", t) for n, t in enumerate(types)]}
        ),
    ),
    max_leaves=8,
)


def _numbered(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with distinct ids in no special order."""
    counter = iter(range(1000, 0, -1))

    def walk(type_: Any) -> Any:
        if isinstance(type_, str):
            return type_
        if type_["type"] == "struct":
            return {**type_, "fields": [{**f, "id": next(counter), "type": walk(f["type"])} for f in type_["fields"]]}
        parts = ("element",) if type_["type"] == "list" else ("key", "value")
        return {**type_, **{f"{p}-id": next(counter) for p in parts}, **{p: walk(type_[p]) for p in parts}}

    numbered: dict[str, Any] = walk(schema)
    return numbered


@given(st.lists(TYPES, min_size=1, max_size=4))
def test_any_schema_gets_the_ids_that_pyiceberg_gives(types: list[Any]) -> None:
    schema = _numbered({"type": "struct", "fields": [field(0, f"c{n}", t) for n, t in enumerate(types)]})
    document = iceberg.new_document("s3://b/t", schema, now_ms=NOW_MS)
    parsed = TableMetadataUtil.parse_obj(document)
    theirs = assign_fresh_schema_ids(parsed.schema().model_validate(schema))
    assert parsed.schema().as_struct() == theirs.as_struct()
    assert parsed.last_column_id == theirs.highest_field_id
