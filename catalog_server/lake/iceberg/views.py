"""The metadata document of an Iceberg view: requirements and the eight updates of a commit to it, applied to a dict."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from catalog_server.lake.iceberg import schema, shapes
from catalog_server.lake.iceberg.columns import hive_type
from catalog_server.lake.iceberg.document import by_id, strip_slash
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid, RequirementFailed

FORMAT_VERSION = 1
LAST_ADDED = -1
HISTORY_SIZE = "version.history.size"
DROP_DIALECT = "replace.drop-dialect.allowed"
_HISTORY_SIZE_DEFAULT = 10
_EVERY_TYPE = 3
"""Views may show every type that tables of this format version have."""


def new_view(
    location: str, schema_: Json, version: Json, properties: Mapping[str, str] | None = None, now_ms: int = 0
) -> Json:
    """The document of a new view.

    Raises:
        Invalid: schema, version or properties cannot make a view.
    """
    return apply_view_updates(
        None,
        [
            {"action": "set-location", "location": location},
            {"action": "set-properties", "updates": dict(properties or {})},
            {"action": "add-schema", "schema": schema_},
            {"action": "add-view-version", "view-version": {**version, "schema-id": LAST_ADDED}},
            {"action": "set-current-view-version", "view-version-id": LAST_ADDED},
        ],
        now_ms,
    )


def completed_view(document: Json) -> Json:
    """The document, once everything that later code reads of it is known to be there; unknown keys stay.

    Raises:
        Invalid: something is missing or has a wrong shape.
    """
    version = shapes.get_integer(shapes.object_of(document, "metadata"), "format-version")
    if version != FORMAT_VERSION:
        raise Invalid("format-version", f"Unsupported format version: {version} (supported: {FORMAT_VERSION})")
    for key in ("view-uuid", "location"):
        shapes.get_string(document, key)
    full = {**document, "properties": shapes.string_map_of(document.get("properties") or {}, "properties")}
    for position, item in enumerate(shapes.objects_of(document.get("schemas"), "schemas")):
        shapes.get_integer(item, "schema-id", f"schemas[{position}]")
        schema.index(item, f"schemas[{position}]")
    for position, item in enumerate(shapes.objects_of(document.get("versions"), "versions")):
        _check_version(item, f"versions[{position}]")
    for position, item in enumerate(shapes.objects_of(document.get("version-log"), "version-log")):
        shapes.get_integer(item, "version-id", f"version-log[{position}]")
    current_version(full)
    current_view_schema(full)
    return full


def current_version(document: Json) -> Json:
    """The version that readers are to take; raises `Invalid` when the document does not hold it."""
    return by_id(document, "versions", "version-id", shapes.get_integer(document, "current-version-id"))


def current_view_schema(document: Json) -> Json:
    """The schema of the current version; raises `Invalid` when the document does not hold it."""
    return by_id(document, "schemas", "schema-id", current_version(document)["schema-id"])


def columns_of_view(document: Json) -> list[tuple[str, str, str | None]]:
    """Name, Hive type and comment of each column; raises `Invalid`."""
    return [
        (field["name"], hive_type(field["type"]), field.get("doc")) for field in current_view_schema(document)["fields"]
    ]


def statements_of(document: Json) -> dict[str, str]:
    """The statement of the current version in each dialect, named in lower case, in their order."""
    representations = current_version(document)["representations"]
    return {str(one["dialect"]).lower(): one["sql"] for one in representations if one.get("type") == "sql"}


def check_view_requirements(document: Json, requirements: object, name: str) -> None:
    """Hold the requirements of a commit, of which views know `assert-view-uuid`, against the document.

    Raises:
        RequirementFailed: the view is another one.
        Invalid: an unknown or malformed requirement.
    """
    for position, item in enumerate(shapes.objects_of(requirements or [], "requirements")):
        where = f"requirements[{position}]"
        type_ = shapes.get_string(item, "type", where)
        if type_ != "assert-view-uuid":
            raise Invalid(where, f"unknown requirement: {type_}")
        expected, found = shapes.get_string(item, "uuid", where), str(document["view-uuid"])
        if expected.lower() != found.lower():
            raise RequirementFailed(
                name, f"Requirement failed: view UUID does not match: expected {found} != {expected}"
            )


def apply_view_updates(document: Json | None, updates: object, now_ms: int) -> Json:
    """The document after all updates; the very same object when they change nothing. None begins a new view.

    Raises:
        Invalid: an unknown or malformed update, or one that the view's state does not allow.
    """
    shapes.check_depth(updates, "updates")
    change = _Change(_empty() if document is None else completed_view(document), now_ms)
    for position, update in enumerate(shapes.objects_of(updates or [], "updates")):
        shapes.apply_update(_UPDATES, change, update, f"updates[{position}]")
    return document if document is not None and not change.changed else change.built()


def _empty() -> Json:
    return {
        "view-uuid": str(uuid.uuid4()),
        "format-version": FORMAT_VERSION,
        "location": None,
        "schemas": [],
        "current-version-id": LAST_ADDED,
        "versions": [],
        "version-log": [],
        "properties": {},
    }


class _Change:
    """A view's document under change; the one it began from is never touched."""

    def __init__(self, base: Json, now_ms: int) -> None:
        self.document: Json = {key: list(value) if isinstance(value, list) else value for key, value in base.items()}
        self.document["properties"] = dict(base["properties"])
        self.before = base
        self.now_ms = now_ms
        self.changed = False
        self.added: dict[int, Json] = {}
        self.last_schema: int | None = None
        self.last_version: int | None = None

    def set(self, key: str, value: object) -> None:
        if self.document.get(key) != value:
            self.document[key] = value
            self.changed = True

    def built(self) -> Json:
        """The document as it is kept; raises `Invalid` for one that is no view, or that loses a dialect."""
        document = self.document
        if not document["location"]:
            raise Invalid("location", "Invalid location: null")
        if not document["versions"]:
            raise Invalid("updates", "Invalid view: no versions were added")
        current_version(document)
        self._keep_dialects()
        self._expire()
        return document

    def _keep_dialects(self) -> None:
        if not self.before["versions"] or self.document["properties"].get(DROP_DIALECT, "").lower() == "true":
            return
        before, after = statements_of(self.before).keys(), statements_of(self.document).keys()
        if not before <= after:
            raise Invalid(
                "view-version",
                f"Cannot replace view due to loss of view dialects ({DROP_DIALECT}=false):\n"
                f"Previous dialects: {sorted(before)}\nNew dialects: {sorted(after)}",
            )

    def _expire(self) -> None:
        """Keep the newest versions and the current one; a log that would have gaps begins after the last of them."""
        document = self.document
        text = document["properties"].get(HISTORY_SIZE, str(_HISTORY_SIZE_DEFAULT))
        size = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        if size <= 0:
            raise Invalid(f"properties.{HISTORY_SIZE}", f"{HISTORY_SIZE} must be positive but was {text}")
        kept = max(size, len(self.added))
        if len(document["versions"]) <= kept:
            return
        newest = sorted((item["version-id"] for item in document["versions"]), reverse=True)[:kept]
        if document["current-version-id"] not in newest:
            newest[-1] = document["current-version-id"]
        document["versions"] = [item for item in document["versions"] if item["version-id"] in newest]
        log: list[Json] = []
        for entry in document["version-log"]:
            log = [*log, entry] if entry["version-id"] in newest else []
        document["version-log"] = log


