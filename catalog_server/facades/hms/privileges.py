"""Calls about privileges: each is a grant of the catalog, in Hive's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of, split_database
from catalog_server.facades.hms.roles import kind_number, principal, split_principal
from catalog_server.model.errors import Invalid
from catalog_server.model.grant import Action, Grant, action_of
from catalog_server.model.names import TableName
from catalog_server.model.partition import parse_partition_name
from catalog_server.wire import hive_metastore as wire

_KINDS = {1: "server", 2: "database", 3: "table", 4: "partition", 5: "column", 6: "connector"}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}
_OF_TABLES = ("table", "partition", "column")
_GRANT, _REVOKE = 1, 2
SQL = "SQL"
"""The authorizer under which Hive keeps what is granted with a new table."""
_PRINCIPALS = {1: "USER", 2: "ROLE", 3: "GROUP"}


class Privileges(Noun):
    """Privileges on the server, databases, tables, partitions and columns."""

    def grant_privileges(self, context: Context, arguments: Any) -> bool:
        """Grant all that a bag holds, or nothing."""
        self.catalog.privileges.grant(caller_of(context), self._bag(context, arguments.privileges))
        return True

    def revoke_privileges(self, context: Context, arguments: Any) -> bool:
        """Take back all that a bag holds, or nothing."""
        self.catalog.privileges.revoke(caller_of(context), self._bag(context, arguments.privileges))
        return True

    def grant_revoke_privileges(self, context: Context, arguments: Any) -> Any:
        """Grant or take back a bag; of privileges with grant option, the option alone may be taken."""
        request = arguments.request
        if request.requestType == _GRANT:
            self.catalog.privileges.grant(caller_of(context), self._bag(context, request.privileges))
        elif request.requestType == _REVOKE:
            bag, only_option = self._bag(context, request.privileges), bool(request.revokeGrantOption)
            self.catalog.privileges.revoke(caller_of(context), bag, only_option=only_option)
        else:
            raise Invalid("requestType", "neither GRANT nor REVOKE")
        return wire.GrantRevokePrivilegeResponse(success=True)

    def refresh_privileges(self, context: Context, arguments: Any) -> Any:
        """Let an authorizer have exactly the privileges of a bag on a database, table or column."""
        thing = self._thing(context, arguments.objToRefresh)
        bag = self._bag(context, arguments.grantRequest.privileges if arguments.grantRequest else None)
        self.catalog.privileges.refresh(caller_of(context), thing, arguments.authorizer, bag)
        return wire.GrantRevokePrivilegeResponse(success=True)

    def list_privileges(self, context: Context, arguments: Any) -> list[Any]:
        """Privileges of a principal (of all, if none is named) on a thing, on all things of a kind, or on all."""
        reference = arguments.hiveObject
        if reference is None:
            raise Invalid("hiveObject", "may not be left out")
        who = None
        if arguments.principal_name is not None:
            who = principal(arguments.principal_name, arguments.principal_type)
        if reference.objectType is None:
            found = self.catalog.privileges.list(caller_of(context), who)
        elif reference.dbName is None and reference.objectType != _NUMBERS["server"]:
            found = self.catalog.privileges.list(caller_of(context), who, kind=_KINDS.get(reference.objectType, ""))
        else:
            found = self.catalog.privileges.list(caller_of(context), who, thing=self._thing(context, reference))
        return [_privilege(grant) for grant in found if grant.kind in _NUMBERS]

    def get_privilege_set(self, context: Context, arguments: Any) -> Any:
        """What a user, its groups and their roles hold on exactly this thing, by principal."""
        reference = arguments.hiveObject
        if reference is not None and reference.objectType is None:
            return None
        thing = self._thing(context, reference)
        groups = list(arguments.group_names or ())
        reached, found = self.catalog.privileges.of_user(caller_of(context), thing, arguments.user_name, groups)
        users = {arguments.user_name: _held(found, f"user:{arguments.user_name}")} if arguments.user_name else {}
        of_groups = {group: _held(found, f"group:{group}") for group in groups}
        of_roles = {role: _held(found, f"role:{role}") for role in reached}
        if thing.kind == "server":  # here Hive names no roles, and nobody who holds nothing
            users, of_groups, of_roles = _holders(users), _holders(of_groups), {}
        return wire.PrincipalPrivilegeSet(
            userPrivileges=users or None, groupPrivileges=of_groups or None, rolePrivileges=of_roles or None
        )

    def _bag(self, context: Context, bag: Any) -> list[Grant]:
        if bag is None:
            raise Invalid("privileges", "may not be left out")
        return [grant for one in bag.privileges or () for grant in self._grants(context, one)]

    def _grants(self, context: Context, privilege: Any) -> list[Grant]:
        thing, info = self._thing(context, privilege.hiveObject), privilege.grantInfo
        if info is None or info.privilege is None:
            raise Invalid("privilege", "may not be left out")
        who = principal(privilege.principalName, privilege.principalType)
        return grants_of(thing, who, info, privilege.authorizer)

    def _thing(self, context: Context, reference: Any) -> Grant:
        """A grant of nothing on the thing that is referred to; partitions are named by values, so their table is asked."""
        kind = _KINDS.get(reference.objectType) if reference is not None else None
        if kind is None:
            raise Invalid("hiveObject", "names no type of object")
        path: tuple[str, ...] = ()
        if kind == "connector":
            path = (reference.objectName or "",)
        elif kind != "server":
            catalog, database = split_database(reference.dbName, reference.catName)
            path = (catalog, database or "")
        if kind in _OF_TABLES:
            if not reference.objectName or (kind == "column" and not reference.columnName):
                raise Invalid("hiveObject", f"names no {kind}")
            path = (*path, reference.objectName)
        name = None
        if kind == "partition" or (kind == "column" and reference.partValues):
            table = TableName(*path)
            values = list(reference.partValues or ())
            name = self.catalog.privileges.partition_name(caller_of(context), table, values)
        columns = (reference.columnName,) if kind == "column" else None
        return Grant("", Action.DESCRIBE, kind, path, columns, partition=name)


def grants_of(thing: Grant, who: str, info: Any, authorizer: str | None) -> list[Grant]:
    """The grants of a PrivilegeGrantInfo, which may name several privileges with commas between them."""
    words = [word.strip() for word in info.privilege.split(",")]
    if not all(words):
        raise Invalid("privilege", "may not be empty")
    return [
        Grant(
            principal=who,
            action=action_of(word),
            kind=thing.kind,
            path=thing.path,
            columns=thing.columns,
            partition=thing.partition,
            privilege=word,
            grantor=info.grantor,
            grantor_kind=_PRINCIPALS.get(info.grantorType, "USER"),
            grant_option=bool(info.grantOption),
            authorizer=authorizer,
        )
        for word in words
    ]


def granted_with_table(privileges: Any, name: TableName) -> list[Grant]:
    """The grants that a table is sent with, each once; Hive keeps them under the authorizer `SQL`."""
    if privileges is None:
        return []
    thing = Grant("", Action.DESCRIBE, "table", (name.catalog, name.database, name.table))
    found: dict[bytes, Grant] = {}
    for kind, held in (
        (1, privileges.userPrivileges),
        (2, privileges.rolePrivileges),
        (3, privileges.groupPrivileges),
    ):
        for who, infos in (held or {}).items():
            for info in infos or ():
                if info is None or info.privilege is None:
                    raise Invalid("privilege", "may not be left out")
                for grant in grants_of(thing, principal(who, kind), info, SQL):
                    found.setdefault(grant.identity(), grant)
    return list(found.values())


def _held(found: Sequence[Grant], who: str) -> list[Any]:
    return [_info(grant) for grant in found if grant.principal == who]


def _holders(held: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {who: privileges for who, privileges in held.items() if privileges}


def _info(grant: Grant) -> Any:
    return wire.PrivilegeGrantInfo(
        privilege=grant.word,
        createTime=grant.granted_at // 1000,
        grantor=grant.grantor,
        grantorType=kind_number(grant.grantor_kind),
        grantOption=grant.grant_option,
    )


def _privilege(grant: Grant) -> Any:
    name, kind = split_principal(grant.principal)
    return wire.HiveObjectPrivilege(
        hiveObject=_reference(grant),
        principalName=name,
        principalType=kind,
        grantInfo=_info(grant),
        authorizer=grant.authorizer,
    )


def _reference(grant: Grant) -> Any:
    kind = "column" if grant.kind == "table" and grant.columns else grant.kind
    if kind in ("server", "connector"):
        return wire.HiveObjectRef(objectType=_NUMBERS[kind], objectName=grant.path[0] if grant.path else None)
    values = None if grant.partition is None else [value for _, value in parse_partition_name(grant.partition)]
    return wire.HiveObjectRef(
        objectType=_NUMBERS[kind],
        catName=grant.path[0],
        dbName=grant.path[1],
        objectName=grant.path[2] if len(grant.path) > 2 else None,
        partValues=values,
        columnName=",".join(grant.columns) if grant.columns else None,
    )
