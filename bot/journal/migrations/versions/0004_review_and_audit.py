"""Approvals, plans for the mode, lessons from reviews, and the audit chain."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("episodes", sa.Column("approval", sa.Text(), nullable=True))
    op.add_column("episodes", sa.Column("salt", sa.Text(), nullable=True))
    sqlite = op.get_bind().dialect.name == "sqlite"
    salt = "lower(hex(randomblob(16)))" if sqlite else "replace(gen_random_uuid()::text, '-', '')"
    op.execute(f"UPDATE episodes SET salt = {salt}")  # noqa: S608 - our own two words
    for name, kind in (("since", sa.Float()), ("daily_from", sa.Float()), ("daily_for", sa.Float())):
        op.add_column("modes", sa.Column(name, kind, nullable=True))
    op.add_column("modes", sa.Column("cancels", sa.Integer(), nullable=True))
    op.create_table(
        "lessons",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("by", "key", "label", "because", "note", "text")),
        sa.Column("edited", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("post", "comment", "tone", "found", "mode", "versions")
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("lessons_key", "lessons", ["key"])
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("digest", "aigc", "previous", "hash")),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("audit_ref", "audit", ["ref", "version"])
    op.create_index("audit_at", "audit", ["at"])


def downgrade() -> None:
    op.drop_table("audit")
    op.drop_table("lessons")
    for name in ("cancels", "daily_for", "daily_from", "since"):
        op.drop_column("modes", name)
    op.drop_column("episodes", "salt")
    op.drop_column("episodes", "approval")
