"""Tokens log their owner in until they expire, and their secrets are sealed."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import text

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Denied, Invalid, NotFound
from catalog_server.model.token import identifier_of

ANN = Caller("ann")


def password_in(token: str) -> str:
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    start = 1 + raw[0]
    return base64.b64encode(raw[start + 1 : start + 1 + raw[start]]).decode()


def test_a_token_logs_its_owner_in(catalog: CatalogService) -> None:
    token = catalog.tokens.issue(ANN, "ann", "root")
    name, password = identifier_of(token), password_in(token)
    assert catalog.tokens.verify(name, password) == "ann"
    assert catalog.tokens.password(name) == ("ann", password)
    with pytest.raises(Denied):
        catalog.tokens.verify(name, password[:-4] + "AAA=")
    catalog.tokens.cancel(Caller("root"), token)
    with pytest.raises(Denied):
        catalog.tokens.verify(name, password)


def test_an_expired_token_logs_nobody_in_and_is_renewed_until_it_ends(catalog: CatalogService) -> None:
    token = catalog.tokens.issue(ANN, "ann", "root")
    name, password = identifier_of(token), password_in(token)
    with catalog.store.begin() as tx:
        tx.connection.execute(text("UPDATE tokens SET expires_at = 1"))
    with pytest.raises(Denied):
        catalog.tokens.verify(name, password)
    catalog.tokens.renew(Caller("root"), token)
    assert catalog.tokens.verify(name, password) == "ann"
    with catalog.store.begin() as tx:
        tx.connection.execute(text("UPDATE tokens SET ends_at = 1"))
    with pytest.raises(Invalid):
        catalog.tokens.renew(ANN, token)
    catalog.tokens.issue(ANN, "ann", "root")
    with pytest.raises(NotFound):
        catalog.tokens.renew(ANN, token)


def test_secrets_of_tokens_are_sealed(catalog: CatalogService) -> None:
    token = catalog.tokens.issue(ANN, "ann", "")
    catalog.tokens.keep(ANN, "theirs", "their-secret")
    catalog.tokens.add_key(ANN, "their-key")
    with catalog.store.read() as tx:
        rows = [
            *tx.connection.execute(text("SELECT * FROM tokens")),
            *tx.connection.execute(text("SELECT * FROM master_keys")),
        ]
    for secret in (password_in(token), "their-secret", "their-key"):
        assert secret not in str(rows)
