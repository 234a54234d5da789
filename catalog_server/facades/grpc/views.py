"""Views over gRPC."""

from __future__ import annotations

from dataclasses import replace

from google.protobuf.empty_pb2 import Empty

from catalog_server.facades.grpc import convert
from catalog_server.facades.grpc.call import Call, Noun
from catalog_server.facades.grpc.masks import changed, expected, read_masked, rebased
from catalog_server.facades.grpc.paging import page, place, size_of
from catalog_server.model.errors import NotFound
from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import Table, TableKind
from catalog_server.wire import catalog_pb2 as pb

_KINDS = (TableKind.VIEW, TableKind.MATERIALIZED_VIEW)
_SPELLED = {"original": "view_original", "expanded": "view_expanded"}


class Views(Noun):
    """Statements that are asked for like tables."""

    def list_views(self, call: Call, request: pb.ListViewsRequest) -> pb.ListViewsResponse:
        """A page of a database's by name."""
        database, after = convert.to_database_name(request.database), place(request.page_token, "")
        count = size_of(request) + 1
        found = self.catalog.tables.list(call.caller, database, kinds=_KINDS, after=after, count=count)
        shown, following = page(found, pb.View, convert.view, lambda one: name_key(one.name), request)
        return pb.ListViewsResponse(views=shown, next_page_token=following)

    def get_view(self, call: Call, request: pb.GetViewRequest) -> pb.View:
        """One of them."""
        return read_masked(convert.view(self._view(call, convert.to_table_name(request.name))), request)

    def _view(self, call: Call, name: TableName) -> Table:
        found = self.catalog.tables.get(call.caller, name)
        if not found.is_view:
            raise NotFound("view", str(found.full_name))
        return found

    def create_view(self, call: Call, request: pb.CreateViewRequest) -> pb.View:
        """Make one."""
        return convert.view(self.catalog.tables.create(call.caller, convert.to_view(request.view)))

    def alter_view(self, call: Call, request: pb.AlterViewRequest) -> pb.View:
        """Change one."""
        known = ("name", "database", "columns", "original", "expanded", "parameters", "owner", "owner_kind")
        fields = changed(request.update_mask, *known)
        name = convert.to_table_name(request.name)
        said = convert.to_view(request.view, whole="original" in fields)
        changes = {_SPELLED.get(one, one): getattr(said, _SPELLED.get(one, one)) for one in fields}

        def change() -> Table:
            found = self._view(call, name)
            version = expected(request, f"view {found.full_name}", found.version)
            return self.catalog.tables.alter(call.caller, name, replace(found, **changes), expected_version=version)

        return convert.view(rebased(request, change))

    def drop_view(self, call: Call, request: pb.DropViewRequest) -> Empty:
        """Drop one."""
        name = convert.to_table_name(request.name)
        self._view(call, name)
        self.catalog.tables.drop(call.caller, name)
        return Empty()
