"""Plans of scans: which files of an Iceberg table a client is to read, told in parts of bounded size.

A plan and its parts travel in their own names, sealed, so that every process of a server can go on with them and none
remembers them. A row is kept of a plan only if it is worked out in the background, is too large for a name, or was
cancelled. The process that works on one may die: who asks for the plan later takes the work on.
"""

from __future__ import annotations

import base64
import binascii
import logging
import uuid
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from catalog_server.catalog.commits import Commits, IcebergTable
from catalog_server.catalog.core import Core
from catalog_server.catalog.secrets import Secrets
from catalog_server.catalog.table_locations import lies_in, places
from catalog_server.lake.iceberg import document
from catalog_server.model.caller import Caller
from catalog_server.model.errors import CatalogError, Denied, NotFound, Unsupported
from catalog_server.model.names import TableName
from catalog_server.model.scan_plan import PlanState, Scan, ScanPlan, ScanRequest, ScanTasks, Slice
from catalog_server.store import scan_plans as rows
from catalog_server.store.transaction import Transaction, now

if TYPE_CHECKING:
    from catalog_server.lake.iceberg.scan.planner import Planner

KEEP_MILLISECONDS = 60 * 60 * 1000
"""How long a plan and its parts can be asked for."""
CLAIM_MILLISECONDS = 60 * 1000
"""After so long without a result, another process takes the work on."""
NAME_CHARACTERS_MAX = 2048
"""Names are parts of URLs, which servers and proxies hold short."""
_WORKERS = 2
_PLAN, _TASK = "plan", "plan task"
_log = logging.getLogger(__name__)


_NO_TASKS = ScanTasks()


@dataclass(frozen=True, slots=True)
class Planned:
    """What can be told of a plan; `plan_tasks` are the names of its other parts."""

    id: str
    state: PlanState
    tasks: ScanTasks = _NO_TASKS
    plan_tasks: tuple[str, ...] = ()
    reason: str = ""
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class _Name:
    """What a name of a plan, or of a part of it, holds."""

    id: str
    table_uuid: str
    at: int
    is_kept: bool = False
    scan: Scan | None = None
    """None for a plan that is kept, and for one of a table without snapshots."""
    slice: Slice | None = None


