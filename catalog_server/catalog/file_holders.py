"""Who else holds files: whatever another table, view or partition refers to, or has in its folder, is not to be touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog_server.catalog.care_work import CareWork
from catalog_server.catalog.core import Core
from catalog_server.lake import locations
from catalog_server.lake.iceberg import files as metadata
from catalog_server.lake.iceberg.document import completed
from catalog_server.lake.iceberg.file_set import FileSet
from catalog_server.lake.iceberg.references import referenced
from catalog_server.model.errors import CatalogError, Invalid, NotFound, Unavailable
from catalog_server.model.names import TableName
from catalog_server.store import table_locations
from catalog_server.store.table_locations import Holder

_PAGE = 500
_VIEW = "iceberg-view"


class FileHolders:
    """Asks all tables of the store, of all catalogs. Tables that only other metastores know are not seen."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def spare(self, table_id: int, places: Sequence[str], files: FileSet, work: CareWork) -> int:
        """Take out of a set what others hold, and return how many; `places` are the folders of the table itself.

        A table whose metadata file is gone holds its folder only: nobody can read it.

        Raises:
            Unavailable: the files of another table cannot be told, and that is not to be ignored.
        """
        if not len(files):
            return 0
        spared = 0
        for done, one in enumerate(self._others(table_id)):
            work.step("asking other tables", done)
            if one.location:
                spared += files.discard_below(one.location)
        for folder in self._partition_folders(places):
            spared += files.discard_below(folder)
        for done, one in enumerate(self._others(table_id)):
            if not len(files):
                break
            work.step("asking other tables", done)
            if one.metadata_location:
                try:
                    spared += self._discard(one, one.metadata_location, files)
                except CatalogError as error:
                    if not work.options.ignore_unreadable:
                        raise _untold(one, error) from error
                    work.unread.append(str(one.name))
        return spared

    def check_alone(self, table_id: int, location: str) -> None:
        """Refuse a folder that is, or lies in, that of another table; raises `Invalid` that names it."""
        forms = [form.rstrip("/") for forms in locations.spellings(location) for form in forms]
        inside = frozenset(forms)
        here = locations.resolved(location)
        for one in self._others(table_id):
            if not one.location:
                continue
            if one.location.rstrip("/") in inside or _is_in(here, one.location):
                raise Invalid(
                    "location", f"{location} is shared with {_named(one.name)}, whose files nobody could tell"
                )

    def _discard(self, one: Holder, location: str, files: FileSet) -> int:
        if one.format == _VIEW:
            return files.discard([location])
        try:
            body = self.core.lake.filesystem(location).read(location)
        except NotFound:
            return 0
        document = completed(metadata.loads(body))
        return files.discard(file.location for file in referenced(self.core.lake, document, location))

    def _others(self, table_id: int) -> Iterator[Holder]:
        after = 0
        while True:
            with self.core.store.read() as tx:
                page = table_locations.holders(tx, after, _PAGE, but=table_id)
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].id

    def _partition_folders(self, places: Sequence[str]) -> Iterator[str]:
        for place in places:
            after = 0
            spellings = locations.spellings(place)
            while True:
                with self.core.store.read() as tx:
                    page = table_locations.partition_folders(tx, spellings, after, _PAGE)
                yield from (location for _, location in page)
                if len(page) < _PAGE:
                    break
                after = page[-1][0]


def _is_in(location: str, folder: str) -> bool:
    try:
        return locations.is_under(location, locations.resolved(folder))
    except CatalogError:
        return False


def _named(name: TableName) -> str:
    return f"table {name}"


def _untold(one: Holder, error: CatalogError) -> Unavailable:
    return Unavailable(f"nothing was deleted: the files of {_named(one.name)} cannot be told: {error.message}")
