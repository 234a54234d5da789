"""Versions of tables, and search, as a client sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from google.protobuf.field_mask_pb2 import FieldMask

from catalog_server.client.definitions import Noun, table_name
from catalog_server.wire import catalog_pb2 as pb


class Versions(Noun):
    """The history of definitions."""

    def list(
        self, database: str, table: str, *, catalog: str = "", fields: Sequence[str] = ()
    ) -> Iterator[pb.Version]:  # fmt: skip
        """Those of a table, newest first."""
        name = table_name(database, table, catalog)
        request = pb.ListVersionsRequest(table=name, read_mask=FieldMask(paths=fields))
        return self._channel.pages("Versions/ListVersions", request, "versions")

    def get(
        self, database: str, table: str, version: int, *, catalog: str = "", fields: Sequence[str] = ()
    ) -> pb.Version:
        """One of them."""
        name = table_name(database, table, catalog)
        request = pb.GetVersionRequest(table=name, version=version, read_mask=FieldMask(paths=fields))
        found: pb.Version = self._channel.ask("Versions/GetVersion", request)
        return found

    def diff(
        self, database: str, table: str, before: int, after: int = 0, *, catalog: str = ""
    ) -> Sequence[pb.Difference]:
        """What differs between two of them; without `after` between one and the newest."""
        name = table_name(database, table, catalog)
        request = pb.DiffVersionsRequest(table=name, before=before, after=after)
        answer: pb.DiffVersionsResponse = self._channel.ask("Versions/DiffVersions", request)
        return answer.differences

    def roll_back(
        self, database: str, table: str, version: int, *, catalog: str = "", expected_version: int | None = None
    ) -> pb.Table:
        """Give a table the definition it had at a version."""
        name = table_name(database, table, catalog)
        request = pb.RollBackRequest(table=name, version=version, expected_version=expected_version)
        found: pb.Table = self._channel.ask("Versions/RollBack", request)
        return found


class Search(Noun):
    """Finds things by words."""

    def find(self, query: str) -> Iterator[pb.Hit]:
        """Databases, tables and views in which every word occurs as the beginning of one, best first."""
        return self._channel.pages("Search/Find", pb.FindRequest(query=query), "hits")
