"""Calls about what clients leave for other clients: statistics of their runs, and metadata of files, which is not kept."""

from __future__ import annotations

import time
from typing import Any

from catalog_server.facades.hms.call import Context, inline
from catalog_server.facades.hms.documents import document_of, struct_of
from catalog_server.facades.hms.noun import Noun, caller_of, needed
from catalog_server.wire import hive_metastore as wire

_KIND = "runtime statistics"
_KEPT_MILLISECONDS = 7 * 24 * 3600 * 1000
"""As long as Hive keeps them (`metastore.runtime.stats.max.age`)."""


class Caches(Noun):
    """Statistics of runs; and the cache of file metadata, which Hive's own server does not have unless on HBase."""

    def add_runtime_stats(self, context: Context, arguments: Any) -> None:
        """Keep statistics of a run for a week; the time of their making is ours."""
        needed(arguments.stat, "weight", "payload")
        document = document_of(arguments.stat) | {"createTime": int(time.time())}
        self.catalog.records.add(caller_of(context), _KIND, document, _KEPT_MILLISECONDS)

    def get_runtime_stats(self, context: Context, arguments: Any) -> list[Any]:
        """The newest statistics until their weights reach the wanted one; a limit below zero is none."""
        request, chosen, weight = arguments.rqst, [], 0
        most, newest = needed(request, "maxWeight", "maxCreateTime")
        found = self.catalog.records.list(caller_of(context), _KIND)
        for record in sorted(found, key=lambda one: -one.id):
            stat = struct_of("RuntimeStat", record.document)
            if newest > 0 and stat.createTime > newest:
                continue
            chosen.append(stat)
            weight += stat.weight
            if 0 <= most <= weight:
                break
        return chosen

    @inline
    def put_file_metadata(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """Let it fall, as Hive's server does, which says of this cache that it is not supported."""
        return wire.PutFileMetadataResult()

    @inline
    def get_file_metadata(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """Nothing, and that this cache is not supported."""
        return wire.GetFileMetadataResult(metadata={}, isSupported=False)

    @inline
    def get_file_metadata_by_expr(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """Nothing, and that this cache is not supported."""
        return wire.GetFileMetadataByExprResult(metadata={}, isSupported=False)

    @inline
    def clear_file_metadata(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """Nothing is left of it."""
        return wire.ClearFileMetadataResult()

    @inline
    def cache_file_metadata(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """That this cache is not supported."""
        return wire.CacheFileMetadataResult(isSupported=False)
