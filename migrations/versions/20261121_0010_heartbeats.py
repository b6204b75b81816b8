"""Signs of life of the processes, and indexes for what operators ask of the deliveries.

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_deliveries_dead", "deliveries", ["id"], postgresql_where=sa.text("state = 'dead'")
    )
    op.create_index(
        "ix_deliveries_finished",
        "deliveries",
        ["finished_at", "channel", "state"],
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("info", postgresql.JSONB(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("name", name="pk_heartbeats"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_finished", table_name="deliveries")
    op.drop_index("ix_deliveries_dead", table_name="deliveries")
    op.drop_table("heartbeats")
