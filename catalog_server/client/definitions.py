"""Catalogs, databases, tables, views and functions, as a client sees them.

`fields` of a read are the fields that are answered (all when none is named), those of a change the fields that are
changed, each as a whole. A change with an `expected_version` raises `Conflict` where the thing is at another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from catalog_server.client.channel import Channel
from catalog_server.wire import catalog_pb2 as pb


class Noun:
    """Things of one kind, behind a channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel


class Catalogs(Noun):
    """Named roots of databases."""

    def list(self, *, fields: Sequence[str] = ()) -> Iterator[pb.Catalog]:
        """All of them by name."""
        request = pb.ListCatalogsRequest(read_mask=FieldMask(paths=fields))
        return self._channel.pages("Catalogs/ListCatalogs", request, "catalogs")

    def get(self, name: str = "", *, fields: Sequence[str] = ()) -> pb.Catalog:
        """One of them."""
        request = pb.GetCatalogRequest(name=name, read_mask=FieldMask(paths=fields))
        found: pb.Catalog = self._channel.ask("Catalogs/GetCatalog", request)
        return found

    def create(self, catalog: pb.Catalog) -> pb.Catalog:
        """Make one, or mount one."""
        made: pb.Catalog = self._channel.ask("Catalogs/CreateCatalog", pb.CreateCatalogRequest(catalog=catalog))
        return made

    def alter(
        self, name: str, catalog: pb.Catalog, fields: Sequence[str], *, expected_version: int | None = None
    ) -> pb.Catalog:
        """Change fields of one to what `catalog` says."""
        request = pb.AlterCatalogRequest(
            name=name, catalog=catalog, update_mask=FieldMask(paths=fields), expected_version=expected_version
        )
        changed: pb.Catalog = self._channel.ask("Catalogs/AlterCatalog", request)
        return changed

    def drop(self, name: str) -> None:
        """Drop one that is empty, or unmount one."""
        self._channel.ask("Catalogs/DropCatalog", pb.DropCatalogRequest(name=name))


class Databases(Noun):
    """Holders of tables."""

    def list(
        self, *, catalog: str = "", parent: str | None = None, fields: Sequence[str] = ()
    ) -> Iterator[pb.Database]:
        """Those of a catalog by name, or those below `parent`."""
        request = pb.ListDatabasesRequest(catalog=catalog, parent=parent, read_mask=FieldMask(paths=fields))
        return self._channel.pages("Databases/ListDatabases", request, "databases")

    def get(self, database: str, *, catalog: str = "", fields: Sequence[str] = ()) -> pb.Database:
        """One of them."""
        request = pb.GetDatabaseRequest(name=_database(database, catalog), read_mask=FieldMask(paths=fields))
        found: pb.Database = self._channel.ask("Databases/GetDatabase", request)
        return found

    def create(self, database: pb.Database) -> pb.Database:
        """Make one."""
        made: pb.Database = self._channel.ask("Databases/CreateDatabase", pb.CreateDatabaseRequest(database=database))
        return made

    def alter(
        self,
        name: str,
        database: pb.Database,
        fields: Sequence[str],
        *,
        catalog: str = "",
        expected_version: int | None = None,
    ) -> pb.Database:
        """Change fields of one to what `database` says."""
        request = pb.AlterDatabaseRequest(
            name=_database(name, catalog),
            database=database,
            update_mask=FieldMask(paths=fields),
            expected_version=expected_version,
        )
        changed: pb.Database = self._channel.ask("Databases/AlterDatabase", request)
        return changed

    def drop(self, database: str, *, catalog: str = "", cascade: bool = False) -> None:
        """Drop one, with what it holds if `cascade`."""
        request = pb.DropDatabaseRequest(name=_database(database, catalog), cascade=cascade)
        self._channel.ask("Databases/DropDatabase", request)


