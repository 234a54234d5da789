"""Databases over gRPC."""

from __future__ import annotations

from dataclasses import replace

from google.protobuf.empty_pb2 import Empty

from catalog_server.facades.grpc import convert
from catalog_server.facades.grpc.call import Call, Noun
from catalog_server.facades.grpc.masks import changed, expected, read_masked, rebased
from catalog_server.facades.grpc.paging import page, place, size_of
from catalog_server.model.database import Database
from catalog_server.model.names import name_key
from catalog_server.wire import catalog_pb2 as pb


class Databases(Noun):
    """Holders of tables."""

    def list_databases(self, call: Call, request: pb.ListDatabasesRequest) -> pb.ListDatabasesResponse:
        """A page of a catalog's by name."""
        found = self.catalog.databases.list(
            call.caller,
            request.catalog,
            parent=convert.given(request, "parent"),
            after=place(request.page_token, ""),
            count=size_of(request) + 1,
        )
        shown, following = page(found, pb.Database, convert.database, lambda one: name_key(one.name), request)
        return pb.ListDatabasesResponse(databases=shown, next_page_token=following)

    def get_database(self, call: Call, request: pb.GetDatabaseRequest) -> pb.Database:
        """One of them."""
        found = self.catalog.databases.get(call.caller, convert.to_database_name(request.name))
        return read_masked(convert.database(found), request)

    def create_database(self, call: Call, request: pb.CreateDatabaseRequest) -> pb.Database:
        """Make one."""
        return convert.database(self.catalog.databases.create(call.caller, convert.to_database(request.database)))

    def alter_database(self, call: Call, request: pb.AlterDatabaseRequest) -> pb.Database:
        """Change one."""
        fields = changed(request.update_mask, "name", "comment", "location", "owner", "owner_kind", "parameters")
        name = convert.to_database_name(request.name)
        said, databases = convert.to_database(request.database), self.catalog.databases

        def change() -> Database:
            found = databases.get(call.caller, name)
            new = replace(found, **{field: getattr(said, field) for field in fields})
            version = expected(request, f"database {found.full_name}", found.version)
            return databases.alter(call.caller, name, new, expected_version=version)

        return convert.database(rebased(request, change))

    def drop_database(self, call: Call, request: pb.DropDatabaseRequest) -> Empty:
        """Drop one."""
        name = convert.to_database_name(request.name)
        self.catalog.databases.drop(call.caller, name, cascade=request.cascade)
        return Empty()
