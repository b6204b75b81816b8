"""Indexes for what was completed in a period.

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COMPLETED = sa.text("deleted_at IS NULL AND completed_at IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_tasks_completed", "tasks", ["completed_at"], postgresql_where=COMPLETED)
    op.create_index(
        "ix_tasks_project_completed",
        "tasks",
        ["project_id", "completed_at"],
        postgresql_where=COMPLETED,
    )


def downgrade() -> None:
    op.drop_index("ix_tasks_project_completed", table_name="tasks")
    op.drop_index("ix_tasks_completed", table_name="tasks")
