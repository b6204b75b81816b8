"""When the relay looks at a delivery again.

Revision: 0002
Revises: 0001
"""
import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

PENDING = sa.text("state = 'pending'")
DEFAULTS = {'state': sa.text("'pending'"), 'attempts': sa.text('0'), 'next_at': sa.func.now(), 'created_at': sa.func.now()}


def upgrade() -> None:
    op.drop_index('ix_deliveries_order', 'deliveries')
    op.drop_index('ix_deliveries_due', 'deliveries')
    op.drop_column('deliveries', 'rung_at')
    op.add_column('deliveries', sa.Column('ring_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False))
    for name, default in DEFAULTS.items():
        op.alter_column('deliveries', name, server_default=default)
    op.create_index('ix_deliveries_ring', 'deliveries', ['channel', 'ring_at'], postgresql_where=PENDING)
    op.create_index('ix_deliveries_order', 'deliveries', ['channel', 'target', 'task_id', 'event_id'], postgresql_where=PENDING)


def downgrade() -> None:
    op.drop_index('ix_deliveries_order', 'deliveries')
    op.drop_index('ix_deliveries_ring', 'deliveries')
    for name in DEFAULTS:
        op.alter_column('deliveries', name, server_default=None)
    op.drop_column('deliveries', 'ring_at')
    op.add_column('deliveries', sa.Column('rung_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_deliveries_due', 'deliveries', ['next_at'], postgresql_where=PENDING)
    op.create_index('ix_deliveries_order', 'deliveries', ['channel', 'target', 'task_id', 'id'], postgresql_where=PENDING)
