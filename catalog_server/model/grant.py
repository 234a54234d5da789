"""Grants: what a principal may do to a thing, and the answer to the question whether it may."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from catalog_server.model.names import name_key


class Action(StrEnum):
    """What can be done; `DESCRIBE` is seeing that a thing is there and its definition."""

    CREATE = "create"
    DESCRIBE = "describe"
    SELECT = "select"
    INSERT = "insert"
    ALTER = "alter"
    DROP = "drop"
    RUN = "run"
    MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class Resource:
    """The thing asked about; names from the outside in, e.g. `("hive", "sales", "orders")`."""

    kind: str
    """`server`, `catalog`, `database`, `table`, `function`, `connection`, `crawler`, `job`,
    `query`, `role`, `token` or `record`."""
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {'.'.join(self.path)}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an action is allowed, and on which part of a table."""

    allowed: bool
    columns: frozenset[str] | None = None
    """Column keys that may be read; None means all."""
    row_filter: str | None = None
    """A SQL predicate (Trino dialect) that rows must meet; None means all rows."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """Which names a caller may see, as a predicate that the store applies before paging."""

    everything: bool = True
    databases: frozenset[str] = frozenset()
    """Keys `catalog.database` of databases seen whole."""
    tables: frozenset[str] = frozenset()
    """Keys `catalog.database.table` of single tables seen."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One stored grant: `principal` may do `action` on the resource and all below it.

    Two grants are the same when all of principal, privilege, kind, path, partition, columns, grantor and authorizer are.
    """

    principal: str
    """`user:NAME`, `group:NAME`, `role:NAME` or `*`."""
    action: Action
    kind: str
    path: tuple[str, ...]
    """Names from the outside in; the empty path is the whole server."""
    columns: tuple[str, ...] | None = None
    row_filter: str | None = None
    partition: str | None = None
    """The name of the one partition that is spoken of; such a grant is kept and shown, but opens no table."""
    privilege: str = ""
    """The privilege in the granting protocol's own word, such as Hive's `ALTER_DATA`; empty for the action's own name."""
    grantor: str | None = None
    grantor_kind: str = "USER"
    """`USER`, `GROUP` or `ROLE`."""
    grant_option: bool = False
    """Whether the principal may pass the privilege on."""
    authorizer: str | None = None
    """Which authorizer of a Hive client asked for the grant to be kept."""
    granted_at: int = 0

    @property
    def word(self) -> str:
        """The privilege's name: the one it was granted by, else the one of its action."""
        return self.privilege or _WORDS.get(self.action, self.action.value.upper())

    def identity(self) -> bytes:
        """A digest of what makes the grant this one and no other; names are compared by their keys."""
        path, columns = [name_key(part) for part in self.path], [name_key(column) for column in self.columns or ()]
        said = [self.principal, self.word, self.kind, path, self.partition, columns, self.grantor, self.authorizer]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).digest()


_WORDS = {Action.MANAGE: "ALL"}
_ACTIONS = {
    "ALL": Action.MANAGE,
    "OWNERSHIP": Action.MANAGE,
    "ALL PRIVILEGES": Action.MANAGE,
    "SELECT": Action.SELECT,
    "INSERT": Action.INSERT,
    "UPDATE": Action.INSERT,
    "DELETE": Action.INSERT,
    "ALTER_DATA": Action.INSERT,
    "ALTER_METADATA": Action.ALTER,
    "ALTER": Action.ALTER,
    "CREATE": Action.CREATE,
    "DROP": Action.DROP,
}


def action_of(privilege: str) -> Action:
    """The action that a privilege of Hive stands for; one without a meaning here lets a thing be seen and no more."""
    return _ACTIONS.get(privilege.upper(), Action.DESCRIBE)
