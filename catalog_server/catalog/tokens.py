"""Tokens: those that log clients in without a password, and texts of that kind which others keep here."""

from __future__ import annotations

import base64
import hmac
import os

from catalog_server.catalog.core import Core, check_text
from catalog_server.catalog.secrets import Secrets
from catalog_server.model.caller import Caller
from catalog_server.model.errors import AlreadyExists, Denied, Invalid, NotFound
from catalog_server.model.grant import Action, Resource
from catalog_server.model.token import Token, encode, identifier_of, make_identifier
from catalog_server.store import tokens as rows
from catalog_server.store.transaction import Transaction, now

RENEWED_FOR_MILLISECONDS = 24 * 3600 * 1000
LASTS_MILLISECONDS = 7 * RENEWED_FOR_MILLISECONDS
"""As long as Hadoop's tokens: a day without renewal, a week with it."""
_PASSWORD_BYTES = 20


class Tokens:
    """Rules of tokens. Secrets are sealed with the key of the server and bound to what they belong to.

    Anybody may have a token for itself. All else is for whoever manages tokens.
    """

    def __init__(self, core: Core, secrets: Secrets) -> None:
        self.core = core
        self._secrets = secrets

    def issue(self, caller: Caller, owner: str, renewer: str) -> str:
        """A token in Hadoop's form that logs its owner in for a day, or a week if it is renewed."""
        check_text("owner", owner, renewer)
        if not owner:
            raise Invalid("owner", "may not be empty")
        password = base64.b64encode(os.urandom(_PASSWORD_BYTES)).decode()

        def work(tx: Transaction) -> Token:
            if owner != caller.user:
                self._manage(tx, caller)
            rows.drop_expired(tx)
            ends_at = tx.at + LASTS_MILLISECONDS
            identifier = make_identifier(owner, renewer, tx.at, ends_at, rows.count(tx) + 1)
            token = Token(identifier, owner, renewer, tx.at, tx.at + RENEWED_FOR_MILLISECONDS, ends_at)
            rows.issue(tx, token, self._seal(password, _bound(identifier)))
            return token

        return encode(self.core.store.write(work).identifier, password)

    def renew(self, caller: Caller, token: str) -> int:
        """Let a token last a day from now; the time until which it does. Raises `NotFound`, and `Invalid` when it has ended."""

        def work(tx: Transaction) -> int:
            found, _ = self._issued(tx, identifier_of(token))
            if caller.user not in (found.owner, found.renewer):
                self._manage(tx, caller)
            if found.ends_at <= tx.at:
                raise Invalid("token", f"of {found.owner} has come to its end")
            until = min(tx.at + RENEWED_FOR_MILLISECONDS, found.ends_at)
            rows.renew(tx, found.identifier, until)
            return until

        return self.core.store.write(work)

    def cancel(self, caller: Caller, token: str) -> None:
        """Make a token worthless; raises `NotFound`."""

        def work(tx: Transaction) -> None:
            found, _ = self._issued(tx, identifier_of(token))
            if caller.user not in (found.owner, found.renewer):
                self._manage(tx, caller)
            rows.drop(tx, found.identifier, is_issued=True)

        self.core.store.write(work)

    def password(self, identifier: str) -> tuple[str, str]:
        """The owner of a token and the password that goes with its identifier, both as SASL DIGEST-MD5 has them.

        Raises `Denied` for one that is not known or has expired.
        """
        with self.core.store.read() as tx:
            found = rows.issued(tx, identifier)
        if found is None or found[0].expires_at <= now():
            raise Denied("log in with", "this token")
        token, sealed = found
        return token.owner, self._open(sealed, _bound(identifier))

    def verify(self, identifier: str, password: str) -> str:
        """The owner of a token, if the password is the token's; raises `Denied`."""
        owner, right = self.password(identifier)
        if not hmac.compare_digest(right.encode(), password.encode()):
            raise Denied("log in with", "this token")
        return owner

    def keep(self, caller: Caller, identifier: str, text: str) -> bool:
        """Keep a token of somebody else's; false when one of this identifier is kept already."""
        check_text("token", identifier, text)
        sealed = self._seal(text, _bound(identifier))

        def work(tx: Transaction) -> None:
            self._manage(tx, caller)
            rows.keep(tx, identifier, sealed)

        try:
            self.core.store.write(work)
        except AlreadyExists:
            return False
        return True

    def kept(self, caller: Caller, identifier: str) -> str | None:
        """The text of a token that was kept; those that log in here are not given away."""
        with self.core.store.read() as tx:
            self._manage(tx, caller)
            sealed = rows.kept(tx, identifier)
        return None if sealed is None else self._open(sealed, _bound(identifier))

    def identifiers(self, caller: Caller) -> list[str]:
        """Identifiers of the tokens that were kept, the oldest first."""
        with self.core.store.read() as tx:
            self._manage(tx, caller)
            return rows.identifiers(tx)

    def forget(self, caller: Caller, identifier: str) -> bool:
        """Forget a token that was kept; whether there was one."""

        def work(tx: Transaction) -> bool:
            self._manage(tx, caller)
            return rows.drop(tx, identifier, is_issued=False)

        return self.core.store.write(work)

    def add_key(self, caller: Caller, key: str) -> int:
        """Keep a master key of somebody else's; its number."""
        check_text("key", key)

        def work(tx: Transaction) -> int:
            self._manage(tx, caller)
            return rows.add_key(tx, self._seal(key, _KEY))

        return self.core.store.write(work)

    def change_key(self, caller: Caller, number: int, key: str) -> None:
        """Give a master key another text; raises `NotFound`."""
        check_text("key", key)

        def work(tx: Transaction) -> None:
            self._manage(tx, caller)
            if not rows.change_key(tx, number, self._seal(key, _KEY)):
                raise NotFound("master key", str(number))

        self.core.store.write(work)

    def forget_key(self, caller: Caller, number: int) -> bool:
        """Forget a master key; whether there was one."""

        def work(tx: Transaction) -> bool:
            self._manage(tx, caller)
            return rows.drop_key(tx, number)

        return self.core.store.write(work)

    def keys(self, caller: Caller) -> list[str]:
        """The master keys by number."""
        with self.core.store.read() as tx:
            self._manage(tx, caller)
            sealed = rows.keys(tx)
        return [self._open(one, _KEY) for one in sealed]

    def _manage(self, tx: Transaction, caller: Caller) -> None:
        self.core.grants.require(tx, caller, Action.MANAGE, Resource("token", ()))

    def _issued(self, tx: Transaction, identifier: str) -> tuple[Token, bytes]:
        found = rows.issued(tx, identifier)
        if found is None:
            raise NotFound("token", identifier)
        return found

    def _seal(self, text: str, bound_to: str) -> bytes:
        return self._secrets.seal({"text": text}, bound_to) or b""

    def _open(self, sealed: bytes, bound_to: str) -> str:
        return self._secrets.unseal(sealed, bound_to)["text"]


_KEY = "master key"


def _bound(identifier: str) -> str:
    return f"token {identifier}"
