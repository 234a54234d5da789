"""The Thrift server as its clients meet it, whichever protocol and transport they speak."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop
from thrift.Thrift import TApplicationException

from catalog_server.facades.hms.call import CloseConnection, Context, inline, large
from catalog_server.facades.hms.encode import PartitionRow, PartitionTemplate, struct_bytes
from catalog_server.facades.hms.transport.server import Server
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.running import PROTOCOLS, TRANSPORTS, Running, call, call_bytes, received, running

TABLE = wire.Table(tableName="t", dbName="d", sd=wire.StorageDescriptor(cols=[wire.FieldSchema(name="a", type="int")]))
TEMPLATE = PartitionTemplate("d", "t", wire.StorageDescriptor(cols=[wire.FieldSchema(name="a", type="int")] * 20))


@inline
def get_table(context: Context, arguments: Any) -> Any:
    return struct_bytes(TABLE, context.compact)


def get_database(context: Context, arguments: Any) -> Any:
    raise wire.NoSuchObjectException(f"database hive.{arguments.name}")


def get_all_databases(context: Context, arguments: Any) -> Any:
    raise LookupError("driver said: password=secret")


def set_ugi(context: Context, arguments: Any) -> Any:
    context.state["user"] = arguments.user_name
    return [f"{context.peer} as {context.state['user']} by {context.method}"]


def get_all_tables(context: Context, arguments: Any) -> Any:
    return [context.state.get("user", "nobody"), arguments.db_name]


@large
def get_partitions(context: Context, arguments: Any) -> Any:
    count = arguments.max_parts
    return TEMPLATE.answer((PartitionRow([str(number)]) for number in range(count)), context.compact, count)


HANDLERS = {
    "get_table": get_table,
    "get_database": get_database,
    "get_all_databases": get_all_databases,
    "set_ugi": set_ugi,
    "get_all_tables": get_all_tables,
    "get_partitions": get_partitions,
    "add_partitions": lambda context, arguments: 0,
    "getName": inline(lambda context, arguments: "catalog"),
    "shutdown": inline(lambda context, arguments: None),
}


@pytest.fixture(scope="module", params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def server(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(HANDLERS, loop=request.param) as started:
        yield started


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("transport", TRANSPORTS)
class TestEveryClient:
    def test_is_answered(self, server: Running, protocol: str, transport: str) -> None:
        with server.protocol(protocol, transport) as client:
            assert call(client, "get_table", dbname="d", tbl_name="t") == TABLE
            assert call(client, "get_all_tables", db_name="x") == ["nobody", "x"]

    def test_gets_the_declared_exception(self, server: Running, protocol: str, transport: str) -> None:
        with server.protocol(protocol, transport) as client:
            with pytest.raises(wire.NoSuchObjectException, match=r"database hive\.nope"):
                call(client, "get_database", name="nope")

    def test_hears_of_an_unknown_method_and_goes_on(self, server: Running, protocol: str, transport: str) -> None:
        with server.protocol(protocol, transport) as client:
            with pytest.raises(TApplicationException, match="Invalid method name: 'get_table_req'") as caught:
                call(client, "get_table_req", req=wire.GetTableRequest(dbName="d", tblName="t"))
            assert caught.value.type == TApplicationException.UNKNOWN_METHOD
            assert call(client, "getName") == "catalog"

    def test_gets_long_lists_whole(self, server: Running, protocol: str, transport: str) -> None:
        count = 2_000 if protocol == "binary" else 300
        with server.protocol(protocol, transport) as client:
            partitions = call(client, "get_partitions", db_name="d", tbl_name="t", max_parts=count)
        assert [partition.values for partition in partitions] == [[str(number)] for number in range(count)]

    def test_has_no_answer_to_a_oneway_call(self, server: Running, protocol: str, transport: str) -> None:
        with server.protocol(protocol, transport) as client:
            client.writeMessageBegin("shutdown", codec.ONEWAY, 3)
            wire.method("shutdown").arguments[0]().write(client)
            client.writeMessageEnd()
            client.trans.flush()
            assert call(client, "getName") == "catalog"


def test_an_undeclared_error_is_told_without_its_cause(server: Running) -> None:
    with server.protocol() as client:
        with pytest.raises(TApplicationException, match=r"^Internal error processing get_all_databases$") as caught:
            call(client, "get_all_databases")
        assert caught.value.type == TApplicationException.INTERNAL_ERROR
        assert call(client, "getName") == "catalog"


def test_arguments_of_another_type_are_a_protocol_error(server: Running) -> None:
    body = b"\x0f\x00\x01\x08\x00\x00\x00\x01\x00\x00\x00\x07"  # field 1: a list of numbers
    with server.connect() as connection:
        connection.sendall(codec.message_header("add_partitions", codec.CALL, 1) + body + b"\0")
        answer = connection.recv(1000)
    assert b"add_partitions" in answer
    assert answer[3] == codec.EXCEPTION


def test_state_is_kept_for_a_connection_and_for_no_other(server: Running) -> None:
    with server.protocol() as first, server.protocol() as second:
        assert call(first, "set_ugi", user_name="ann", group_names=[]) == ["127.0.0.1 as ann by set_ugi"]
        assert call(first, "get_all_tables", db_name="d") == ["ann", "d"]
        assert call(second, "get_all_tables", db_name="d") == ["nobody", "d"]


def test_pipelined_calls_are_answered_in_order(server: Running) -> None:
    names = ["getName", "get_all_tables", "get_table", "shutdown", "no_such_method", "get_partitions"] * 40
    calls = [_some_call(name, sequence) for sequence, name in enumerate(names)]
    with server.connect() as connection:
        connection.sendall(b"".join(calls))
        connection.shutdown(1)
        answers = received(connection)
    found = []
    for sequence, name in enumerate(names):
        if name != "shutdown":
            header = codec.message_header(name, codec.EXCEPTION if name == "no_such_method" else codec.REPLY, sequence)
            found.append(answers.index(header))
    assert found == sorted(found)


def _some_call(name: str, sequence: int) -> bytes:
    if name == "no_such_method":
        return codec.message_header(name, codec.CALL, sequence) + b"\0"
    kind = codec.ONEWAY if name == "shutdown" else codec.CALL
    known: dict[str, dict[str, Any]] = {"get_partitions": {"max_parts": 3}, "get_all_tables": {"db_name": "d"}}
    return call_bytes(name, sequence, kind, **known.get(name, {}))


def test_errors_of_the_catalog_are_translated_to_what_a_method_declares() -> None:
    def translate(method: Any, error: Exception) -> Exception:
        if isinstance(error, TimeoutError):
            return CloseConnection(str(error))
        declared: type[Exception] = next(iter(method.throws))
        return declared(f"translated {error}")

    def drop_table(context: Context, arguments: Any) -> Any:
        raise (TimeoutError if arguments.name == "unknown" else ValueError)(arguments.name)

    with running({"drop_table": drop_table}, translate) as server:
        with server.protocol() as client:
            with pytest.raises(wire.NoSuchObjectException, match="translated x"):
                call(client, "drop_table", name="x")
        with server.connect() as connection:
            connection.sendall(call_bytes("drop_table", name="unknown"))
            assert received(connection) == b""


def test_an_answer_that_breaks_off_closes_the_connection_but_an_early_failure_is_told() -> None:
    def pieces(context: Context, arguments: Any) -> Iterator[bytes]:
        if arguments.db_name == "early":
            raise wire.MetaException("early")
        yield b"\x0b\x00\x00\x00\x02"
        raise RuntimeError("late")

    with running({"get_all_tables": pieces}) as server:
        with server.protocol() as client, pytest.raises(wire.MetaException, match="early"):
            call(client, "get_all_tables", db_name="early")
        with server.connect() as connection:
            connection.sendall(call_bytes("get_all_tables", db_name="late"))
            assert not received(connection).endswith(b"\0")


def test_a_client_that_reads_slowly_holds_no_thread_and_gets_all_in_the_end() -> None:
    request = call_bytes("get_partitions", db_name="d", tbl_name="t", max_parts=30_000)
    with running({"get_partitions": get_partitions}, threads_large=1, spool_memory_bytes=100_000) as server:
        with server.connect() as slow, server.connect() as quick:
            slow.sendall(request)
            assert slow.recv(1)
            quick.sendall(request)
            quick.shutdown(1)
            whole = received(quick)
            slow.shutdown(1)
            assert received(slow) == whole[1:]
    assert len(whole) > 10_000_000


def test_large_listings_hold_up_no_ordinary_call() -> None:
    release = threading.Event()

    @large
    def wait(context: Context, arguments: Any) -> Any:
        release.wait(20)
        return []

    with running({"get_all_tables": wait, "getVersion": lambda context, arguments: "1"}, threads_large=1) as server:
        with server.connect() as waiting, server.protocol() as client:
            waiting.sendall(call_bytes("get_all_tables") * 2)
            assert call(client, "getVersion") == "1"
            release.set()


def test_stopping_answers_the_call_in_flight() -> None:
    entered, release = threading.Event(), threading.Event()

    def wait(context: Context, arguments: Any) -> Any:
        entered.set()
        release.wait(20)
        return "answered"

    with running({"getVersion": wait}) as server, server.connect() as busy, server.connect() as idle:
        busy.sendall(call_bytes("getVersion"))
        assert entered.wait(10)
        stopping = threading.Thread(target=lambda: server.run(server.server.stop(20)))
        stopping.start()
        assert received(idle) == b""
        release.set()
        assert b"answered" in received(busy)
        stopping.join(10)
        with pytest.raises(ConnectionError):
            server.connect()


def test_the_server_does_not_start_without_the_c_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "_fastbinary", None)
    with pytest.raises(RuntimeError, match=r"fastbinary is missing: install the `thrift` package with its C extension"):
        Server({})


def test_a_handler_of_a_method_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no version of Hive has the methods get_tabel"):
        Server({"get_tabel": get_table})
