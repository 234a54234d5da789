"""Who may speak to the gRPC port: loopback alone, or who shows a token over TLS; and grants are asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from catalog_server.authentication import new_token, token_hash
from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.config import Config, GrpcConfig
from catalog_server.facades.grpc.setup import check
from catalog_server.model.caller import SYSTEM
from catalog_server.model.database import Database
from catalog_server.model.errors import CatalogError, Denied, Invalid, NotFound
from catalog_server.model.grant import Action, Grant
from catalog_server.server import check as check_server
from catalog_server.services import Services
from catalog_server.store import grants
from catalog_server.testing import RunningServer, running_server
from tests.facades.hms.guarded import Certificates, certificates

TOKEN = new_token()
KEY = ECKey.generate_key("P-256", {"kid": "one"})
ISSUER, AUDIENCE = "https://login.example", "catalog"


def signed(key: ECKey = KEY, **changes: Any) -> str:
    """A signed token of ann's."""
    claims = {"sub": "ann", "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600}
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims | changes, key)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def guarded(made: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that takes tokens over TLS and asks its grants: ann may see one database."""
    data = tmp_path_factory.mktemp("guarded")
    services = Services(Config(data=data))
    services.catalog.prepare()
    for name in ("seen", "hidden"):
        services.catalog.databases.create(SYSTEM, Database("hive", name))
    grant = Grant("user:ann", Action.DESCRIBE, "database", ("hive", "seen"))
    services.catalog.store.write(lambda tx: grants.create(tx, [grant]))
    services.close()
    tokens = data / "tokens"
    tokens.write_text(f"ann:{token_hash(TOKEN)}\n")
    keys = data / "keys"
    keys.write_text(json.dumps(KeySet([KEY]).as_dict(private=False)))
    said = {
        "SECURITY__POLICY": "grants",
        "GRPC__AUTHENTICATION": "token,jwt",
        "GRPC__JWT_KEYS": str(keys),
        "GRPC__JWT_ISSUER": ISSUER,
        "GRPC__JWT_AUDIENCE": AUDIENCE,
        "GRPC__TOKENS_FILE": str(tokens),
        "GRPC__TLS_CERTIFICATE": str(made.server),
        "GRPC__TLS_KEY": str(made.server_key),
    }
    with running_server(data, environment={f"CATALOG_SERVER__{key}": value for key, value in said.items()}) as running:
        yield running


@pytest.fixture(params=[lambda: TOKEN, signed], ids=["token", "jwt"])
def ann(request: pytest.FixtureRequest, guarded: RunningServer, made: Certificates) -> Iterator[Client]:
    with Client(guarded.grpc, token=request.param(), certificates=made.authority.read_bytes()) as client:
        yield client


def test_who_shows_a_token_sees_what_is_granted_and_changes_nothing(ann: Client) -> None:
    assert [one.name for one in ann.databases.list()] == ["seen"]
    with pytest.raises(NotFound):
        ann.databases.get("hidden")
    with pytest.raises(Denied) as caught:
        ann.databases.alter("seen", m.Database(comment="x"), ["comment"])
    assert caught.value.action == "alter"
    with pytest.raises(Denied):
        ann.databases.create(m.Database(name="new"))
    assert list(ann.search.find("hidden")) == []


def test_a_watch_tells_of_what_may_be_seen_and_passes_over_the_rest(ann: Client) -> None:
    assert [one.database for one in ann.events.list(0).events] == ["seen"]
    assert ann.events.list(0).last_number == 3


@pytest.mark.parametrize(
    "token",
    [
        lambda: "",
        lambda: "cat_wrong",
        lambda: signed(exp=int(time.time()) - 600),
        lambda: signed(iss="https://evil.example"),
        lambda: signed(aud="shop"),
        lambda: signed(ECKey.generate_key("P-256", {"kid": "one"})),
        lambda: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.",
    ],
    ids=["none", "unknown", "expired", "another issuer", "another audience", "another key", "unsigned"],
)
def test_who_shows_no_good_token_is_not_let_in(
    guarded: RunningServer, made: Certificates, token: Callable[[], str]
) -> None:
    with Client(guarded.grpc, token=token(), certificates=made.authority.read_bytes()) as client:
        for ask in (lambda: client.databases.get("seen"), lambda: next(client.events.watch(after=0))):
            with pytest.raises(Denied):
                ask()


def test_a_plain_client_is_not_answered(guarded: RunningServer) -> None:
    with Client(guarded.grpc, token=TOKEN, timeout_seconds=5) as client, pytest.raises(CatalogError):
        client.databases.get("seen")


OPEN = {"tls_certificate": "c", "tls_key": "k"}


@pytest.mark.parametrize(
    ("changes", "loopback", "field"),
    [
        ({}, False, "grpc.authentication"),
        (OPEN, False, "grpc.authentication"),
        ({"authentication": ("token",), "tokens_file": "x"}, False, "grpc.tls_certificate"),
        ({"authentication": ("token",)}, True, "grpc.tokens_file"),
        ({"authentication": ("jwt",)}, True, "grpc.jwt_keys"),
        ({"authentication": ("charm",)}, True, "grpc.authentication"),
        ({"tls_certificate": "c"}, True, "grpc.tls_key"),
    ],
)
def test_settings_that_would_guard_nothing_are_refused(changes: dict[str, object], loopback: bool, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(GrpcConfig(**changes), loopback=loopback)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_a_server_beyond_loopback_needs_them_before_it_starts() -> None:
    with pytest.raises(Invalid):
        check_server(Config(grpc=GrpcConfig(host="0.0.0.0")))
    check_server(Config(grpc=GrpcConfig(host="0.0.0.0", authentication=("token",), tokens_file="x", **OPEN)))
