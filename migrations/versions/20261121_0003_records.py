"""Daily log of the tasks, records of limited requests.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TASK_STATUS = postgresql.ENUM(name="task_status", create_type=False)
TASK_PRIORITY = postgresql.ENUM(name="task_priority", create_type=False)


def upgrade() -> None:
    create_task_logs()
    create_rate_limit_records()


def create_task_logs() -> None:
    op.create_table(
        "task_logs",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("status", TASK_STATUS, nullable=False),
        sa.Column("priority", TASK_PRIORITY, nullable=False),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("reporter_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_task_logs_task_id_tasks"),
        sa.PrimaryKeyConstraint("day", "task_id", name="pk_task_logs"),
    )
    op.create_index("ix_task_logs_task", "task_logs", ["task_id", "day"])


def create_rate_limit_records() -> None:
    op.create_table(
        "rate_limit_records",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("endpoint", sa.String(length=255), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (address IS NULL)", name=op.f("ck_rate_limit_records_caller")
        ),
        sa.CheckConstraint(
            "rejected BETWEEN 0 AND requests", name=op.f("ck_rate_limit_records_rejected")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rate_limit_records"),
    )
    op.create_index(
        "uq_rate_limit_records_use",
        "rate_limit_records",
        [
            "window_start",
            "endpoint",
            sa.text("COALESCE(user_id, 0)"),
            sa.text("COALESCE(address, '')"),
        ],
        unique=True,
    )
    op.create_index(
        "ix_rate_limit_records_newest",
        "rate_limit_records",
        [sa.text("window_start DESC"), sa.text("id DESC")],
    )
    op.create_index(
        "ix_rate_limit_records_user", "rate_limit_records", ["user_id", "window_start"]
    )


def downgrade() -> None:
    op.drop_table("rate_limit_records")
    op.drop_table("task_logs")
