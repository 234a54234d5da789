"""Calls about scheduled queries."""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.wire import hive_metastore as wire

_CREATE, _ALTER, _DROP = 1, 2, 3
_FIELDS = ("enabled", "schedule", "user", "query", "nextExecution")


class ScheduledQueries(Noun):
    """Scheduled queries, polled for by HiveServer2."""

    def get_scheduled_query(self, context: Context, arguments: Any) -> Any:
        """One scheduled query, with the time it is due at."""
        key = arguments.scheduleKey
        try:
            found = self.catalog.scheduled_queries.get(caller_of(context), key.clusterNamespace, key.scheduleName)
        except NotFound as error:
            told = f"There is no scheduled query for: {key.scheduleName}@{key.clusterNamespace}"
            raise wire.NoSuchObjectException(message=told) from error
        said = {field: found.document[field] for field in _FIELDS if found.document.get(field) is not None}
        return wire.ScheduledQuery(scheduleKey=key, **said)

    def scheduled_query_maintenance(self, context: Context, arguments: Any) -> None:
        """Make, change or drop a scheduled query."""
        request, caller = arguments.request, caller_of(context)
        query, key = request.scheduledQuery, request.scheduledQuery.scheduleKey
        space, name = key.clusterNamespace, key.scheduleName
        said = {field: getattr(query, field) for field in _FIELDS if getattr(query, field) is not None}
        try:
            if request.type == _CREATE:
                self.catalog.scheduled_queries.create(caller, space, name, {"enabled": False} | said)
            elif request.type == _ALTER:
                self.catalog.scheduled_queries.alter(caller, space, name, said)
            elif request.type == _DROP:
                self.catalog.scheduled_queries.drop(caller, space, name)
            else:
                raise Invalid("type", "neither CREATE, ALTER nor DROP")
        except Invalid as error:
            raise wire.InvalidInputException(message=error.message) from error
        except NotFound as error:
            told = f"Scheduled query with name: {name}@{space} doesn't exist."
            raise wire.NoSuchObjectException(message=told) from error
        except AlreadyExists as error:
            told = f"Scheduled query with name: {name}@{space} already exists."
            raise wire.AlreadyExistsException(message=told) from error

    def scheduled_query_poll(self, context: Context, arguments: Any) -> Any:
        """An execution of a query that is due, or an empty answer; its text tells the schedule, as Hive's does."""
        space = arguments.request.clusterNamespace or ""
        found = self.catalog.scheduled_queries.poll(caller_of(context), space)
        if found is None:
            return wire.ScheduledQueryPollResponse()
        number, record = found
        return wire.ScheduledQueryPollResponse(
            scheduleKey=wire.ScheduledQueryKey(scheduleName=record.name, clusterNamespace=space),
            executionId=number,
            query=f"/* schedule: {record.name} */{record.document.get('query', '')}",
            user=record.document.get("user"),
        )

    def scheduled_query_progress(self, context: Context, arguments: Any) -> None:
        """Note how an execution fares."""
        info = arguments.info
        said = {"executorQueryId": info.executorQueryId, "errorMessage": info.errorMessage}
        known = {key: value for key, value in said.items() if value is not None}
        state = -1 if info.state is None else info.state
        try:
            self.catalog.scheduled_queries.progress(caller_of(context), info.scheduledExecutionId or 0, state, known)
        except NotFound as error:
            raise wire.MetaException(message=error.message) from error
