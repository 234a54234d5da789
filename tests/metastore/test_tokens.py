"""Delegation tokens, kept tokens and master keys, on every server."""

from __future__ import annotations

import base64
import time
import uuid

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, HIVE4, Client, not_on, refused

WITHOUT_SASL = "gives delegation tokens only where it is set up for Kerberos"


@pytest.fixture
def token(hms: Client) -> str:
    """A delegation token of ann's, that root may renew."""
    hms.set_ugi("ann", [])
    return str(hms.get_delegation_token("ann", "root"))


def identity() -> str:
    return f"token{uuid.uuid4().hex}"


@not_on(HIVE4, WITHOUT_SASL)
@not_on(HIVE2, WITHOUT_SASL)
def test_a_delegation_token_is_in_hadoops_form(token: str) -> None:
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert raw[1:11] == b"\x00\x03ann\x04root"
    assert raw.endswith(b"\x15HIVE_DELEGATION_TOKEN\x00")


@not_on(HIVE4, WITHOUT_SASL)
@not_on(HIVE2, WITHOUT_SASL)
def test_a_delegation_token_is_renewed_and_cancelled(hms: Client, token: str) -> None:
    lasts = hms.renew_delegation_token(token) / 1000 - time.time()
    assert 23.9 * 3600 < lasts < 24.1 * 3600
    hms.cancel_delegation_token(token)
    with refused(wire.MetaException):
        hms.renew_delegation_token(token)


@pytest.mark.parametrize("text", ["", "x", "no token"])
def test_what_is_no_token_is_refused(hms: Client, text: str) -> None:
    with refused(wire.MetaException):
        hms.renew_delegation_token(text)
    with refused(wire.MetaException):
        hms.cancel_delegation_token(text)


def test_nobody_gets_no_token(hms: Client) -> None:
    with refused(wire.MetaException):
        hms.get_delegation_token("", "root")


def test_a_token_is_kept_once(hms: Client) -> None:
    name = identity()
    assert hms.add_token(name, "text") is True
    assert hms.add_token(name, "another") is False
    assert hms.get_token(name) == "text"
    assert name in hms.get_all_token_identifiers()
    assert hms.remove_token(name) is True
    assert hms.remove_token(name) is False
    assert not hms.get_token(name)


def test_a_master_key_is_kept_under_a_number(hms: Client) -> None:
    key = identity()
    number = hms.add_master_key(key)
    assert key in hms.get_master_keys()
    hms.update_master_key(number, key + "2")
    assert {key, key + "2"} & set(hms.get_master_keys()) == {key + "2"}
    assert hms.remove_master_key(number) is True
    assert hms.remove_master_key(number) is False


def test_a_missing_master_key_is_not_changed(hms: Client) -> None:
    with refused(wire.NoSuchObjectException, wire.MetaException, match="9999"):
        hms.update_master_key(9999, "key")


@not_on(HIVE4, WITHOUT_SASL)
@not_on(HIVE2, WITHOUT_SASL)
def test_tokens_that_log_in_are_not_given_away(hms: Client, token: str) -> None:
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    name = base64.b64encode(raw[1 : 1 + raw[0]]).decode()
    assert name not in hms.get_all_token_identifiers()
    assert hms.get_token(name) == ""
