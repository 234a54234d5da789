"""Kerberos on the Thrift port, against a KDC of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog_server.config import ThriftConfig
from catalog_server.facades.hms.setup import gates
from catalog_server.facades.hms.transport.kerberos import short_name
from catalog_server.facades.hms.transport.sasl import BAD, COMPLETE, OK
from catalog_server.model.errors import Invalid
from catalog_server.services import Services
from tests.engines import kerberos
from tests.engines.kerberos import REALM, Realm
from tests.facades.hms import guarded
from tests.facades.hms.guarded import SaslClient
from tests.facades.hms.running import Running, call_bytes, received, running

SERVICE = "hive/localhost"
NONE, INTEGRITY, PRIVACY = 1, 2, 4
needs_kdc = pytest.mark.skipif(kerberos.missing() is not None, reason=kerberos.missing() or "")


@dataclass
class Place:
    """A realm, and a server in it."""

    realm: Realm
    thrift: ThriftConfig
    server: Running
    alice: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, hms_services: Services) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch, kerberos.realm(tmp_path_factory.mktemp("realm")) as realm:
        for name, value in realm.environment.items():
            patch.setenv(name, value)
        thrift = ThriftConfig(
            authentication=("kerberos",),
            kerberos_keytab=str(realm.keytab(SERVICE)),
            kerberos_principal=f"{SERVICE}@{REALM}",
        )
        alice = realm.keytab("alice")
        with running(guarded.handlers(hms_services), gates=gates(thrift)) as server:
            yield Place(realm, thrift, server, alice)


def context_of(place: Place) -> Any:
    import gssapi

    name = gssapi.Name(f"alice@{REALM}", gssapi.NameType.kerberos_principal)
    store = {"client_keytab": str(place.alice), "ccache": f"FILE:{place.realm.folder / 'alice'}"}
    credentials = gssapi.Credentials(name=name, usage="initiate", store=store)
    target = gssapi.Name(f"{SERVICE}@{REALM}", gssapi.NameType.kerberos_principal)
    flags = gssapi.RequirementFlag.mutual_authentication | gssapi.RequirementFlag.integrity
    flags |= gssapi.RequirementFlag.confidentiality | gssapi.RequirementFlag.out_of_sequence_detection
    return gssapi.SecurityContext(name=target, creds=credentials, usage="initiate", flags=flags)


def negotiated(client: SaslClient, context: Any, layer: int, acts_as: bytes = b"") -> tuple[int, bytes]:
    """The client's half of RFC 4752."""
    status, answer = client.begin("GSSAPI", context.step())
    while not context.complete:
        token = context.step(answer)
        if token or context.complete:
            status, answer = client.ask(OK, token or b"")
    assert status == OK
    offered = context.unwrap(answer).message
    assert offered[0] & layer
    chosen = bytes((layer,)) + (0 if layer == NONE else 65536).to_bytes(3, "big") + acts_as
    ended = client.ask(OK, context.wrap(chosen, False).message)
    if layer != NONE:
        client.wrap = lambda data: context.wrap(data, layer == PRIVACY).message
        client.unwrap = lambda data: context.unwrap(data).message
    return ended


@needs_kdc
@pytest.mark.parametrize("layer", [NONE, INTEGRITY, PRIVACY], ids=["auth", "auth-int", "auth-conf"])
def test_a_ticket_names_the_user(place: Place, layer: int) -> None:
    with place.server.connect() as connection:
        client = SaslClient(connection)
        assert negotiated(client, context_of(place), layer)[0] == COMPLETE
        client.call("set_ugi", user_name="mallory", group_names=[])
        assert b"\x05alice" in client.call("get_all_databases")
        answer = client.call("get_all_tables", db_name="50000")
        while answer.count(b"0123456789") < 49_990:
            answer += client.frame()
        assert len(answer) > 700_000


@needs_kdc
def test_nobody_acts_as_another(place: Place) -> None:
    with place.server.connect() as connection:
        status, told = negotiated(SaslClient(connection), context_of(place), NONE, b"bob")
        assert (status, b"may not act as bob" in told) == (BAD, True)
        assert received(connection) == b""


@needs_kdc
@pytest.mark.parametrize("token", [b"\x60nonsense", b"\0" * 5000])
def test_what_is_no_ticket_is_refused(place: Place, token: bytes) -> None:
    with place.server.connect() as connection:
        status, told = SaslClient(connection).begin("GSSAPI", token)
        assert (status, told[:9]) == (BAD, b"Kerberos:")


@needs_kdc
def test_an_encrypted_frame_that_was_changed_ends_the_connection(place: Place) -> None:
    with place.server.connect() as connection:
        client = SaslClient(connection)
        negotiated(client, context_of(place), PRIVACY)
        changed = bytearray(client.wrap(call_bytes("getName")))
        changed[-1] ^= 1
        connection.sendall(len(changed).to_bytes(4, "big") + changed)
        assert received(connection) == b""


@needs_kdc
def test_a_keytab_without_the_principal_is_refused_at_start(place: Place) -> None:
    with pytest.raises(Invalid, match="has no key of hive/elsewhere"):
        gates(ThriftConfig(**{**_fields(place.thrift), "kerberos_principal": f"hive/elsewhere@{REALM}"}))


def _fields(thrift: ThriftConfig) -> dict[str, Any]:
    return {name: getattr(thrift, name) for name in ("authentication", "kerberos_keytab", "kerberos_principal")}


@pytest.mark.parametrize(
    ("principal", "name"),
    [("alice@A", "alice"), ("hive/host@A", "hive"), ("alice@B", "alice@B"), ("hive/host@B", "hive/host@B")],
)
def test_names_are_short_in_the_server_s_own_realm_only(principal: str, name: str) -> None:
    assert short_name(principal, "A") == name
