"""Topics of an episode, a leader's notes, phrases that burst and their public uses."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("episodes", sa.Column("topics", sa.Text(), nullable=True))
    op.create_table(
        "notes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "phrases",
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("burst_at", sa.Float(), nullable=False),
        sa.Column("tried_at", sa.Float(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("phrase"),
    )
    op.create_table(
        "uses",
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("phrase", "who"),
    )
    op.create_index("uses_at", "uses", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index("uses_at", table_name="uses")
    op.drop_table("uses")
    op.drop_table("phrases")
    op.drop_table("notes")
    op.drop_column("episodes", "topics")