class ScanPlans:
    """Plans scans; raises `NotFound`, `Denied` for who may not read all of the table, and what the methods name."""

    def __init__(self, core: Core, iceberg: Commits, secrets: Secrets, background_bytes: int) -> None:
        self.core = core
        self.iceberg = iceberg
        self.secrets = secrets
        self.background_bytes = background_bytes
        self._workers = ThreadPoolExecutor(_WORKERS, "scan plans")
        self._at_work: set[str] = set()

    def close(self) -> None:
        """Begin no more work; another process takes on what waits."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def plan(self, caller: Caller, name: TableName, request: ScanRequest) -> Planned:
        """Plan a scan, or begin to.

        Raises:
            Invalid: snapshots, columns or a filter that make no sense for the table, or broken manifests.
            Unsupported: the table has something that is not known here.
        """
        from catalog_server.lake.iceberg.scan import requests

        found = self._load(caller, name)
        scan = requests.resolve(found.document, request)
        named = _Name(str(uuid.uuid4()), str(found.document["table-uuid"]), now(), False, scan)
        if scan is None:
            return Planned(self._sealed(named, _PLAN), PlanState.COMPLETED)
        planner = self._planner(found, scan)
        if planner.is_larger(self.background_bytes):
            self._keep(named, PlanState.SUBMITTED, None)
            self._begin(named.id, planner)
            return Planned(self._sealed(_kept(named), _PLAN), PlanState.SUBMITTED)
        slices = planner.slices()
        if len(self._sealed(named, _PLAN)) > NAME_CHARACTERS_MAX:
            self._keep(named, PlanState.COMPLETED, slices)
            named = _kept(named)
        return self._completed(named, planner, slices)

    def result(self, caller: Caller, name: TableName, plan_id: str) -> Planned:
        """What has come of a plan; raises `NotFound` for one that is not known (any more)."""
        found, named, row = self._opened(caller, name, plan_id, _PLAN)
        if row is not None and row.state is PlanState.CANCELLED:
            return Planned(plan_id, row.state)
        if row is not None and row.state is PlanState.FAILED:
            return Planned(plan_id, row.state, reason=row.result or "")
        scan = _scan_of(named, row)
        if scan is None:
            return Planned(plan_id, PlanState.COMPLETED)
        planner = self._planner_again(found, scan, _PLAN, plan_id)
        if row is None or row.result is None:
            if row is not None:
                self._resume(row, planner)
                return Planned(plan_id, PlanState.SUBMITTED)
            return self._completed(named, planner, planner.slices())
        return self._completed(named, planner, msgspec.json.decode(row.result, type=list[Slice]))

    def tasks(self, caller: Caller, name: TableName, plan_task: str) -> Planned:
        """The files of one part of a plan, and the names of parts that are left of it; raises `NotFound`."""
        found, named, row = self._opened(caller, name, plan_task, _TASK)
        scan = _scan_of(named, row)
        if scan is None or named.slice is None or (row is not None and row.state is PlanState.CANCELLED):
            raise NotFound(_TASK, _short(plan_task))
        planner = self._planner_again(found, scan, _TASK, plan_task)
        return self._told(named, planner.read(named.slice))

    def cancel(self, caller: Caller, name: TableName, plan_id: str) -> None:
        """Give a plan up with all of its parts; raises `NotFound`."""
        _, named, _ = self._opened(caller, name, plan_id, _PLAN)

        def work(tx: Transaction) -> None:
            rows.drop_before(tx, tx.at - KEEP_MILLISECONDS)
            rows.cancel(tx, named.id)

        self.core.store.write(work)

    def _load(self, caller: Caller, name: TableName) -> IcebergTable:
        found = self.iceberg.load(caller, name)
        if not self.iceberg.tables.may_read_files(caller, found.table.full_name):
            raise Denied("plan a scan of", f"table {found.table.full_name}")
        return replace(found, document=document.completed(found.document))

    def _opened(
        self, caller: Caller, name: TableName, text: str, kind: str
    ) -> tuple[IcebergTable, _Name, ScanPlan | None]:
        found, named = self._load(caller, name), self._unsealed(text, kind)
        if named is None or named.table_uuid != found.document["table-uuid"]:
            raise NotFound(kind, _short(text))
        with self.core.store.read() as tx:
            row = rows.get(tx, named.id)
        if named.is_kept and row is None:
            raise NotFound(kind, _short(text))
        return found, named, row

    def _planner(self, found: IcebergTable, scan: Scan) -> Planner:
        from catalog_server.lake.iceberg.scan.manifests import Manifests
        from catalog_server.lake.iceberg.scan.planner import Planner

        return Planner(Manifests(self.core.lake, self._confined(found)), found.document, scan)

    def _planner_again(self, found: IcebergTable, scan: Scan, kind: str, text: str) -> Planner:
        try:
            return self._planner(found, scan)
        except NotFound as error:  # its snapshot has expired
            raise NotFound(kind, _short(text)) from error

    def _confined(self, found: IcebergTable) -> Callable[[str], None]:
        """What refuses manifests outside of the table: whoever may write its metadata could name those of others."""
        folders = None if self.core.grants.is_open else places(found.document)

        def check(location: str) -> None:
            if folders is not None and not any(lies_in(location, folder) for folder in folders):
                raise Unsupported(f"manifest {location} lies outside of the folders of table {found.table.full_name}")

        return check

    def _completed(self, named: _Name, planner: Planner, slices: Sequence[Slice]) -> Planned:
        """A small scan whole; a large one as parts, which clients may ask for side by side."""
        return self._told(named, planner.read(slices[0]) if len(slices) == 1 else ScanTasks(left=tuple(slices)))

    def _told(self, named: _Name, tasks: ScanTasks) -> Planned:
        parts = tuple(self._sealed(replace(named, slice=one), _TASK) for one in tasks.left)
        return Planned(self._sealed(replace(named, slice=None), _PLAN), PlanState.COMPLETED, tasks, parts)

    def _keep(self, named: _Name, state: PlanState, slices: Sequence[Slice] | None) -> None:
        result = None if slices is None else msgspec.json.encode(slices).decode()
        row = ScanPlan(named.id, state, msgspec.json.encode(named.scan).decode(), result)

        def work(tx: Transaction) -> None:
            rows.drop_before(tx, tx.at - KEEP_MILLISECONDS)
            rows.add(tx, row)

        self.core.store.write(work)

    def _resume(self, row: ScanPlan, planner: Planner) -> None:
        """Take on the work of another process that seems to have died."""
        if row.id in self._at_work or now() - row.claimed_at < CLAIM_MILLISECONDS:
            return
        if self.core.store.write(lambda tx: rows.claim(tx, row)):
            self._begin(row.id, planner)

    def _begin(self, id_: str, planner: Planner) -> None:
        self._at_work.add(id_)
        self._workers.submit(self._work, id_, planner)

    def _work(self, id_: str, planner: Planner) -> None:
        try:
            try:
                state, result = PlanState.COMPLETED, msgspec.json.encode(planner.slices()).decode()
            except CatalogError as error:
                state, result = PlanState.FAILED, error.message
            self.core.store.write(lambda tx: rows.finish(tx, id_, state, result))
        except Exception:
            _log.exception("scan plan %s could not be finished; it is tried again when asked for", id_)
        finally:
            self._at_work.discard(id_)

    def _sealed(self, named: _Name, kind: str) -> str:
        sealed = self.secrets.wrap(zlib.compress(msgspec.json.encode(named)), kind)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def _unsealed(self, text: str, kind: str) -> _Name | None:
        """What a name holds; None for one that was not given by this server, or too long ago."""
        try:
            sealed = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        plain = self.secrets.unwrap(sealed, kind)
        if plain is None:
            return None
        named = msgspec.json.decode(zlib.decompress(plain), type=_Name)
        return named if now() - named.at < KEEP_MILLISECONDS else None


def _kept(named: _Name) -> _Name:
    return replace(named, is_kept=True, scan=None)


def _scan_of(named: _Name, row: ScanPlan | None) -> Scan | None:
    if not named.is_kept:
        return named.scan
    return None if row is None or row.scan is None else msgspec.json.decode(row.scan, type=Scan)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
