"""Facts, tombstones, and the mark of what has to be looked up after a restore."""

import secrets
import time

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FEW = {
    "episodes_open": "due_at IS NOT NULL",
    "episodes_crisis": "tone = 'crisis'",
    "episodes_high": "risk = 'high'",
    "episodes_medium": "risk = 'medium'",
}


def upgrade() -> None:
    facts = op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    # The key of the keyed hashes is born with the tables and stays in them: a backup without it could not tell what
    # was answered already.
    op.bulk_insert(facts, [{"name": "seal", "value": secrets.token_hex(32), "at": time.time()}])
    op.create_table(
        "tombstones",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=True),
        sa.Column("risk", sa.Text(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("tombstones_reply", "tombstones", ["reply"], unique=False)
    op.add_column("episodes", sa.Column("look_first", sa.Integer(), nullable=True))
    op.create_index("episodes_reply", "episodes", ["account", "reply_id"], unique=False)
    op.create_index("episodes_account", "episodes", ["account", "heard_at", "key"], unique=False)
    op.drop_index("episodes_updated", table_name="episodes")
    op.create_index("episodes_updated", "episodes", ["updated_at", "state"], unique=False)
    for name, which in FEW.items():
        where = sa.text(which)
        op.create_index(name, "episodes", ["heard_at", "key"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in FEW:
        op.drop_index(name, table_name="episodes")
    op.drop_index("episodes_updated", table_name="episodes")
    op.create_index("episodes_updated", "episodes", ["updated_at"], unique=False)
    op.drop_index("episodes_account", table_name="episodes")
    op.drop_index("episodes_reply", table_name="episodes")
    op.drop_column("episodes", "look_first")
    op.drop_index("tombstones_reply", table_name="tombstones")
    op.drop_table("tombstones")
    op.drop_table("facts")
