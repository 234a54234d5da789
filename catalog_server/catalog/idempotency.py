"""Requests that may come twice: a key is kept in the transaction of the change, so that the change is made once.

The answer is kept beside it afterwards. When the process dies in between, the key alone says that the change was made,
and whoever asks again is answered from what is there now.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from catalog_server.catalog.core import Core
from catalog_server.model.errors import CatalogError
from catalog_server.model.kept_request import KeptRequest
from catalog_server.store import idempotency_keys as rows
from catalog_server.store.transaction import Transaction

KEEP_MILLISECONDS = 60 * 60 * 1000
"""Twice as long as clients are told, so that no key is forgotten while a client may still use it."""
PROMISED = "PT30M"
BODY_CHARACTERS_MAX = 256 * 1024


@dataclass(slots=True)
class _Pending:
    """The request at work in this thread; `written` once its key is in a transaction, `done` once that is committed."""

    key: str
    request: bytes
    written: bool = False
    done: bool = False


class CarriedOut(CatalogError):
    """Somebody else carried the same request out in the meantime; nothing was changed by this one."""


class Idempotency:
    """Keys of requests; safe to use from many threads."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._pending: ContextVar[_Pending | None] = ContextVar("idempotency", default=None)
        core.store.before_commit.append(self._write)
        core.store.listeners.append(self._committed)

    def find(self, key: str) -> KeptRequest | None:
        """What is known of a key."""
        with self.core.store.read() as tx:
            return rows.get(tx, key)

    def run(self, key: str, request: bytes, work: Callable[[], None]) -> bool:
        """Do work whose first change takes the key along; whether it changed anything.

        Raises `CarriedOut` when another did the same meanwhile, and what `work` raises.
        """
        pending = _Pending(key, request)
        token = self._pending.set(pending)
        try:
            work()
        finally:
            self._pending.reset(token)
        return pending.done

    def keep(self, key: str, request: bytes, status: int, headers: dict[str, str], body: str) -> None:
        """Keep an answer, and forget those that nobody asks for any more; one that is too long is made again when asked."""
        kept = body if len(body) <= BODY_CHARACTERS_MAX else None

        def write(tx: Transaction) -> None:
            rows.drop_before(tx, tx.at - KEEP_MILLISECONDS)
            if not rows.answer(tx, key, status, headers, kept):
                rows.add(tx, key, request)
                rows.answer(tx, key, status, headers, kept)

        self.core.store.write(write)

    def _write(self, tx: Transaction) -> None:
        pending = self._pending.get()
        if pending is None or pending.done:
            return
        pending.written = True
        if not rows.add(tx, pending.key, pending.request):
            raise CarriedOut(f"a request with the key {pending.key} was carried out already")

    def _committed(self) -> None:
        pending = self._pending.get()
        if pending is not None and pending.written:
            pending.done = True