class Tables(Noun):
    """Definitions of tables, views among them."""

    def list(
        self,
        database: str,
        *,
        catalog: str = "",
        kinds: Sequence[pb.TableKind] = (),
        name_contains: str = "",
        fields: Sequence[str] = (),
    ) -> Iterator[pb.Table]:
        """Those of a database by name."""
        request = pb.ListTablesRequest(
            database=_database(database, catalog),
            kinds=kinds,
            name_contains=name_contains,
            read_mask=FieldMask(paths=fields),
        )
        return self._channel.pages("Tables/ListTables", request, "tables")

    def get(self, database: str, table: str, *, catalog: str = "", fields: Sequence[str] = ()) -> pb.Table:
        """One of them."""
        request = pb.GetTableRequest(name=table_name(database, table, catalog), read_mask=FieldMask(paths=fields))
        found: pb.Table = self._channel.ask("Tables/GetTable", request)
        return found

    def create(self, table: pb.Table, *, format: str = "") -> pb.Table:
        """Make one; with a `format` as a table of that format: `parquet`, `csv`, `json` or `iceberg`."""
        made: pb.Table = self._channel.ask("Tables/CreateTable", pb.CreateTableRequest(table=table, format=format))
        return made

    def alter(
        self,
        database: str,
        name: str,
        table: pb.Table,
        fields: Sequence[str],
        *,
        catalog: str = "",
        expected_version: int | None = None,
        cascade: bool = False,
    ) -> pb.Table:
        """Change fields of one to what `table` says; with `cascade` every partition gets the new columns."""
        request = pb.AlterTableRequest(
            name=table_name(database, name, catalog),
            table=table,
            update_mask=FieldMask(paths=fields),
            expected_version=expected_version,
            cascade=cascade,
        )
        changed: pb.Table = self._channel.ask("Tables/AlterTable", request)
        return changed

    def drop(self, database: str, table: str, *, catalog: str = "", purge: bool = False) -> None:
        """Drop one, with the files of an external one too if `purge`."""
        self._channel.ask(
            "Tables/DropTable", pb.DropTableRequest(name=table_name(database, table, catalog), purge=purge)
        )


class Views(Noun):
    """Statements that are asked for like tables."""

    def list(self, database: str, *, catalog: str = "", fields: Sequence[str] = ()) -> Iterator[pb.View]:
        """Those of a database by name."""
        request = pb.ListViewsRequest(database=_database(database, catalog), read_mask=FieldMask(paths=fields))
        return self._channel.pages("Views/ListViews", request, "views")

    def get(self, database: str, view: str, *, catalog: str = "", fields: Sequence[str] = ()) -> pb.View:
        """One of them."""
        request = pb.GetViewRequest(name=table_name(database, view, catalog), read_mask=FieldMask(paths=fields))
        found: pb.View = self._channel.ask("Views/GetView", request)
        return found

    def create(self, view: pb.View) -> pb.View:
        """Make one."""
        made: pb.View = self._channel.ask("Views/CreateView", pb.CreateViewRequest(view=view))
        return made

    def alter(
        self,
        database: str,
        name: str,
        view: pb.View,
        fields: Sequence[str],
        *,
        catalog: str = "",
        expected_version: int | None = None,
    ) -> pb.View:
        """Change fields of one to what `view` says."""
        request = pb.AlterViewRequest(
            name=table_name(database, name, catalog),
            view=view,
            update_mask=FieldMask(paths=fields),
            expected_version=expected_version,
        )
        changed: pb.View = self._channel.ask("Views/AlterView", request)
        return changed

    def drop(self, database: str, view: str, *, catalog: str = "") -> None:
        """Drop one."""
        self._channel.ask("Views/DropView", pb.DropViewRequest(name=table_name(database, view, catalog)))


class Functions(Noun):
    """Code that engines look up by name."""

    def list(self, database: str, *, catalog: str = "", fields: Sequence[str] = ()) -> Iterator[pb.Function]:
        """Those of a database by name."""
        request = pb.ListFunctionsRequest(database=_database(database, catalog), read_mask=FieldMask(paths=fields))
        return self._channel.pages("Functions/ListFunctions", request, "functions")

    def get(self, database: str, function: str, *, catalog: str = "", fields: Sequence[str] = ()) -> pb.Function:
        """One of them."""
        name = pb.FunctionName(catalog=catalog, database=database, function=function)
        request = pb.GetFunctionRequest(name=name, read_mask=FieldMask(paths=fields))
        found: pb.Function = self._channel.ask("Functions/GetFunction", request)
        return found

    def create(self, function: pb.Function) -> pb.Function:
        """Register one."""
        made: pb.Function = self._channel.ask("Functions/CreateFunction", pb.CreateFunctionRequest(function=function))
        return made

    def alter(
        self, database: str, name: str, function: pb.Function, fields: Sequence[str], *, catalog: str = ""
    ) -> pb.Function:
        """Change fields of one to what `function` says."""
        place: Any = pb.FunctionName(catalog=catalog, database=database, function=name)
        request = pb.AlterFunctionRequest(name=place, function=function, update_mask=FieldMask(paths=fields))
        changed: pb.Function = self._channel.ask("Functions/AlterFunction", request)
        return changed

    def drop(self, database: str, function: str, *, catalog: str = "") -> None:
        """Drop one."""
        name = pb.FunctionName(catalog=catalog, database=database, function=function)
        self._channel.ask("Functions/DropFunction", pb.DropFunctionRequest(name=name))


def _database(database: str, catalog: str) -> pb.DatabaseName:
    return pb.DatabaseName(catalog=catalog, database=database)


def table_name(database: str, table: str, catalog: str) -> pb.TableName:
    """Where a table is."""
    return pb.TableName(catalog=catalog, database=database, table=table)