def _check_version(version: Json, where: str) -> None:
    for key in ("version-id", "schema-id"):
        shapes.get_integer(version, key, where)
    shapes.get_long(version, "timestamp-ms", where)
    shapes.string_map_of(version.get("summary") or {}, f"{where}.summary")
    shapes.strings_of(version.get("default-namespace"), f"{where}.default-namespace")
    shapes.find_string(version, "default-catalog", where)
    seen: set[str] = set()
    listed = shapes.objects_of(version.get("representations"), f"{where}.representations")
    for position, item in enumerate(listed):
        at = f"{where}.representations[{position}]"
        if shapes.get_string(item, "type", at) != "sql":
            continue
        shapes.get_string(item, "sql", at)
        dialect = shapes.get_string(item, "dialect", at).lower()
        if dialect in seen:
            raise Invalid(at, f"Invalid view version: Cannot add multiple queries for dialect {dialect}")
        seen.add(dialect)
    if not listed:
        raise Invalid(f"{where}.representations", "Invalid view version: at least one representation is needed")


def _assign_uuid(change: _Change, update: Json) -> None:
    text = shapes.get_string(update, "uuid")
    try:
        assigned = str(uuid.UUID(text))
    except ValueError as error:
        raise Invalid("uuid", f"is not a UUID: {text}") from error
    known = change.document["view-uuid"]
    if change.before["versions"] and assigned != str(known).lower():
        raise Invalid("uuid", "Cannot reassign uuid")
    change.set("view-uuid", assigned)


