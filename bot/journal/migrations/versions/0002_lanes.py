"""What goes first: a lane for every episode."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("episodes", sa.Column("lane", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("episodes", "lane")
