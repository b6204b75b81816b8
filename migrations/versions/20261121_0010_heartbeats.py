"""Signs of life of the processes, and indexes for what operators ask of the deliveries.

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_deliveries_target", "deliveries", ["target", "id"])
    op.create_index(
        "ix_deliveries_dead", "deliveries", ["id"], postgresql_where=sa.text("state = 'dead'")
    )
    op.create_index(
        "ix_deliveries_finished",
        "deliveries",
        ["finished_at", "channel", "state"],
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_finished", table_name="deliveries")
    op.drop_index("ix_deliveries_dead", table_name="deliveries")
    op.drop_index("ix_deliveries_target", table_name="deliveries")
