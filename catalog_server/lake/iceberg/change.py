"""One commit in the making: the document being changed and what its updates must remember of each other."""

from __future__ import annotations

from catalog_server.lake.iceberg import document as documents
from catalog_server.lake.iceberg import partitions, schema
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid

LAST_ADDED = -1


class Change:
    """A document under change; the one it began from is never touched.

    `changed` tells whether any update made a difference; `snapshots` holds them by id until the commit is built, so
    that thousands of them can be added or expired at once.
    """

    def __init__(self, base: Json, now_ms: int) -> None:
        self.document: Json = {key: list(value) if isinstance(value, list) else value for key, value in base.items()}
        self.document["properties"] = dict(base["properties"])
        self.document["refs"] = dict(base["refs"])
        self.snapshots: dict[int, Json] = {item["snapshot-id"]: item for item in base["snapshots"]}
        self.now_ms = now_ms
        self.changed = False
        self.added_snapshots: set[int] = set()
        self.removed_snapshots = False
        self.made_current: list[int] = []
        self._last_added: dict[str, int] = {}

    @property
    def format_version(self) -> int:
        """The format version as changed so far."""
        version: int = self.document["format-version"]
        return version

    def fields(self) -> dict[int, schema.Field]:
        """The fields of the current schema by id; raises `Invalid` when no schema was added yet."""
        return schema.fields_of(documents.current_schema(self.document))

    def set(self, key: str, value: object) -> None:
        """Set one key and note that something changed."""
        self.document[key] = value
        self.changed = True

    def remember(self, what: str, id_: int) -> None:
        """Note the id that -1 stands for from now on."""
        self._last_added[what] = id_

    def resolve(self, what: str, id_: int) -> int:
        """The id, or for -1 the last one added in this commit.

        Raises:
            Invalid: -1 and nothing has been added.
        """
        if id_ != LAST_ADDED:
            return id_
        if what not in self._last_added:
            raise Invalid(what, f"Cannot set last added {what}: no {what} has been added")
        return self._last_added[what]

    def add_schema(self, added: Json) -> None:
        """Add a schema, or reuse the id of one that says the same."""
        fields = schema.check(added, self.format_version)
        last_column = max(self.document["last-column-id"], schema.highest_id(fields))
        known = self.document["schemas"]
        id_ = next((item["schema-id"] for item in known if schema.same(item, added)), None)
        if id_ is None:
            id_ = max([self.document["current-schema-id"] - 1, *(item.get("schema-id", 0) for item in known)]) + 1
            self.set("schemas", [*known, {**added, "type": "struct", "schema-id": id_}])
        if last_column != self.document["last-column-id"]:
            self.set("last-column-id", last_column)
        self.remember("schema", id_)

    def add_spec(self, spec: Json) -> None:
        """Add a partition spec, or reuse the id of one with the same fields."""
        partitions.check_spec(spec, self.fields())
        known = self.document["partition-specs"]
        id_ = next((item["spec-id"] for item in known if partitions.same_spec(item, spec)), None)
        if id_ is None:
            id_ = max((item["spec-id"] for item in known), default=-1) + 1
            bound = partitions.bind_spec(spec, id_, known, self.document["last-partition-id"])
            if self.format_version == 1:
                partitions.check_sequential(bound)
            last = max(self.document["last-partition-id"], partitions.last_field_id(bound))
            self.set("partition-specs", [*known, bound])
            self.set("last-partition-id", last)
        self.remember("spec", id_)

    def add_order(self, order: Json) -> None:
        """Add a sort order, or reuse the id of one that sorts alike; no fields is always order 0."""
        partitions.check_order(order, self.fields())
        known = self.document["sort-orders"]
        id_ = next((item["order-id"] for item in known if partitions.same_order(item, order)), None)
        if id_ is None:
            id_ = max([0, *(item["order-id"] for item in known)]) + 1 if order["fields"] else 0
            self.set("sort-orders", [*known, {**order, "order-id": id_}])
        self.remember("sort order", id_)
