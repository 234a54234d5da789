"""Functions over gRPC."""

from __future__ import annotations

from dataclasses import replace

from google.protobuf.empty_pb2 import Empty

from catalog_server.facades.grpc import convert
from catalog_server.facades.grpc.call import Call, Noun
from catalog_server.facades.grpc.masks import changed, read_masked
from catalog_server.facades.grpc.paging import page, place, size_of
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.wire import catalog_pb2 as pb

_CHANGED = ("name", "database", "class_name", "owner", "owner_kind", "function_kind", "resources", "parameters")


class Functions(Noun):
    """Code that engines look up by name."""

    def list_functions(self, call: Call, request: pb.ListFunctionsRequest) -> pb.ListFunctionsResponse:
        """A page of a database's by name."""
        name, after = convert.to_database_name(request.database), place(request.page_token, "")
        self.catalog.databases.get(call.caller, name)
        found = [one for one in self.catalog.functions.list(call.caller, name) if name_key(one.name) > after]
        rest = found[: size_of(request) + 1]
        shown, following = page(rest, pb.Function, convert.function, lambda one: name_key(one.name), request)
        return pb.ListFunctionsResponse(functions=shown, next_page_token=following)

    def get_function(self, call: Call, request: pb.GetFunctionRequest) -> pb.Function:
        """One of them."""
        database, name = _place(request.name)
        return read_masked(convert.function(self.catalog.functions.get(call.caller, database, name)), request)

    def create_function(self, call: Call, request: pb.CreateFunctionRequest) -> pb.Function:
        """Register one."""
        return convert.function(self.catalog.functions.create(call.caller, convert.to_function(request.function)))

    def alter_function(self, call: Call, request: pb.AlterFunctionRequest) -> pb.Function:
        """Change one."""
        fields = changed(request.update_mask, *_CHANGED)
        database, name = _place(request.name)
        found = self.catalog.functions.get(call.caller, database, name)
        said = convert.to_function(request.function)
        new = replace(found, **{field: getattr(said, field) for field in fields})
        return convert.function(self.catalog.functions.alter(call.caller, database, name, new))

    def drop_function(self, call: Call, request: pb.DropFunctionRequest) -> Empty:
        """Drop one."""
        database, name = _place(request.name)
        self.catalog.functions.drop(call.caller, database, name)
        return Empty()


def _place(name: pb.FunctionName) -> tuple[DatabaseName, str]:
    return DatabaseName(name.catalog, name.database), name.function
