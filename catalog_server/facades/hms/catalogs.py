"""Calls about catalogs."""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of
from catalog_server.model.database import Catalog
from catalog_server.model.errors import Invalid, NotEmpty, NotFound
from catalog_server.model.names import DEFAULT_CATALOG, name_key
from catalog_server.wire import hive_metastore as wire


class Catalogs(Noun):
    """Catalogs; the default one is `hive` to Hive's clients, whatever it is called here."""

    def get_catalogs(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """Names of all catalogs, sorted."""
        found = self.catalog.catalogs.list(caller_of(context))
        return wire.GetCatalogsResponse(names=sorted(self._shown(one.name) for one in found))

    def get_catalog(self, context: Context, arguments: Any) -> Any:
        """One catalog."""
        name = _named(arguments.catName)
        try:
            found = self.catalog.catalogs.get(caller_of(context), name)
        except NotFound as error:
            raise _missing(name) from error
        return wire.GetCatalogResponse(
            catalog=wire.Catalog(
                name=self._shown(found.name),
                description=found.comment,
                locationUri=found.location or self.catalog.core.warehouse,
                createTime=found.created_at // 1000,
                parameters=dict(found.parameters) or None,
            )
        )

    def create_catalog(self, context: Context, arguments: Any) -> None:
        """Make a catalog with its default database, as Hive does."""
        said, caller = arguments.catalog.catalog, caller_of(context)
        if said is None or not said.name:
            raise Invalid("catalog", "a name is needed")
        if not said.locationUri:
            raise Invalid("", "You must specify a path for the catalog")
        new = Catalog(name_key(said.name), said.description, said.locationUri, dict(said.parameters or {}))
        self.catalog.catalogs.create(caller, new, default=f"Default database for catalog {new.name}")

    def alter_catalog(self, context: Context, arguments: Any) -> None:
        """Change what is said of a catalog; its name stays, and so does a place for which none is given."""
        name, new, caller = _named(arguments.rqst), arguments.rqst.newCat, caller_of(context)
        try:
            found = self.catalog.catalogs.get(caller, name)
        except NotFound as error:
            raise _missing(name) from error
        if new is None or not new.name or name_key(new.name) != name_key(name):
            raise wire.InvalidOperationException(message="You cannot change a catalog's name")
        parameters = found.parameters if new.parameters is None else dict(new.parameters)
        changed = Catalog(found.name, new.description, new.locationUri or found.location, parameters)
        self.catalog.catalogs.alter(caller, name, changed, expected_version=found.version)

    def drop_catalog(self, context: Context, arguments: Any) -> None:
        """Drop a catalog that holds nothing but an empty default database."""
        name = _named(arguments.catName)
        try:
            self.catalog.catalogs.drop(caller_of(context), name, with_default=True)
        except NotFound as error:
            raise _missing(name) from error
        except Invalid as error:
            raise wire.MetaException(message=f"Can not drop {name} catalog") from error
        except NotEmpty as error:
            told = f"There are databases or tables in the catalog {name} so it cannot be dropped."
            raise wire.InvalidOperationException(message=told) from error

    def _shown(self, name: str) -> str:
        return DEFAULT_CATALOG if name_key(name) == name_key(self.catalog.core.default_catalog) else name


def _named(request: Any) -> str:
    if request is None or not request.name:
        raise Invalid("catalog", "a name is needed")
    return str(request.name)


def _missing(name: str) -> Exception:
    missing: Exception = wire.NoSuchObjectException(message=f"No catalog {name}")
    return missing
