"""How many comments a task has, kept with the task.

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Nobody comments meanwhile: that takes the row of the task, and the new columns lock the table.
COUNT = """
UPDATE tasks SET comments_count = counted.living, comments_version = counted.changes
FROM (
    SELECT task_id, count(*) FILTER (WHERE deleted_at IS NULL) AS living,
           count(*) + count(deleted_at) AS changes
    FROM comments GROUP BY task_id
) AS counted
WHERE tasks.id = counted.task_id
"""


def upgrade() -> None:
    for name in ("comments_count", "comments_version"):
        op.add_column(
            "tasks", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
        )
    op.execute(COUNT)


def downgrade() -> None:
    op.drop_column("tasks", "comments_version")
    op.drop_column("tasks", "comments_count")
