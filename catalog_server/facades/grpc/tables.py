"""Tables over gRPC."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from google.protobuf.empty_pb2 import Empty

from catalog_server.catalog.definitions import alter_iceberg, create_iceberg, table_of_files
from catalog_server.facades.grpc import convert
from catalog_server.facades.grpc.call import Call, Noun
from catalog_server.facades.grpc.masks import changed, expected, read_masked, rebased
from catalog_server.facades.grpc.paging import page, place, size_of
from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import Table, TableKind
from catalog_server.wire import catalog_pb2 as pb

_CHANGED = (
    "name", "database", "kind", "columns", "partition_keys", "location", "storage", "parameters", "owner", "owner_kind",
    "retention", "view_original", "view_expanded",
)  # fmt: skip
_OF_ICEBERG = ("name", "database", "owner", "owner_kind", "retention")


class Tables(Noun):
    """Definitions of tables, views among them."""

    def list_tables(self, call: Call, request: pb.ListTablesRequest) -> pb.ListTablesResponse:
        """A page of a database's by name."""
        found = self.catalog.tables.list(
            call.caller,
            convert.to_database_name(request.database),
            kinds=[convert.kind_of(kind) for kind in request.kinds] or None,
            contains=request.name_contains,
            after=place(request.page_token, ""),
            count=size_of(request) + 1,
        )
        shown, following = page(found, pb.Table, convert.table, lambda one: name_key(one.name), request)
        return pb.ListTablesResponse(tables=shown, next_page_token=following)

    def get_table(self, call: Call, request: pb.GetTableRequest) -> pb.Table:
        """One of them."""
        found = self.catalog.tables.get(call.caller, convert.to_table_name(request.name))
        return read_masked(convert.table(found), request)

    def create_table(self, call: Call, request: pb.CreateTableRequest) -> pb.Table:
        """Make one."""
        new = convert.to_table(request.table)
        if new.kind not in (TableKind.MANAGED, TableKind.EXTERNAL):
            raise Invalid("table.kind", f"{new.kind.value} is not made here: views are made by Views")
        if request.format and request.table.HasField("storage"):
            raise Invalid("table.storage", f"is what {request.format[:40]!r} says already")
        if request.format == "iceberg":
            return convert.table(create_iceberg(self.catalog.iceberg, call.caller, new))
        if request.format:
            worn = table_of_files(
                self.catalog.tables,
                call.caller,
                new.full_name,
                new.kind,
                request.format,
                new.columns,
                new.partition_keys,
                new.location,
                new.parameters,
                new.owner,
            )
            new = replace(worn, owner_kind=new.owner_kind, retention=new.retention)
        return convert.table(self.catalog.tables.create(call.caller, new))

    def alter_table(self, call: Call, request: pb.AlterTableRequest) -> pb.Table:
        """Change one."""
        fields = changed(request.update_mask, *_CHANGED)
        name = convert.to_table_name(request.name)
        said, tables = convert.to_table(request.table), self.catalog.tables

        def change() -> Table:
            found = tables.get(call.caller, name)
            version = expected(request, f"table {found.full_name}", found.version)
            changes: dict[str, Any] = {field: getattr(said, field) for field in fields}
            if found.is_iceberg:
                return self._alter_iceberg(call, name, found, changes)
            if "storage" in changes:
                changes["storage"] = replace(said.storage, extra=found.storage.extra)
            new = replace(found, **changes)
            return tables.alter(call.caller, name, new, expected_version=version, cascade=request.cascade)

        return convert.table(rebased(request, change))

    def _alter_iceberg(self, call: Call, name: TableName, found: Table, changes: dict[str, Any]) -> Table:
        """Change an Iceberg table by a commit of its own, so that its metadata says the same as its row."""
        for field in changes:
            if field not in (*_OF_ICEBERG, "parameters"):
                raise Unsupported(f"{field} of {name} is Iceberg's: an engine changes it")
        wanted = changes.pop("parameters", found.parameters)
        parameters: dict[str, str | None] = {key: None for key in found.parameters if key not in wanted}
        parameters |= {key: value for key, value in wanted.items() if found.parameters.get(key) != value}
        return alter_iceberg(
            self.catalog.iceberg, call.caller, found, parameters, {}, changes, expected_version=found.version
        )

    def drop_table(self, call: Call, request: pb.DropTableRequest) -> Empty:
        """Drop one."""
        self.catalog.tables.drop(call.caller, convert.to_table_name(request.name), purge=request.purge)
        return Empty()