def _upgrade_format_version(change: _Change, update: Json) -> None:
    held, version = change.document["format-version"], shapes.get_integer(update, "format-version")
    if version > FORMAT_VERSION:
        raise Invalid("format-version", f"Cannot upgrade view to unsupported format version: v{version}")
    if version < held:
        raise Invalid("format-version", f"Cannot downgrade v{held} view to v{version}")


def _add_schema(change: _Change, update: Json) -> None:
    added = shapes.get_object(update, "schema")
    schema.check(added, _EVERY_TYPE)
    known = change.document["schemas"]
    id_ = next((item["schema-id"] for item in known if schema.same(item, added)), None)
    if id_ is None:
        id_ = max((item["schema-id"] for item in known), default=-1) + 1
        change.set("schemas", [*known, {**added, "type": "struct", "schema-id": id_}])
    change.last_schema = id_


def _add_view_version(change: _Change, update: Json) -> None:
    version = dict(shapes.get_object(update, "view-version"))
    version.setdefault("version-id", 1)
    version.setdefault("timestamp-ms", change.now_ms)
    version.setdefault("summary", {})
    _check_version(version, "view-version")
    if version["schema-id"] == LAST_ADDED:
        if change.last_schema is None:
            raise Invalid("schema-id", "Cannot set last added schema: no schema has been added")
        version["schema-id"] = change.last_schema
    if not any(item["schema-id"] == version["schema-id"] for item in change.document["schemas"]):
        raise Invalid("schema-id", f"Cannot add version with unknown schema: {version['schema-id']}")
    known = change.document["versions"]
    id_ = next((item["version-id"] for item in known if _same(item, version)), None)
    if id_ is None:
        id_ = max([0, *(item["version-id"] for item in known)]) + 1
        change.added[id_] = {**version, "version-id": id_}
        change.set("versions", [*known, change.added[id_]])
    change.last_version = id_


def _same(one: Json, other: Json) -> bool:
    """Whether two versions say the same, whatever their ids and times."""
    ids = ("version-id", "timestamp-ms")
    left, right = ({key: value for key, value in item.items() if key not in ids} for item in (one, other))
    return left == right


def _set_current_view_version(change: _Change, update: Json) -> None:
    id_ = shapes.get_integer(update, "view-version-id")
    if id_ == LAST_ADDED:
        if change.last_version is None:
            raise Invalid("view-version-id", "Cannot set last version id: no current version id has been set")
        id_ = change.last_version
    if not any(item["version-id"] == id_ for item in change.document["versions"]):
        raise Invalid("view-version-id", f"Cannot set current version to unknown version: {id_}")
    if id_ == change.document["current-version-id"]:
        return
    at = change.added[id_]["timestamp-ms"] if id_ in change.added else change.now_ms
    change.set("current-version-id", id_)
    change.document["version-log"].append({"timestamp-ms": at, "version-id": id_})


def _set_location(change: _Change, update: Json) -> None:
    change.set("location", strip_slash(shapes.get_string(update, "location")))


def _set_properties(change: _Change, update: Json) -> None:
    given = shapes.string_map_of(update.get("updates"), "updates")
    change.set("properties", {**change.document["properties"], **given})


def _remove_properties(change: _Change, update: Json) -> None:
    gone = set(shapes.strings_of(update.get("removals"), "removals"))
    change.set("properties", {key: value for key, value in change.document["properties"].items() if key not in gone})


_UPDATES: dict[str, Callable[[_Change, Json], None]] = {
    "assign-uuid": _assign_uuid,
    "upgrade-format-version": _upgrade_format_version,
    "add-schema": _add_schema,
    "set-location": _set_location,
    "set-properties": _set_properties,
    "remove-properties": _remove_properties,
    "add-view-version": _add_view_version,
    "set-current-view-version": _set_current_view_version,
}
VIEW_UPDATE_ACTIONS = frozenset(_UPDATES)
