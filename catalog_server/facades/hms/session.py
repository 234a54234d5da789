"""Calls about the connection and the server: set_ugi, configuration values, and fb303's questions."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from catalog_server import __version__
from catalog_server.facades.hms.call import Context, inline
from catalog_server.facades.hms.noun import AUTHENTICATED, CALLER, VIA, Noun
from catalog_server.model.caller import Caller, parse_run_user
from catalog_server.model.errors import Invalid
from catalog_server.model.partition import DEFAULT_PARTITION
from catalog_server.wire import hive_metastore as wire

_STARTED = int(time.time())
_ALIVE = 2
_READABLE = ("hive", "metastore", "mapred", "hdfs")
"""Beginnings of the settings that may be asked for, as Hive's `HMSHandler.get_config_value` has them."""
_DEFAULT_PARTITION_KEYS = ("hive.exec.default.partition.name", "metastore.default.partition.name")
_WAREHOUSE_KEYS = ("hive.metastore.warehouse.dir", "metastore.warehouse.dir")
_OPTIONS = "options"
_SETTINGS = "settings"
"""Keys of a connection's state: fb303's options, and what setMetaConf has set."""
_SETTABLE = {
    "try.direct.sql": "true",
    "try.direct.sql.ddl": "true",
    "client.socket.timeout": "600s",
    "partition.name.whitelist.pattern": "",
    "client.capability.check": "true",
    "disallow.incompatible.col.type.changes": "true",
    "expression.proxy": "org.apache.hadoop.hive.ql.optimizer.ppr.PartitionExpressionForMetastore",
}
"""What a client may set for its session, without the prefix `metastore.`, and the values that Hive begins with."""


class Session(Noun):
    """Who the client says it is, and whether the server is well."""

    @inline
    def set_ugi(self, context: Context, arguments: Any) -> list[str]:
        """Remember the user of this connection, unless it has authenticated; answers the groups, as Hive does."""
        user, run = parse_run_user(arguments.user_name or "anonymous")
        groups = tuple(arguments.group_names or ())
        if context.state.get(AUTHENTICATED):  # it has proved who it is, and says so again at most
            known: Caller = context.state[CALLER]
            context.state[CALLER] = replace(known, run=run or known.run)
        else:
            context.state[CALLER] = Caller(user=user, groups=groups, via=VIA, run=run)
        return list(groups)

    @inline
    def get_config_value(self, context: Context, arguments: Any) -> str | None:  # noqa: ARG002
        """The warehouse and the name of the default partition; else the default that the client gave.

        This server has none of Hive's other settings. Keys that may hold secrets are refused.
        """
        name: str | None = arguments.name
        value: str | None = arguments.defaultValue
        if name is not None and not name.startswith(_READABLE):
            raise wire.ConfigValSecurityException(
                message=f"For security reasons, the config key {name} cannot be accessed"
            )
        if name in _WAREHOUSE_KEYS:
            return self.catalog.core.warehouse
        return DEFAULT_PARTITION if name in _DEFAULT_PARTITION_KEYS else value

    @inline
    def getMetaConf(self, context: Context, arguments: Any) -> str:  # noqa: N802
        """A setting of this connection; it changes nothing here, and is kept since clients set it back."""
        key = _setting(arguments.key)
        found: str = context.state.get(_SETTINGS, {}).get(key, _SETTABLE[key])
        return found

    @inline
    def setMetaConf(self, context: Context, arguments: Any) -> None:  # noqa: N802
        """Give this connection another value of a setting; see `getMetaConf`."""
        context.state.setdefault(_SETTINGS, {})[_setting(arguments.key)] = arguments.value or ""

    def get_metastore_db_uuid(self, context: Context, arguments: Any) -> str:  # noqa: ARG002
        """An identity of the store, made when it is first asked for."""
        return self.catalog.overview.identity()

    @inline
    def flushCache(self, context: Context, arguments: Any) -> None:  # noqa: N802
        """Nothing to do: what is kept in memory is never older than the store."""

    @inline
    def getName(self, context: Context, arguments: Any) -> str:  # noqa: ARG002, N802
        """The name of the service."""
        return "catalog-server"

    @inline
    def getVersion(self, context: Context, arguments: Any) -> str:  # noqa: ARG002, N802
        """The metastore interface this server speaks, which Hive gives as `3.0` since long; ours stands behind it."""
        return f"3.0 (catalog-server {__version__})"

    @inline
    def getStatus(self, context: Context, arguments: Any) -> int:  # noqa: ARG002, N802
        """Alive."""
        return _ALIVE

    @inline
    def getStatusDetails(self, context: Context, arguments: Any) -> str:  # noqa: ARG002, N802
        """Nothing more to say."""
        return ""

    @inline
    def aliveSince(self, context: Context, arguments: Any) -> int:  # noqa: ARG002, N802
        """Start of this process in seconds since 1970."""
        return _STARTED

    @inline
    def getCounters(self, context: Context, arguments: Any) -> dict[str, int]:  # noqa: ARG002, N802
        """None: what this server counts, it tells at /metrics."""
        return {}

    @inline
    def getCounter(self, context: Context, arguments: Any) -> int:  # noqa: ARG002, N802
        """Zero, as Hive answers for a counter that it does not have."""
        return 0

    @inline
    def getOptions(self, context: Context, arguments: Any) -> dict[str, str]:  # noqa: ARG002, N802
        """The options that were set on this connection."""
        return dict(context.state.get(_OPTIONS, {}))

    @inline
    def getOption(self, context: Context, arguments: Any) -> str | None:  # noqa: N802
        """An option that was set on this connection."""
        found: str | None = context.state.get(_OPTIONS, {}).get(arguments.key)
        return found

    @inline
    def setOption(self, context: Context, arguments: Any) -> None:  # noqa: N802
        """Remember an option for this connection; none means anything here."""
        context.state.setdefault(_OPTIONS, {})[arguments.key or ""] = arguments.value or ""

    @inline
    def getCpuProfile(self, context: Context, arguments: Any) -> str:  # noqa: ARG002, N802
        """Empty, as Hive answers."""
        return ""

    @inline
    def reinitialize(self, context: Context, arguments: Any) -> None:
        """Nothing to do, as in Hive."""

    @inline
    def shutdown(self, context: Context, arguments: Any) -> None:
        """Clients say this when they close; it ends nothing but their interest."""


def _setting(key: str | None) -> str:
    """A session's setting without its prefix; raises `Invalid` in Hive's words for a key that is none."""
    plain = (key or "").removeprefix("hive.").removeprefix("metastore.")
    if plain not in _SETTABLE or plain == key:
        raise Invalid("", f"Invalid configuration key {key}")
    return plain
