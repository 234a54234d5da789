"""Structs become the bytes that Apache Thrift makes of them, and come back the same."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.transport.TTransport import TMemoryBuffer

from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.wire.samples import structs

METHODS = sorted(wire.BINDINGS.method_names())
PROTOCOLS = {False: TBinaryProtocol, True: TCompactProtocol}


@st.composite
def method_pairs(draw: Any) -> tuple[Any, Any]:
    """The arguments or the result of any method, as the newest versions know it, and its pair."""
    method = wire.method(draw(st.sampled_from(METHODS)))
    pair = draw(st.sampled_from([method.arguments, method.result]))
    return draw(structs(pair)), pair


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sample=method_pairs(), compact=st.booleans())
def test_any_struct_is_read_back_as_it_was_written(sample: tuple[Any, Any], compact: bool) -> None:
    value, pair = sample
    assert codec.decode(codec.encode(value, pair, compact), pair, compact) == value


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sample=method_pairs(), compact=st.booleans())
def test_thrifts_own_python_protocol_understands_our_bytes_and_we_understand_its(
    sample: tuple[Any, Any], compact: bool
) -> None:
    value, pair = sample
    theirs = pair[0]()
    theirs.read(PROTOCOLS[compact](TMemoryBuffer(codec.encode(value, pair, compact))))
    assert theirs == value
    buffer = TMemoryBuffer()
    value.write(PROTOCOLS[compact](buffer))
    assert codec.decode(buffer.getvalue(), pair, compact) == value


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200), name=st.sampled_from(METHODS), compact=st.booleans())
def test_random_bytes_are_arguments_or_a_decode_error(data: bytes, name: str, compact: bool) -> None:
    method = wire.method(name)
    try:
        arguments, _ = codec.decode_arguments(method, data, compact)
    except codec.DecodeError:
        return
    assert isinstance(arguments, method.arguments[0])


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(
    ("method", "struct", "path", "older"),
    [
        ("create_table", "Table", "tbl", {"tableName": "t", "catName": "hive"}),
        ("alter_table", "Table", "new_tbl", {"tableName": "t", "catName": "hive"}),
        ("add_dynamic_partitions", "AddDynamicPartitions", "rqst", {"txnid": 1, "dbname": "d", "partitionnames": []}),
    ],
)
def test_field_ids_of_older_clients_are_known_by_their_type(
    method: str, struct: str, path: str, older: dict[str, Any], compact: bool
) -> None:
    described = wire.method(method)
    assert described.older is not None
    sent = described.arguments[0](**{path: getattr(wire, struct)(**older)})
    as_before = codec.encode(sent, described.older.arguments, compact)
    as_now = codec.encode(sent, described.arguments, compact)
    assert as_before != as_now
    for data in (as_before, as_now):
        read, _ = codec.decode_arguments(described, data, compact)
        assert {name: getattr(getattr(read, path), name) for name in older} == older


def test_an_insert_event_of_an_old_client_has_its_files() -> None:
    method = wire.method("fire_listener_event")
    assert method.older is not None
    files = wire.FireEventRequestData(insertData=wire.InsertEventRequestData(filesAdded=["a", "b"]))
    sent = method.arguments[0](rqst=wire.FireEventRequest(successful=True, data=files))
    for pair in (method.arguments, method.older.arguments):
        read, _ = codec.decode_arguments(method, codec.encode(sent, pair))
        assert read.rqst.data.insertData.filesAdded == ["a", "b"]


def test_a_changed_method_has_the_arguments_and_the_result_of_its_version() -> None:
    method = wire.method("get_materialization_invalidation_info")
    assert method.older is not None
    sent = method.older.arguments[0](dbname="d", tbl_names=["a"])
    read, found = codec.decode_arguments(method, codec.encode(sent, method.older.arguments))
    assert found is method.older
    assert read.tbl_names == ["a"]
    older = wire.Materialization(tablesUsed={"t"}, invalidationTime=1)
    result = found.result[0](success={"v": older})
    assert codec.decode(codec.encode(result, found.result), found.result).success == {"v": older}


@pytest.mark.parametrize("compact", [False, True])
def test_an_application_error_reads_as_thrifts_own(compact: bool) -> None:
    from thrift.Thrift import TApplicationException

    error = codec.ApplicationError(codec.UNKNOWN_METHOD, "Invalid method name: 'x'")
    protocol = PROTOCOLS[compact](TMemoryBuffer(codec.application_error("x", 7, error, compact)))
    assert protocol.readMessageBegin() == ("x", codec.EXCEPTION, 7)
    read = TApplicationException()
    read.read(protocol)
    assert (read.type, read.message) == (TApplicationException.UNKNOWN_METHOD, "Invalid method name: 'x'")
