"""Catalogs over gRPC."""

from __future__ import annotations

from dataclasses import replace

from google.protobuf.empty_pb2 import Empty

from catalog_server.facades.grpc import convert
from catalog_server.facades.grpc.call import Call, Noun
from catalog_server.facades.grpc.masks import changed, expected, read_masked, rebased
from catalog_server.facades.grpc.paging import page, place, size_of
from catalog_server.model.database import Catalog
from catalog_server.model.names import name_key
from catalog_server.wire import catalog_pb2 as pb


class Catalogs(Noun):
    """Named roots of databases."""

    def list_catalogs(self, call: Call, request: pb.ListCatalogsRequest) -> pb.ListCatalogsResponse:
        """A page of them by name."""
        after = place(request.page_token, "")
        found = sorted(self.catalog.catalogs.list(call.caller), key=lambda one: name_key(one.name))
        rest = [one for one in found if name_key(one.name) > after][: size_of(request) + 1]
        shown, following = page(rest, pb.Catalog, convert.catalog, lambda one: name_key(one.name), request)
        return pb.ListCatalogsResponse(catalogs=shown, next_page_token=following)

    def get_catalog(self, call: Call, request: pb.GetCatalogRequest) -> pb.Catalog:
        """One of them."""
        return read_masked(convert.catalog(self.catalog.catalogs.get(call.caller, request.name)), request)

    def create_catalog(self, call: Call, request: pb.CreateCatalogRequest) -> pb.Catalog:
        """Make or mount one."""
        return convert.catalog(self.catalog.catalogs.create(call.caller, convert.to_catalog(request.catalog)))

    def alter_catalog(self, call: Call, request: pb.AlterCatalogRequest) -> pb.Catalog:
        """Change one."""
        fields = changed(request.update_mask, "comment", "location", "uri", "parameters")
        said, catalogs = convert.to_catalog(request.catalog), self.catalog.catalogs

        def change() -> Catalog:
            found = catalogs.get(call.caller, request.name)
            new = replace(found, **{field: getattr(said, field) for field in fields})
            version = expected(request, f"catalog {found.name}", found.version)
            return catalogs.alter(call.caller, request.name, new, expected_version=version)

        return convert.catalog(rebased(request, change))

    def drop_catalog(self, call: Call, request: pb.DropCatalogRequest) -> Empty:
        """Drop or unmount one."""
        self.catalog.catalogs.drop(call.caller, request.name)
        return Empty()
