"""Calls about the notification log, and about what clients leave in it for each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog_server.catalog.changes import Scope
from catalog_server.catalog.notifications import ReplicationMetric, Write
from catalog_server.facades.hms import convert, messages
from catalog_server.facades.hms.call import Context, large
from catalog_server.facades.hms.noun import Noun, caller_of, split_database, table_name
from catalog_server.model.errors import Invalid
from catalog_server.model.event import Event
from catalog_server.model.names import TableName, name_key
from catalog_server.model.partition import Partition, partition_name
from catalog_server.wire import hive_metastore as wire

EVENTS_MAX = 10_000
"""Events in one answer, whatever was asked for; readers ask on from the last they were given."""
ANSWER_BYTES_MAX = 32 * 1024 * 1024
"""Text in the messages of one answer, after which it ends with the event that went over."""
_PAGE = 500


class Notifications(Noun):
    """The log of events as Hive's listeners would have written it; see messages.py."""

    @large
    def get_next_notification(self, context: Context, arguments: Any) -> Any:
        """Events after one, in order; an answer may end before `maxEvents`, but never leaves out an event between others."""
        request = arguments.rqst
        last = max(request.lastEvent or 0, 0)
        count = min(request.maxEvents if (request.maxEvents or 0) > 0 else EVENTS_MAX, EVENTS_MAX)
        scope, wanted = _scope(request), _wanted(request)
        narrowed = scope != Scope() or bool(request.eventTypeSkipList or request.eventTypeList)
        found: list[Any] = []
        size, position = 0, last
        while len(found) < count and size < ANSWER_BYTES_MAX:
            page = min(_PAGE, count)
            changes, read_up_to = self.catalog.changes.after(caller_of(context), position, page, scope, wanted)
            for change in changes:
                if change.hidden and narrowed:
                    continue
                for event in messages.notifications(change):
                    if event.eventId > last and len(found) < count and size < ANSWER_BYTES_MAX:
                        found.append(event)
                        size += len(event.message)
                if len(found) == count or size >= ANSWER_BYTES_MAX:
                    break
            if read_up_to is None:
                break
            position = read_up_to
        return wire.NotificationEventResponse(events=found)

    def get_current_notificationEventId(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002, N802
        """The number of the newest event."""
        return wire.CurrentNotificationEventId(eventId=self.catalog.events.latest())

    def get_notification_events_count(self, context: Context, arguments: Any) -> Any:
        """How many events of a database, or of some of its tables, follow one."""
        request = arguments.rqst
        found = self.catalog.changes.count(
            caller_of(context), max(request.fromEventId or 0, 0), request.toEventId, _scope(request)
        )
        limit = request.limit or 0
        return wire.NotificationEventsCountResponse(eventsCount=min(found, limit) if limit > 0 else found)

    def fire_listener_event(self, context: Context, arguments: Any) -> Any:
        """Tell other clients of inserted files, or ask them to read a table anew."""
        request = arguments.rqst
        data = request.data
        name = table_name(request.dbName, request.tableName, request.catName)
        values = tuple(request.partitionVals) if request.partitionVals else None
        if data is None or (data.insertData is None and data.insertDatas is None and data.refreshEvent is None):
            raise Invalid("data", "of the event says neither what was inserted nor to refresh")
        caller = caller_of(context)
        if not request.successful:
            return wire.FireEventResponse(eventIds=[])
        if data.refreshEvent is not None:
            return wire.FireEventResponse(eventIds=self.catalog.notifications.refresh(caller, name, values))
        inserts = [data.insertData] if data.insertData is not None else data.insertDatas or []
        writes = [_write(one, values) for one in inserts]
        return wire.FireEventResponse(eventIds=self.catalog.notifications.insert(caller, name, writes))

    def add_write_notification_log(self, context: Context, arguments: Any) -> Any:
        """Note what a transaction wrote to a table or partition."""
        request = arguments.rqst
        self._note(context, table_name(request.db, request.table), [request])
        return wire.WriteNotificationLogResponse()

    def add_write_notification_log_in_batch(self, context: Context, arguments: Any) -> Any:
        """Note what a transaction wrote to partitions of a table."""
        request = arguments.rqst
        self._note(context, table_name(request.db, request.table, request.catalog), request.requestList or [])
        return wire.WriteNotificationLogBatchResponse()

    def _note(self, context: Context, name: TableName, requests: list[Any]) -> None:
        writes = [
            Write(
                files=_files(one.fileInfo),
                values=tuple(one.partitionVals) if one.partitionVals else None,
                transaction_id=one.txnId,
                write_id=one.writeId,
            )
            for one in requests
        ]
        self.catalog.notifications.note_writes(caller_of(context), name, writes)

    @large
    def get_all_write_event_info(self, context: Context, arguments: Any) -> list[Any]:
        """What a transaction wrote, as it was noted."""
        request = arguments.request
        database = split_database(request.dbName)[1]
        found = self.catalog.notifications.notes_of(caller_of(context), request.txnId, database, request.tableName)
        answer = []
        for note, table in found:
            info = wire.WriteEventInfo(
                writeId=note.write_id,
                database=name_key(note.database),
                table=name_key(note.table),
                files=",".join(note.files),
                partition="",
            )
            if table is not None:
                info.tableObj = messages.thrift_json(convert.from_table(table))
                if note.values is not None:
                    info.partition = partition_name([key.name for key in table.partition_keys], note.values)
                    place = f"{(table.location or '').rstrip('/')}/{info.partition}"
                    partition = Partition(values=note.values, location=place)
                    info.partitionObj = messages.thrift_json(convert.from_partition(table, partition))
            answer.append(info)
        return answer

    def markPartitionForEvent(self, context: Context, arguments: Any) -> None:  # noqa: N802
        """Say that a partition is loaded; it need not exist."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        self.catalog.notifications.mark(caller_of(context), name, arguments.part_vals or {})

    def isPartitionMarkedForEvent(self, context: Context, arguments: Any) -> bool:  # noqa: N802
        """Whether somebody has said that a partition is loaded."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return self.catalog.notifications.is_marked(caller_of(context), name, arguments.part_vals or {})

    def add_replication_metrics(self, context: Context, arguments: Any) -> None:
        """Keep what runs of replication report of themselves."""
        self.catalog.notifications.put_metrics(
            caller_of(context),
            [
                ReplicationMetric(
                    one.scheduledExecutionId,
                    one.policy,
                    one.dumpExecutionId,
                    one.metadata,
                    one.progress,
                    one.messageFormat,
                )
                for one in arguments.replicationMetricList.replicationMetricList or ()
            ],
        )

    def get_replication_metrics(self, context: Context, arguments: Any) -> Any:
        """Reports of a run or of a policy, the newest first."""
        request = arguments.rqst
        found = self.catalog.notifications.metrics(
            caller_of(context), request.scheduledExecutionId, request.policy, request.dumpExecutionId
        )  # fmt: skip
        return wire.ReplicationMetricList(
            replicationMetricList=[
                wire.ReplicationMetrics(
                    scheduledExecutionId=one.execution_id,
                    policy=one.policy,
                    dumpExecutionId=one.dump_execution_id,
                    metadata=one.metadata,
                    progress=one.progress,
                    messageFormat=one.message_format,
                )
                for one in found
            ]
        )

    def cm_recycle(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """Nothing to do: there is no change manager that would keep files for replication, as in Hive by default."""
        if not arguments.request.dataPath:
            raise Invalid("dataPath", "may not be empty")
        return wire.CmRecycleResponse()


def _scope(request: Any) -> Scope:
    catalog, database = split_database(request.dbName, request.catName)
    tables = tuple(request.tableNames or ())
    return Scope(catalog or None, database or None, tables)


def _wanted(request: Any) -> Callable[[Event], bool]:
    left_out, only = set(request.eventTypeSkipList or ()), set(request.eventTypeList or ())

    def wanted(event: Event) -> bool:
        kind = messages.type_of(event)
        return kind not in left_out and (not only or kind in only)

    return wanted


def _files(data: Any) -> tuple[str, ...]:
    """Files as Hive's listener writes them without a change manager: the path, then the folder below it, if any."""
    folders = getattr(data, "subDirectoryList", None) or []
    return tuple(
        f"{file}###{folders[place] if place < len(folders) else ''}" for place, file in enumerate(data.filesAdded or ())
    )


def _write(data: Any, values: tuple[str, ...] | None) -> Write:
    own = getattr(data, "partitionVal", None)
    return Write(_files(data), tuple(own) if own else values, bool(getattr(data, "replace", None)))
