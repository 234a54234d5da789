"""What makes answers cheap."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Events know the transaction that wrote them, partitions their own bytes in lists of them."""
    op.add_column("events", sa.Column("transaction_id", sa.BigInteger(), comment="PostgreSQL's xid8 of the writer"))
    op.create_index("events_by_transaction", "events", ["transaction_id"])
    comment = "see store/encoded.py; null where it is to be made from the other columns"
    op.add_column("partitions", sa.Column("encoded", sa.LargeBinary(), comment=comment))
