"""Which scheduled job has run for which moment.

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scheduled_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("tick_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ring_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_scheduled_runs"),
    )
    op.create_index(
        "uq_scheduled_runs_tick",
        "scheduled_runs",
        ["name", "tick_at"],
        unique=True,
        postgresql_where=sa.text("NOT by_hand"),
    )
    op.create_index("ix_scheduled_runs_name", "scheduled_runs", ["name", "tick_at"])
    op.create_index("ix_scheduled_runs_tick_at", "scheduled_runs", ["tick_at", "id"])
    op.create_index(
        "ix_scheduled_runs_active",
        "scheduled_runs",
        ["name", "tick_at"],
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )


def downgrade() -> None:
    op.drop_table("scheduled_runs")
