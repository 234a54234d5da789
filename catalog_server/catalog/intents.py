"""Intents: deletes and moves of files that a committed change asked for, carried out after it and until they succeed."""

from __future__ import annotations

import logging
import threading

from catalog_server.lake import locations
from catalog_server.lake.files import FileSystem
from catalog_server.lake.filesystem import Lake
from catalog_server.model.errors import CatalogError
from catalog_server.model.failpoint import reach
from catalog_server.store import intents as rows
from catalog_server.store import table_locations
from catalog_server.store.transaction import Store, now

CLAIM_MILLISECONDS = 600_000
RETRY_MILLISECONDS = 30_000
CLOSE_SECONDS = 2.0
_log = logging.getLogger(__name__)


class Intents:
    """Carries intents out, one caller at a time in this process; another server's claims are left to it."""

    def __init__(self, store: Store, lake: Lake) -> None:
        self.store = store
        self.lake = lake
        self._busy = threading.Lock()
        self._purging: threading.Thread | None = None

    def carry_out(self) -> int:
        """Do what is due and return how much was done; a failure is kept with its reason for a later try.

        Purges, which may take long, are begun in a thread of their own. Nothing is raised: the change that asked is
        committed, and its caller must not be told that it failed.
        """
        with self._busy:
            done = self._carry_out(purges=False, count=rows.BATCH)
            self._purge_aside()
        return done

    def _purge_aside(self) -> None:
        if self._purging is not None and self._purging.is_alive():
            return  # it looks for more before it ends; what it misses is found at the next upkeep
        try:
            with self.store.read() as tx:
                if not rows.any_due(tx, purges=True):
                    return
        except CatalogError:
            return
        self._purging = threading.Thread(
            target=self._carry_out, kwargs={"purges": True, "count": 1}, name="purge", daemon=True
        )
        self._purging.start()

    def _carry_out(self, *, purges: bool, count: int) -> int:
        done = 0
        try:
            while (found := self._claim(purges, count)) is not None:
                succeeded = [intent.id for intent in found if self._try(intent)]
                reach("intent_done")
                with self.store.begin() as tx:
                    rows.done(tx, succeeded)
                done += len(succeeded)
        except CatalogError as error:
            _log.warning("deletes and moves of files are put off: %s", error.message)
        return done

    def close(self) -> None:
        """Wait a little for a purge; one that takes longer is taken up again after the next start."""
        if self._purging is not None:
            self._purging.join(CLOSE_SECONDS)

    def _claim(self, purges: bool, count: int) -> list[rows.Intent] | None:
        """What is due, taken for a while; None when nothing is. A folder that a table lives in again is left alone."""
        with self.store.read() as tx:
            if not rows.any_due(tx, purges=purges):
                return None
        with self.store.begin() as tx:
            found = rows.due(tx, count, purges=purges)
            if not found:
                return None
            spared = rows.taken(tx, found)
            for intent in spared:
                _log.warning("%s is not deleted: a table lives there again", intent.location)
            rows.done(tx, [intent.id for intent in spared])
            wanted = [intent for intent in found if intent not in spared]
            if wanted:
                rows.claim(tx, wanted, tx.at + CLAIM_MILLISECONDS)
            return wanted

    def _try(self, intent: rows.Intent) -> bool:
        """Whether an intent was carried out; doing it again, should the process end before that is kept, does no harm."""
        reach("intent_claimed")
        try:
            self._act(intent)
        except Exception as error:  # whatever it was, what is left to do must be kept
            with self.store.begin() as tx:
                rows.failed(tx, intent, str(error), now() + RETRY_MILLISECONDS * min(2**intent.attempts, 64))
            return False
        return True

    def _act(self, intent: rows.Intent) -> None:
        if intent.kind == rows.PURGE_TABLE:
            self._purge(intent.location, (intent.target or "").rstrip("/"))
            return
        files = self.lake.filesystem(intent.location)
        if intent.kind == rows.DELETE_DIRECTORY:
            files.remove_directory(intent.location)
            _tidy(files, intent.location.rstrip("/"), (intent.target or "").rstrip("/"))
        elif intent.target is not None and files.is_directory(intent.location):
            files.move_directory(intent.location, intent.target)

    def _purge(self, metadata_location: str, folder: str) -> None:
        """Delete the files of an Iceberg table, wherever they are, and its folder; what other tables hold is left to them."""
        from catalog_server.lake.iceberg.purge import delete_files

        alone = bool(folder) and not self._is_held(folder)
        held: dict[str, bool] = {}

        def wanted(location: str) -> bool:
            if alone and locations.is_under(location, folder):
                return False  # goes with the folder
            parent = locations.parent(location)
            if parent not in held:
                held[parent] = self._is_held(parent)
            return not held[parent]

        if delete_files(self.lake, metadata_location, wanted) and alone:
            self.lake.filesystem(folder).remove_directory(folder)

    def _is_held(self, folder: str) -> bool:
        with self.store.read() as tx:
            return table_locations.overlapping(tx, locations.spellings(folder)) is not None


def _tidy(files: FileSystem, location: str, home: str) -> None:
    """Delete the folders between a deleted one and its home that hold nothing any more."""
    parent = location.rpartition("/")[0]
    while home and parent.startswith(home + "/") and files.remove_empty_directory(parent):
        parent = parent.rpartition("/")[0]
