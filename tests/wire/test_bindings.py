"""The bindings say of every method what idl/ says, and cost nothing until they are used."""

import subprocess
import sys
from typing import Any

import pytest
from hive_metastore import ThriftHiveMetastore, ttypes  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer

from catalog_server.wire import bindings as b
from catalog_server.wire import codec, generate, idl
from catalog_server.wire import hive_metastore as wire
from tests.wire.samples import structs

IDL = [idl.parse((generate.ROOT / "idl" / name).read_text()) for name in generate.SOURCES]
FUNCTIONS = {name: function for document in IDL for name, function in document.functions.items()}
METHODS = sorted(name for name, function in FUNCTIONS.items() if not function.annotations)
SHARED_STRUCTS = sorted(name for name in wire.STRUCTS if hasattr(ttypes, name))


def test_the_committed_bindings_are_what_the_idl_says() -> None:
    assert generate.TARGET.read_text() == generate.render(IDL)


def test_the_union_of_all_versions_is_there() -> None:
    assert len(METHODS) == 292 + 13
    assert {"get_table", "get_table_req", "get_indexes", "get_partitions_by_filter_req", "getStatus"} <= set(METHODS)
    assert sorted(wire.BINDINGS.method_names()) == METHODS


@pytest.mark.parametrize("name", METHODS)
def test_a_method_declares_its_exceptions_and_its_calls_can_be_read_and_written(name: str) -> None:
    method, function = wire.method(name), FUNCTIONS[name]
    assert {(cls.__name__, field) for cls, field in method.throws.items()} == {
        (field.type, field.name) for field in function.throws
    }
    result_ids = {entry[2]: entry[0] for entry in method.result[1] if entry}
    assert result_ids.items() >= {(field.name, field.id) for field in function.throws}
    assert ("success" in result_ids) == (function.returns != "void")
    for cls, field in method.throws.items():
        answer = method.result[0](**{field: cls("why")})
        assert getattr(codec.decode(codec.encode(answer, method.result), method.result), field).message == "why"
    for compact in (False, True):
        empty = method.arguments[0]()
        assert codec.decode_arguments(method, codec.encode(empty, method.arguments, compact), compact)[0] == empty


def test_importing_the_bindings_makes_no_class_and_loads_no_thrift() -> None:
    program = (
        "import sys; from catalog_server.wire import hive_metastore as w;"
        "assert not w.BINDINGS._classes and not w.BINDINGS._methods;"
        "assert 'thrift' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=generate.ROOT)


def test_structs_enums_and_constants_are_attributes() -> None:
    table = wire.Table(tableName="t")
    assert (table.tableName, table.dbName, table.ownerType) == ("t", None, wire.PrincipalType.USER)
    assert wire.DDL_TIME == "transient_lastDdlTime"
    assert wire.Table is type(table)
    with pytest.raises(AttributeError, match="no 'Tabel'"):
        _ = wire.Tabel
    with pytest.raises(TypeError, match="no field tablename"):
        wire.Table(tablename="t")


def test_exceptions_can_be_raised_and_carry_their_message() -> None:
    with pytest.raises(wire.NoSuchObjectException, match=r"hive\.d\.t table not found") as caught:
        raise wire.NoSuchObjectException("hive.d.t table not found")
    assert caught.value.message == "hive.d.t table not found"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(SHARED_STRUCTS))
def test_bytes_agree_with_pyicebergs_generated_client(data: st.DataObject, name: str) -> None:
    ours = data.draw(structs(_shared_pair(name)))
    theirs = _their_struct(ours)
    buffer = TMemoryBuffer()
    theirs.write(TBinaryProtocol(buffer))
    assert codec.encode(ours, _shared_pair(name)) == buffer.getvalue()


def test_calls_agree_with_pyicebergs_generated_client() -> None:
    shared = [name for name in METHODS if hasattr(ThriftHiveMetastore, f"{name}_args")]
    assert len(shared) > 200
    for name in shared:
        theirs = getattr(ThriftHiveMetastore, f"{name}_args").thrift_spec
        ours = wire.method(name).arguments[1]
        assert [_shape(field) for field in ours if field] == [_shape(field) for field in theirs if field], name


def _shared_pair(name: str) -> b.Pair:
    """Our pair, cut down to the fields that the other's version of Hive also has, all the way down."""
    if name not in _shared_pairs:
        pair = _shared_pairs[name] = [getattr(wire, name), ()]
        known = {_shape(field): field for field in getattr(ttypes, name).thrift_spec if field}
        pair[1] = tuple(
            (*field[:3], _shared_arguments(field[1], field[3]), field[4])
            for field in wire.BINDINGS.pair(name)[1]
            if field and _shape(field) in known
        )
    return _shared_pairs[name]


_shared_pairs: dict[str, b.Pair] = {}


def _shared_arguments(kind: int, arguments: Any) -> Any:
    if kind == b.STRUCT:
        return _shared_pair(arguments[0].__name__)
    if kind in (b.LIST, b.SET):
        return (arguments[0], _shared_arguments(arguments[0], arguments[1]), arguments[2])
    if kind == b.MAP:
        key, key_arguments, value, value_arguments, frozen = arguments
        return (key, key_arguments, value, _shared_arguments(value, value_arguments), frozen)
    return arguments


def _shape(field: Any) -> tuple[Any, ...]:
    number, kind, name, arguments, _ = field
    return (number, kind, name, arguments[0] if kind in (b.LIST, b.SET) else None)


def _their_struct(value: Any) -> Any:
    """The other's object with the same fields; those that are unset stay unset."""
    if isinstance(value, list | tuple | set):
        return [_their_struct(item) for item in value]  # a set as a list: a copied set may have another order
    if isinstance(value, dict):
        return {key: _their_struct(item) for key, item in value.items()}
    if not isinstance(value, b.ThriftStruct):
        return value
    cls = getattr(ttypes, type(value).__name__)
    shared = {entry[2]: getattr(value, entry[2]) for entry in _shared_pair(cls.__name__)[1]}
    theirs = {entry[2] for entry in cls.thrift_spec if entry}
    fields = dict.fromkeys(theirs) | {name: _their_struct(item) for name, item in shared.items()}
    return cls(**fields)
