"""Versions of tables over gRPC."""

from __future__ import annotations

from catalog_server.facades.grpc import convert
from catalog_server.facades.grpc.call import Call, Noun
from catalog_server.facades.grpc.masks import expected, read_masked
from catalog_server.facades.grpc.paging import page, place, size_of
from catalog_server.wire import catalog_pb2 as pb


class Versions(Noun):
    """The history of definitions."""

    def list_versions(self, call: Call, request: pb.ListVersionsRequest) -> pb.ListVersionsResponse:
        """A page of a table's, newest first."""
        name, before = convert.to_table_name(request.table), place(request.page_token, 0)
        found = self.catalog.versions.list(call.caller, name, before=before or None, count=size_of(request) + 1)
        shown, following = page(found, pb.Version, convert.version, lambda one: one.version, request)
        return pb.ListVersionsResponse(versions=shown, next_page_token=following)

    def get_version(self, call: Call, request: pb.GetVersionRequest) -> pb.Version:
        """One of them."""
        found = self.catalog.versions.get(call.caller, convert.to_table_name(request.table), request.version)
        return read_masked(convert.version(found), request)

    def diff_versions(self, call: Call, request: pb.DiffVersionsRequest) -> pb.DiffVersionsResponse:
        """What differs between two of them."""
        name = convert.to_table_name(request.table)
        found = self.catalog.versions.diff(call.caller, name, request.before, request.after or None)
        return pb.DiffVersionsResponse(differences=[convert.difference(one) for one in found])

    def roll_back(self, call: Call, request: pb.RollBackRequest) -> pb.Table:
        """The way back to one."""
        name = convert.to_table_name(request.table)
        if request.HasField("expected_version"):
            found = self.catalog.tables.get(call.caller, name)
            expected(request, f"table {found.full_name}", found.version)
        return convert.table(self.catalog.versions.rollback(call.caller, name, request.version))
