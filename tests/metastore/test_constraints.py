"""Constraints and keys: kept, found from both sides, and refused when they go with nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import columns, storage, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

SINCE_3 = "came with Hive 3.0"
STATES = {"enable_cstr": False, "validate_cstr": False, "rely_cstr": True}


def make(hms: Client, database: str, name: str, text: str = "id int, name string") -> None:
    hms.create_table(external(database, name, text))


def external(database: str, name: str, text: str = "id int, name string") -> Any:
    return table(database, name, tableType="EXTERNAL_TABLE", parameters={"EXTERNAL": "TRUE"}, sd=storage(text))


def alter(hms: Client, database: str, name: str, fields: list[Any] | None = None, **changes: Any) -> None:
    held = hms.get_table_req(wire.GetTableRequest(dbName=database, tblName=name)).table
    held.sd.cols = fields or held.sd.cols
    for field, value in changes.items():
        setattr(held, field, value)
    hms.alter_table(database, name, held)


def primary(database: str, name: str, column: str, said: str | None = None, place: int = 1) -> Any:
    return wire.SQLPrimaryKey(
        table_db=database, table_name=name, column_name=column, key_seq=place, pk_name=said, **STATES
    )


def foreign(
    database: str, name: str, column: str, parent: str, parent_column: str, said: str | None = None, place: int = 1
) -> Any:
    return wire.SQLForeignKey(
        fktable_db=database, fktable_name=name, fkcolumn_name=column, pktable_db=database, pktable_name=parent,
        pkcolumn_name=parent_column, key_seq=place, update_rule=1, delete_rule=2, fk_name=said, **STATES,
    )  # fmt: skip


def of_column(kind: str, database: str, name: str, column: str, said: str | None = None, **more: Any) -> Any:
    struct = {"uk": "SQLUniqueConstraint", "nn": "SQLNotNullConstraint"}.get(kind)
    struct = struct or {"default": "SQLDefaultConstraint", "check": "SQLCheckConstraint"}[kind]
    more = {"uk": {"key_seq": 1}}.get(kind, {}) | more
    field = kind if kind in ("uk", "nn") else "dc"
    return getattr(wire, struct)(
        catName="hive", table_db=database, table_name=name, column_name=column, **{f"{field}_name": said}, **STATES,
        **more,
    )  # fmt: skip


def add_primary(hms: Client, *structs: Any) -> None:
    hms.add_primary_key(wire.AddPrimaryKeyRequest(primaryKeyCols=list(structs)))


def add_foreign(hms: Client, *structs: Any) -> None:
    hms.add_foreign_key(wire.AddForeignKeyRequest(foreignKeyCols=list(structs)))


def primary_of(hms: Client, database: str, name: str) -> list[Any]:
    return hms.get_primary_keys(
        wire.PrimaryKeysRequest(catName="hive", db_name=database, tbl_name=name)
    ).primaryKeys  # fmt: skip


def foreign_of(
    hms: Client, database: str, name: str | None, parent_database: str | None = None, parent: str | None = None
) -> list[Any]:
    request = wire.ForeignKeysRequest(
        catName="hive", foreign_db_name=database, foreign_tbl_name=name, parent_db_name=parent_database,
        parent_tbl_name=parent,
    )  # fmt: skip
    return hms.get_foreign_keys(request).foreignKeys


def all_of(hms: Client, database: str, name: str) -> Any:
    request = wire.AllTableConstraintsRequest(catName="hive", dbName=database, tblName=name)
    return hms.get_all_table_constraints(request).allTableConstraints


def named(structs: list[Any], field: str) -> list[str]:
    return sorted(getattr(struct, field) for struct in structs)


def test_a_primary_key_keeps_its_columns_in_order(hms: Client, database: str) -> None:
    make(hms, database, "t")
    hms.add_primary_key(
        wire.AddPrimaryKeyRequest(
            primaryKeyCols=[primary(database, "t", "name", place=1), primary(database, "t", "id", place=2)]
        )
    )
    request = wire.PrimaryKeysRequest(db_name=database, tbl_name="t")
    found = sorted(hms.get_primary_keys(request).primaryKeys, key=lambda one: one.key_seq)
    assert [(one.column_name, one.key_seq) for one in found] == [("name", 1), ("id", 2)]
    assert found[0].pk_name == found[1].pk_name
    assert found[0].pk_name.startswith("pk_")
    assert (found[0].enable_cstr, found[0].validate_cstr, found[0].rely_cstr) == (False, False, True)


@differs(HIVE2, "compares names of constraints with their case")
def test_names_of_constraints_are_compared_without_case(hms: Client, database: str) -> None:
    make(hms, database, "t")
    add_primary(hms, primary(database, "T", "ID", "MyKey"))
    assert named(primary_of(hms, database, "T"), "pk_name") == ["mykey"]
    hms.drop_constraint(wire.DropConstraintRequest(dbname=database, tablename="t", constraintname="MYKEY"))
    assert primary_of(hms, database, "t") == []


def test_a_second_primary_key_is_refused(hms: Client, database: str) -> None:
    make(hms, database, "t")
    add_primary(hms, primary(database, "t", "id"))
    with refused(wire.MetaException, match="already exists"):
        hms.add_primary_key(wire.AddPrimaryKeyRequest(primaryKeyCols=[primary(database, "t", "name")]))


def test_a_key_whose_first_column_is_not_the_first_is_refused(hms: Client, database: str) -> None:
    make(hms, database, "t")
    with refused(wire.MetaException):
        hms.add_primary_key(wire.AddPrimaryKeyRequest(primaryKeyCols=[primary(database, "t", "id", place=2)]))


@differs(HIVE4, "breaks off with an internal error, since it throws an exception that the method does not declare")
@differs(HIVE2, "breaks off with an internal error, since it throws an exception that the method does not declare")
@pytest.mark.parametrize(("name", "column"), [("nope", "id"), ("t", "nope")])
def test_a_primary_key_of_nothing_is_refused(hms: Client, database: str, name: str, column: str) -> None:
    make(hms, database, "t")
    with refused(wire.NoSuchObjectException):
        hms.add_primary_key(wire.AddPrimaryKeyRequest(primaryKeyCols=[primary(database, name, column)]))


def test_of_a_missing_table_there_are_no_keys(hms: Client, database: str) -> None:
    assert primary_of(hms, database, "nope") == []
    assert primary_of(hms, "nope", "nope") == []
    assert foreign_of(hms, "nope", "nope", database, "nope") == []


@differs(HIVE2, "does not look for the key that is referenced")
def test_a_foreign_key_is_found_from_both_sides(hms: Client, database: str) -> None:
    for name in ("parent", "child"):
        make(hms, database, name)
    add_primary(hms, primary(database, "parent", "id", "parent_key"))
    hms.add_foreign_key(
        wire.AddForeignKeyRequest(foreignKeyCols=[foreign(database, "child", "id", "parent", "id", "to_parent")])
    )
    (found,) = hms.get_foreign_keys(
        wire.ForeignKeysRequest(foreign_db_name=database, foreign_tbl_name="child")
    ).foreignKeys
    assert (found.fktable_name, found.pktable_name, found.fk_name) == ("child", "parent", "to_parent")
    assert (found.pk_name, found.update_rule, found.delete_rule) == ("parent_key", 1, 2)
    assert foreign_of(hms, database, "child", database, "parent") == [found]
    assert foreign_of(hms, None, None, database, "parent") == [found]
    assert foreign_of(hms, database, "parent") == []


@not_on(HIVE2, "does not look for the key that is referenced")
def test_a_foreign_key_needs_a_key_of_the_same_columns_and_types(hms: Client, database: str) -> None:
    for name in ("parent", "child"):
        make(hms, database, name)
    with refused(wire.MetaException, match="no primary keys or unique keys"):
        hms.add_foreign_key(
            wire.AddForeignKeyRequest(foreignKeyCols=[foreign(database, "child", "id", "parent", "id")])
        )
    add_primary(hms, primary(database, "parent", "id", "parent_key"))
    with refused(wire.MetaException, match=r"Possible keys: \[id:int;\]"):
        hms.add_foreign_key(
            wire.AddForeignKeyRequest(foreignKeyCols=[foreign(database, "child", "name", "parent", "id")])
        )


@differs(HIVE4, "breaks off with an internal error, since it throws an exception that the method does not declare")
@differs(HIVE2, "breaks off with an internal error, since it throws an exception that the method does not declare")
@pytest.mark.parametrize(("name", "parent"), [("child", "nope"), ("nope", "parent")])
def test_a_foreign_key_between_missing_tables_is_refused(hms: Client, database: str, name: str, parent: str) -> None:
    for one in ("parent", "child"):
        make(hms, database, one)
    add_primary(hms, primary(database, "parent", "id"))
    with refused(wire.NoSuchObjectException):
        hms.add_foreign_key(wire.AddForeignKeyRequest(foreignKeyCols=[foreign(database, name, "id", parent, "id")]))


@differs(HIVE4, "fails with a NullPointerException")
@not_on(HIVE2, "does not look for the key that is referenced")
def test_a_table_may_reference_itself(hms: Client, database: str) -> None:
    make(hms, database, "t", "id int, boss int")
    add_primary(hms, primary(database, "t", "id"))
    add_foreign(hms, foreign(database, "t", "boss", "t", "id", "to_boss"))
    assert named(foreign_of(hms, database, "t", database, "t"), "fk_name") == ["to_boss"]


@not_on(HIVE2, SINCE_3)
def test_all_other_kinds_are_kept(hms: Client, database: str) -> None:
    make(hms, database, "t")
    hms.add_unique_constraint(
        wire.AddUniqueConstraintRequest(uniqueConstraintCols=[of_column("uk", database, "t", "id")])
    )
    hms.add_not_null_constraint(
        wire.AddNotNullConstraintRequest(notNullConstraintCols=[of_column("nn", database, "t", "id", "never")])
    )
    said = of_column("default", database, "t", "id", "zero", default_value="0")
    hms.add_default_constraint(wire.AddDefaultConstraintRequest(defaultConstraintCols=[said]))
    said = of_column("check", database, "t", "name", "some", check_expression="name <> ''")
    hms.add_check_constraint(wire.AddCheckConstraintRequest(checkConstraintCols=[said]))
    request = {"catName": "hive", "db_name": database, "tbl_name": "t"}
    unique = hms.get_unique_constraints(wire.UniqueConstraintsRequest(**request)).uniqueConstraints
    never = hms.get_not_null_constraints(wire.NotNullConstraintsRequest(**request)).notNullConstraints
    default = hms.get_default_constraints(wire.DefaultConstraintsRequest(**request)).defaultConstraints
    check = hms.get_check_constraints(wire.CheckConstraintsRequest(**request)).checkConstraints
    assert [(one.column_name, one.key_seq, one.uk_name[:3]) for one in unique] == [("id", 1, "uk_")]
    assert [(one.column_name, one.nn_name) for one in never] == [("id", "never")]
    assert [(one.column_name, one.default_value, one.dc_name) for one in default] == [("id", "0", "zero")]
    assert [(one.column_name, one.check_expression, one.dc_name) for one in check] == [("name", "name <> ''", "some")]
    together = hms.get_all_table_constraints(
        wire.AllTableConstraintsRequest(catName="hive", dbName=database, tblName="t")
    ).allTableConstraints
    assert (together.uniqueConstraints, together.notNullConstraints) == (unique, never)
    assert (together.defaultConstraints, together.checkConstraints) == (default, check)
    assert (together.primaryKeys, together.foreignKeys) == ([], [])


@not_on(HIVE2, SINCE_3)
@pytest.mark.parametrize(
    ("kind", "column"), [("uk", "nope"), ("uk", "id"), ("nn", "nope"), ("nn", "id"), ("default", "id"), ("check", "id")]
)
@differs(HIVE4, "breaks off with an internal error, since it throws an exception that the method does not declare")
def test_a_constraint_of_nothing_is_refused(hms: Client, database: str, kind: str, column: str) -> None:
    make(hms, database, "t")
    said = of_column(kind, database, "nope" if column == "id" else "t", column)
    calls: dict[str, Callable[[], None]] = {
        "uk": lambda: refuse_unique(hms, said),
        "nn": lambda: refuse_not_null(hms, said),
        "default": lambda: refuse_default(hms, said),
        "check": lambda: refuse_check(hms, said),
    }
    calls[kind]()


def refuse_unique(hms: Client, said: Any) -> None:
    with refused(wire.NoSuchObjectException):
        hms.add_unique_constraint(wire.AddUniqueConstraintRequest(uniqueConstraintCols=[said]))


def refuse_not_null(hms: Client, said: Any) -> None:
    with refused(wire.NoSuchObjectException):
        hms.add_not_null_constraint(wire.AddNotNullConstraintRequest(notNullConstraintCols=[said]))


def refuse_default(hms: Client, said: Any) -> None:
    with refused(wire.NoSuchObjectException):
        hms.add_default_constraint(wire.AddDefaultConstraintRequest(defaultConstraintCols=[said]))


def refuse_check(hms: Client, said: Any) -> None:
    with refused(wire.NoSuchObjectException):
        hms.add_check_constraint(wire.AddCheckConstraintRequest(checkConstraintCols=[said]))


@not_on(HIVE2, SINCE_3)
@differs(HIVE4, "keeps the constraint with a column that does not exist, and then shows it without one")
@pytest.mark.parametrize("kind", ["default", "check"])
def test_a_default_or_check_of_a_missing_column_is_refused(hms: Client, database: str, kind: str) -> None:
    make(hms, database, "t")
    said = of_column(kind, database, "t", "nope")
    (refuse_default if kind == "default" else refuse_check)(hms, said)


@not_on(HIVE2, SINCE_3)
@differs(HIVE4, "breaks off with an internal error, since it throws an exception that the method does not declare")
def test_a_name_is_one_constraints_alone(hms: Client, database: str) -> None:
    make(hms, database, "t")
    said = of_column("uk", database, "t", "id", "mine")
    hms.add_unique_constraint(wire.AddUniqueConstraintRequest(uniqueConstraintCols=[said]))
    with refused(wire.MetaException, match="already exists"):
        hms.add_not_null_constraint(
            wire.AddNotNullConstraintRequest(notNullConstraintCols=[of_column("nn", database, "t", "name", "MINE")])
        )


@not_on(HIVE2, SINCE_3)
def test_other_tables_may_use_the_same_name(hms: Client, database: str) -> None:
    for name in ("t", "u"):
        make(hms, database, name)
        said = of_column("nn", database, name, "id", "mine")
        hms.add_not_null_constraint(wire.AddNotNullConstraintRequest(notNullConstraintCols=[said]))
    assert named(all_of(hms, database, "u").notNullConstraints, "nn_name") == ["mine"]


@not_on(HIVE2, SINCE_3)
@differs(HIVE4, "drops constraints of all tables that have that name")
def test_a_constraint_is_dropped_from_its_table_alone(hms: Client, database: str) -> None:
    for name in ("t", "u"):
        make(hms, database, name)
        said = of_column("nn", database, name, "id", "mine")
        hms.add_not_null_constraint(wire.AddNotNullConstraintRequest(notNullConstraintCols=[said]))
    request = wire.DropConstraintRequest(dbname=database, tablename="t", constraintname="mine", catName="hive")
    hms.drop_constraint(request)
    assert all_of(hms, database, "t").notNullConstraints == []
    assert named(all_of(hms, database, "u").notNullConstraints, "nn_name") == ["mine"]


@differs(HIVE4, "breaks off with an internal error, since it throws an exception that the method does not declare")
@differs(HIVE2, "breaks off with an internal error, since it throws an exception that the method does not declare")
@pytest.mark.parametrize("name", ["t", "nope"])
def test_a_missing_constraint_cannot_be_dropped(hms: Client, database: str, name: str) -> None:
    make(hms, database, "t")
    with refused(wire.NoSuchObjectException):
        hms.drop_constraint(wire.DropConstraintRequest(dbname=database, tablename=name, constraintname="nope"))


@not_on(HIVE2, "does not look for the key that is referenced")
def test_foreign_keys_go_with_the_key_that_they_reference(hms: Client, database: str) -> None:
    for name in ("parent", "child"):
        make(hms, database, name)
    add_primary(hms, primary(database, "parent", "id", "parent_key"))
    add_foreign(hms, foreign(database, "child", "id", "parent", "id", "to_parent"))
    hms.drop_constraint(wire.DropConstraintRequest(dbname=database, tablename="parent", constraintname="parent_key"))
    assert foreign_of(hms, database, "child") == []


def test_foreign_keys_go_with_the_table_that_they_reference(hms: Client, database: str) -> None:
    for name in ("parent", "child"):
        make(hms, database, name)
    add_primary(hms, primary(database, "parent", "id", "parent_key"))
    add_foreign(hms, foreign(database, "child", "id", "parent", "id", "to_parent"))
    hms.drop_table(database, "parent", False)
    assert foreign_of(hms, database, "child") == []


def test_constraints_go_with_their_table(hms: Client, database: str) -> None:
    make(hms, database, "t")
    add_primary(hms, primary(database, "t", "id", "key"))
    hms.drop_table(database, "t", False)
    make(hms, database, "t")
    assert primary_of(hms, database, "t") == []


def test_constraints_follow_their_table_to_another_name(hms: Client, database: str) -> None:
    for name in ("parent", "child"):
        make(hms, database, name)
    add_primary(hms, primary(database, "parent", "id", "parent_key"))
    add_foreign(hms, foreign(database, "child", "id", "parent", "id", "to_parent"))
    for name in ("parent", "child"):
        alter(hms, database, name, tableName=f"new_{name}")
    (found,) = foreign_of(hms, database, "new_child", database, "new_parent")
    assert (found.fktable_name, found.pktable_name) == ("new_child", "new_parent")
    assert named(primary_of(hms, database, "new_parent"), "pk_name") == ["parent_key"]
    assert foreign_of(hms, database, "child") == []


@differs(HIVE4, "forgets the constraints of a column that gets another name or type")
@not_on(HIVE2, "cannot change columns that constraints name")
@pytest.mark.parametrize("text", ["ident int, name string", "id bigint, name string"])
def test_constraints_follow_their_column(hms: Client, database: str, text: str) -> None:
    make(hms, database, "t")
    add_primary(hms, primary(database, "t", "id", "key"))
    alter(hms, database, "t", columns(text))
    assert named(primary_of(hms, database, "t"), "column_name") == [columns(text)[0].name]


@not_on(HIVE2, "cannot drop columns that constraints name")
def test_constraints_go_with_their_column(hms: Client, database: str) -> None:
    make(hms, database, "t")
    add_primary(hms, primary(database, "t", "id", "key"))
    alter(hms, database, "t", columns("name string"))
    assert primary_of(hms, database, "t") == []


@not_on(HIVE2, SINCE_3)
def test_a_table_is_made_with_its_constraints(hms: Client, database: str) -> None:
    hms.create_table_with_constraints(
        tbl=external(database, "t"),
        primaryKeys=[primary(database, "t", "id", "key")],
        foreignKeys=[],
        uniqueConstraints=[of_column("uk", database, "t", "name", "unique_name")],
        notNullConstraints=[of_column("nn", database, "t", "id", "never")],
        defaultConstraints=[of_column("default", database, "t", "id", "zero", default_value="0")],
        checkConstraints=[of_column("check", database, "t", "id", "some", check_expression="id > 0")],
    )
    hms.create_table_req(
        wire.CreateTableRequest(
            table=external(database, "u"), foreignKeys=[foreign(database, "u", "id", "t", "id", "to_t")]
        )
    )
    found = all_of(hms, database, "t")
    assert named(found.primaryKeys, "pk_name") == ["key"]
    assert named(found.uniqueConstraints, "uk_name") == ["unique_name"]
    assert named(found.notNullConstraints, "nn_name") == ["never"]
    assert named(found.defaultConstraints, "dc_name") == ["zero"]
    assert named(found.checkConstraints, "dc_name") == ["some"]
    assert named(all_of(hms, database, "u").foreignKeys, "pk_name") == ["key"]


@not_on(HIVE2, "has only keys among the arguments")
def test_no_table_is_made_when_its_constraints_are_refused(hms: Client, database: str) -> None:
    with refused(wire.InvalidObjectException):
        hms.create_table_with_constraints(tbl=external(database, "t"), primaryKeys=[primary(database, "t", "nope")])
    said = foreign(database, "t", "id", "nope", "id")
    with refused(wire.InvalidObjectException):
        hms.create_table_req(wire.CreateTableRequest(table=external(database, "t"), foreignKeys=[said]))
    assert hms.get_all_tables(database) == []


@not_on(HIVE2, "has only keys among the arguments")
def test_a_table_with_constraints_needs_a_free_name(hms: Client, database: str) -> None:
    make(hms, database, "t")
    with refused(wire.AlreadyExistsException):
        hms.create_table_with_constraints(tbl=external(database, "t"), primaryKeys=[primary(database, "t", "id")])
    with refused(wire.AlreadyExistsException):
        hms.create_table_req(wire.CreateTableRequest(table=external(database, "t")))
    assert primary_of(hms, database, "t") == []


@not_on(HIVE2, "has no such call")
def test_a_table_with_a_foreign_key_to_no_key_is_refused(hms: Client, database: str) -> None:
    make(hms, database, "parent")
    said = wire.CreateTableRequest(
        table=external(database, "t"), foreignKeys=[foreign(database, "t", "id", "parent", "id")]
    )
    with refused(wire.MetaException):
        hms.create_table_req(said)
    assert hms.get_all_tables(database) == ["parent"]


@not_on(HIVE2, SINCE_3)
@differs(HIVE4, "takes the database's name as it stands here, though not in the calls that read")
def test_a_database_may_be_named_with_its_catalog(hms: Client, database: str) -> None:
    make(hms, database, "t")
    add_primary(hms, primary(f"@hive#{database}", "t", "id", "key"))
    request = wire.PrimaryKeysRequest(db_name=f"@hive#{database}", tbl_name="t")
    assert named(hms.get_primary_keys(request).primaryKeys, "pk_name") == ["key"]
