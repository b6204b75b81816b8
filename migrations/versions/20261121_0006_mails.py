"""Mails that tell of several deliveries at once, and hours in which none arrives.

The index over targets reads the whole table; writers wait for that long.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Mails that are owed when the service is updated: from now on, notifications say as what.
NAME_KINDS = """
    INSERT INTO notifications (user_id, event_id, kind, task_id, project_id, in_inbox)
    SELECT deliveries.target::bigint, events.id,
        CASE
            WHEN events.entity = 'comment' THEN 'mentioned'
            WHEN events.type = 'task.due_soon' THEN 'due_soon'
            WHEN events.changes -> 'sla_breached' = '[false, true]' THEN 'sla_breached'
            WHEN events.type = 'task.created' OR events.changes ? 'assignee' THEN 'assigned'
            ELSE 'changed'
        END,
        events.task_id, events.project_id, false
    FROM deliveries JOIN events ON events.id = deliveries.event_id
    WHERE deliveries.channel = 'email' AND deliveries.state = 'pending'
    ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("part_of", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_deliveries_part_of_deliveries",
        "deliveries",
        "deliveries",
        ["part_of"],
        ["id"],
        ondelete="CASCADE",
    )
    op.drop_index("ix_deliveries_ring", "deliveries")
    op.create_index(
        "ix_deliveries_ring",
        "deliveries",
        ["channel", "ring_at"],
        postgresql_where=sa.text("state = 'pending' AND part_of IS NULL"),
    )
    op.create_index(
        "ix_deliveries_part_of",
        "deliveries",
        ["part_of"],
        postgresql_where=sa.text("part_of IS NOT NULL"),
    )
    op.create_index("ix_deliveries_target", "deliveries", ["channel", "target", "id"])
    op.create_table(
        "quiet_hours",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=False),
        sa.Column("quiet_until", sa.Time(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_quiet_hours_user_id_users"),
        sa.PrimaryKeyConstraint("user_id", name="pk_quiet_hours"),
    )
    op.execute(NAME_KINDS)


def downgrade() -> None:
    op.drop_table("quiet_hours")
    op.drop_index("ix_deliveries_target", "deliveries")
    op.drop_index("ix_deliveries_part_of", "deliveries")
    op.drop_index("ix_deliveries_ring", "deliveries")
    op.create_index(
        "ix_deliveries_ring",
        "deliveries",
        ["channel", "ring_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.drop_constraint("fk_deliveries_part_of_deliveries", "deliveries", type_="foreignkey")
    op.drop_column("deliveries", "part_of")
