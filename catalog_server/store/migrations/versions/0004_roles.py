"""Roles, privileges and tokens."""

import hashlib
import json
import time

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)
_UPPER = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})


def upgrade() -> None:
    """Make grants tell who granted what and how; make roles and tokens."""
    _grants()
    _roles()
    _tokens()


def _grants() -> None:
    kept = op.get_bind().execute(sa.text("SELECT * FROM grants ORDER BY id")).mappings().all()
    op.drop_table("grants")
    grants = op.create_table(
        "grants",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("identity", sa.LargeBinary(length=32), nullable=False),
        sa.Column("principal", NAME, nullable=False),
        sa.Column("action", NAME, nullable=False),
        sa.Column("privilege", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("partition", NAME, nullable=True),
        sa.Column("columns", sa.Text(), nullable=True),
        sa.Column("row_filter", sa.Text(), nullable=True),
        sa.Column("grantor", NAME, nullable=True),
        sa.Column("grantor_kind", NAME, nullable=False),
        sa.Column("grant_option", sa.Boolean(), nullable=False),
        sa.Column("authorizer", NAME, nullable=True),
        sa.Column("granted_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("identity"),
        sqlite_autoincrement=True,
    )
    op.create_index("grants_by_principal", "grants", ["principal"])
    op.create_index("grants_by_path", "grants", ["path"])
    everything = {"principal": "role:admin", "action": "manage", "kind": "server", "path": "[]", "columns": None}
    rows = [_grant(row) for row in kept] + [
        _grant({**everything, "row_filter": None}, "All", "admin", "ROLE", grant_option=True)
    ]
    op.bulk_insert(grants, rows)


def _grant(
    row: sa.RowMapping | dict[str, str | None],
    privilege: str = "",
    grantor: str | None = None,
    grantor_kind: str = "USER",
    *,
    grant_option: bool = False,
) -> dict[str, object]:
    """A row of the new table; its identity is made as by the model of that day."""
    path = [part.translate(_UPPER) for part in json.loads(row["path"])]
    columns = json.loads(row["columns"]) if row["columns"] else []
    word = privilege or ("ALL" if row["action"] == "manage" else row["action"].upper())
    keys = [column.translate(_UPPER) for column in columns]
    authorizer = "SQL" if grantor else None
    said = [row["principal"], word, row["kind"], path, None, keys, grantor, authorizer]
    return {
        "identity": hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).digest(),
        "principal": row["principal"],
        "action": row["action"],
        "privilege": word,
        "kind": row["kind"],
        "path": json.dumps(path, ensure_ascii=False, separators=(",", ":")),
        "partition": None,
        "columns": row["columns"],
        "row_filter": row["row_filter"],
        "grantor": grantor,
        "grantor_kind": grantor_kind,
        "grant_option": grant_option,
        "authorizer": authorizer,
        "granted_at": int(time.time() * 1000),
    }


def _roles() -> None:
    roles = op.create_table(
        "roles",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("owner", NAME, nullable=True),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    at = int(time.time() * 1000)
    op.bulk_insert(roles, [{"name": name, "owner": name, "created_at": at} for name in ("admin", "public")])
    op.create_table(
        "role_members",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("role_id", ID, nullable=False),
        sa.Column("principal", NAME, nullable=False),
        sa.Column("grant_option", sa.Boolean(), nullable=False),
        sa.Column("grantor", NAME, nullable=True),
        sa.Column("grantor_kind", NAME, nullable=False),
        sa.Column("granted_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("role_id", "principal"),
        sqlite_autoincrement=True,
    )
    op.create_index("role_members_by_principal", "role_members", ["principal"])


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("identifier", NAME, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("owner", NAME, nullable=True),
        sa.Column("renewer", NAME, nullable=True),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("identifier"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "master_keys",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
