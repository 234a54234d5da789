"""What every gRPC service does: reflection, health, error details, deadlines, limits."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import httpx
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, ResourceInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.model.errors import Conflict, Invalid, OutcomeUnknown, TimedOut, Unavailable
from catalog_server.testing import RunningServer
from tests.facades.grpc.calls import ask, stream


def reflected(channel: grpc.Channel, **said: str) -> reflection_pb2.ServerReflectionResponse:
    request = reflection_pb2.ServerReflectionRequest(**said)
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    return next(iter(stub.ServerReflectionInfo(iter([request]))))  # type: ignore[no-any-return]


def test_reflection_tells_a_stranger_all_that_a_call_needs(
    channel: grpc.Channel, client: Client, database: str
) -> None:
    names = {one.name for one in reflected(channel, list_services="").list_services_response.service}
    assert names >= {f"catalog.v1.{name}" for name in m.DESCRIPTOR.services_by_name}
    pool = DescriptorPool()
    files = reflected(channel, file_containing_symbol="catalog.v1.Databases").file_descriptor_response
    (proto,) = files.file_descriptor_proto[:1]
    for name in FileDescriptorProto.FromString(proto).dependency:
        for one in reflected(channel, file_by_filename=name).file_descriptor_response.file_descriptor_proto:
            pool.AddSerializedFile(one)
    pool.AddSerializedFile(proto)
    method = pool.FindServiceByName("catalog.v1.Databases").FindMethodByName("GetDatabase")
    request = GetMessageClass(method.input_type)()
    request.name.database = database  # type: ignore[attr-defined]
    read = GetMessageClass(method.output_type).FromString
    call = channel.unary_unary("/catalog.v1.Databases/GetDatabase", type(request).SerializeToString, read)
    assert call(request).name == database  # type: ignore[attr-defined]


def test_health_is_told_of_the_server_and_of_each_service(channel: grpc.Channel) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    for name in ("", "catalog.v1.Tables"):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


def details(error: grpc.RpcError) -> Status:
    return Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])


def test_an_error_says_in_its_details_what_was_wrong_with_what(channel: grpc.Channel, database: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        ask(channel, "Tables/GetTable", m.GetTableRequest(name=m.TableName(database=database, table="no")))
    status, info, resource = details(caught.value), ErrorInfo(), ResourceInfo()
    assert status.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(resource)
    assert (info.reason, info.domain) == ("NOT_FOUND", "catalog-server")
    assert (resource.resource_type, resource.resource_name) == ("table", f"hive.{database}.no")


def test_a_wrong_field_is_named_in_the_details(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        ask(channel, "Databases/ListDatabases", m.ListDatabasesRequest(page_size=1001))
    bad = BadRequest()
    assert details(caught.value).details[1].Unpack(bad)
    assert [one.field for one in bad.field_violations] == ["page_size"]
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("token", ["x", "WzFd", "W10", "bnVsbA", "WyJcdTAwMDAiXQ", "é", "W3RydWVd"])
def test_a_page_token_of_somebody_else_is_refused(channel: grpc.Channel, token: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        ask(channel, "Databases/ListDatabases", m.ListDatabasesRequest(page_token=token))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_bytes_that_are_no_request_are_told_so(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        ask(channel, "Databases/GetDatabase", b"\xff\xff\xff")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "catalog.v1.GetDatabaseRequest" in caught.value.details()


def test_an_unknown_method_is_unimplemented(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/catalog.v1.Tables/Fly")(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_message_that_is_too_large_is_refused_and_the_connection_lives(client: Client, database: str) -> None:
    with pytest.raises(Invalid):
        client.databases.alter(database, m.Database(comment="x" * (17 << 20)), ["comment"])
    assert client.databases.get(database).version == 1


def test_an_error_about_a_very_long_name_reaches_the_client(client: Client) -> None:
    with pytest.raises(Invalid):
        client.databases.create(m.Database(name="é" * 100_000))


def test_a_deadline_ends_a_stream_that_waits(channel: grpc.Channel) -> None:
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        list(stream(channel, "Events/Watch", m.WatchRequest(), timeout=0.5))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < 5


def watches(server: RunningServer) -> float:
    text = httpx.get(f"{server.http}/metrics").text
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith("catalog_grpc_watches ")))


def test_a_client_that_leaves_frees_its_place(server: RunningServer, channel: grpc.Channel) -> None:
    before = watches(server)
    open_streams = [stream(channel, "Events/Watch", m.WatchRequest()) for _ in range(5)]
    for one in open_streams:
        next(one)
    assert watches(server) == before + 5
    for one in open_streams:
        one.cancel()
    deadline = time.monotonic() + 10
    while watches(server) > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert watches(server) == before


def test_calls_are_counted_by_method_and_code(server: RunningServer, client: Client, database: str) -> None:
    client.databases.get(database)
    text = httpx.get(f"{server.http}/metrics").text
    assert 'catalog_grpc_calls_total{code="OK",method="catalog.v1.Databases.GetDatabase"}' in text


def test_the_run_that_asks_is_named_in_the_history(client: Client, channel: grpc.Channel, database: str) -> None:
    new = m.CreateTableRequest(table=m.Table(database=database, name="t"))
    ask(channel, "Tables/CreateTable", new, metadata=(("x-catalog-run", "run-7"),))
    assert client.versions.get(database, "t", 1).run == "run-7"


def test_the_api_says_where_grpc_is(server: RunningServer) -> None:
    assert httpx.get(f"{server.http}/api/v1/info").json()["addresses"]["grpc"] == server.grpc


def test_a_client_tells_what_it_cannot_know_from_what_did_not_happen() -> None:
    with Client("127.0.0.1:9", timeout_seconds=5) as nobody:
        for ask_nobody in (lambda: nobody.databases.get("x"), lambda: nobody.databases.drop("x")):
            with pytest.raises(Unavailable):
                ask_nobody()


@pytest.fixture
def silent(server: RunningServer) -> Iterator[RunningServer]:
    """The server, while it answers nothing."""
    server.process.send_signal(signal.SIGSTOP)
    yield server
    server.process.send_signal(signal.SIGCONT)


def test_a_deadline_leaves_a_change_unknown_and_a_read_timed_out(silent: RunningServer) -> None:
    with Client(silent.grpc, timeout_seconds=0.5) as hasty:
        with pytest.raises(TimedOut):
            hasty.databases.get("default")
        with pytest.raises(OutcomeUnknown):
            hasty.databases.create(m.Database(name="perhaps"))


def test_of_writers_that_race_for_a_version_one_wins(server: RunningServer, client: Client, database: str) -> None:
    client.tables.create(m.Table(database=database, name="t"))

    def change(number: int) -> bool:
        try:
            client.tables.alter(database, "t", m.Table(owner=f"o{number}"), ["owner"], expected_version=1)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(change, range(8))) == 1
    assert client.tables.get(database, "t").version == 2


def test_writers_that_name_no_version_all_come_through(client: Client, database: str) -> None:
    client.tables.create(m.Table(database=database, name="t", owner="first"))

    def change(number: int) -> None:
        field = ("owner", "retention")[number % 2]
        client.tables.alter(database, "t", m.Table(owner=f"o{number}", retention=number), [field])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(change, range(16)))
    found = client.tables.get(database, "t")
    assert (found.version, found.owner[0], found.retention % 2) == (17, "o", 1)
