"""The first schema: users, sessions, tasks, the event log, deliveries, report counters.

Revision: 0001
Follows: 
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

USER_ROLE = postgresql.ENUM("MEMBER", "MANAGER", "ADMIN", name="user_role", create_type=False)
TASK_STATUS = postgresql.ENUM(
    "BACKLOG", "TODO", "IN_PROGRESS", "REVIEW", "DONE", "CANCELLED", "ARCHIVED",
    name="task_status", create_type=False,
)
TASK_PRIORITY = postgresql.ENUM(
    "LOW", "MEDIUM", "HIGH", "CRITICAL", name="task_priority", create_type=False
)
TYPES = (USER_ROLE, TASK_STATUS, TASK_PRIORITY)


def upgrade() -> None:
    for each in TYPES:
        each.create(op.get_bind())
    op.create_table('events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('event_id', sa.UUID(), nullable=False),
    sa.Column('type', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.BigInteger(), nullable=True),
    sa.Column('entity', sa.String(length=32), nullable=False),
    sa.Column('entity_id', sa.BigInteger(), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=True),
    sa.Column('task_version', sa.Integer(), nullable=True),
    sa.Column('changes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('snapshot', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('ip', sa.String(length=45), nullable=True),
    sa.Column('user_agent', sa.Text(), nullable=True),
    sa.Column('request_id', sa.String(length=128), nullable=True),
    sa.Column('position', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events')),
    sa.UniqueConstraint('event_id', name=op.f('uq_events_event_id')),
    sa.UniqueConstraint('position', name=op.f('uq_events_position'))
    )
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.create_index('ix_events_task', ['task_id', 'id'], unique=False, postgresql_where=sa.text('task_id IS NOT NULL'))
        batch_op.create_index('ix_events_unrelayed', ['id'], unique=False, postgresql_where=sa.text('position IS NULL'))

    op.create_table('streams',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('ref_id', sa.BigInteger(), nullable=False),
    sa.Column('last_seq', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_streams')),
    sa.UniqueConstraint('kind', 'ref_id', name=op.f('uq_streams_kind_ref_id'))
    )
    op.create_table('users',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('username', sa.String(length=150), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('password_hash', sa.String(length=255), nullable=False),
    sa.Column('first_name', sa.String(length=150), nullable=False),
    sa.Column('last_name', sa.String(length=150), nullable=False),
    sa.Column('role', USER_ROLE, nullable=False),
    sa.Column('timezone', sa.String(length=64), nullable=False),
    sa.Column('email_own_changes', sa.Boolean(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('session_epoch', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_login_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users'))
    )
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.create_index('uq_users_email', [sa.literal_column('lower(email)')], unique=True)
        batch_op.create_index('uq_users_username', [sa.literal_column('lower(username)')], unique=True)

    op.create_table('deliveries',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('event_id', sa.BigInteger(), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=True),
    sa.Column('channel', sa.String(length=16), nullable=False),
    sa.Column('target', sa.String(length=255), nullable=False),
    sa.Column('state', sa.String(length=16), server_default='pending', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ring_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_deliveries_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('event_id', 'channel', 'target', name=op.f('uq_deliveries_event_id_channel_target'))
    )
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.create_index('ix_deliveries_order', ['channel', 'target', 'task_id', 'event_id'], unique=False, postgresql_where=sa.text("state = 'pending'"))
        batch_op.create_index('ix_deliveries_ring', ['channel', 'ring_at'], unique=False, postgresql_where=sa.text("state = 'pending'"))

    op.create_table('sessions',
    sa.Column('id', sa.UUID(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('refresh_id', sa.UUID(), nullable=False),
    sa.Column('previous_refresh_id', sa.UUID(), nullable=True),
    sa.Column('refreshed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ip', sa.String(length=45), nullable=True),
    sa.Column('user_agent', sa.String(length=500), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_sessions_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions'))
    )
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.create_index('ix_sessions_expires_at', ['expires_at'], unique=False)
        batch_op.create_index('ix_sessions_user_id', ['user_id'], unique=False)

    op.create_table('stream_entries',
    sa.Column('stream_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('event_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_stream_entries_event_id_events')),
    sa.ForeignKeyConstraint(['stream_id'], ['streams.id'], name=op.f('fk_stream_entries_stream_id_streams')),
    sa.PrimaryKeyConstraint('stream_id', 'seq', name=op.f('pk_stream_entries'))
    )
    with op.batch_alter_table('stream_entries', schema=None) as batch_op:
        batch_op.create_index('ix_stream_entries_event_id', ['event_id'], unique=False)

    op.create_table('task_counts',
    sa.Column('stream_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('reporter_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('assignee_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('status', TASK_STATUS, nullable=False),
    sa.Column('priority', TASK_PRIORITY, nullable=False),
    sa.Column('tasks', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['stream_id'], ['streams.id'], name=op.f('fk_task_counts_stream_id_streams')),
    sa.PrimaryKeyConstraint('stream_id', 'reporter_id', 'assignee_id', 'status', 'priority', name=op.f('pk_task_counts'))
    )
    op.create_table('tasks',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('title', sa.String(length=500), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('status', TASK_STATUS, nullable=False),
    sa.Column('priority', TASK_PRIORITY, nullable=False),
    sa.Column('reporter_id', sa.BigInteger(), nullable=False),
    sa.Column('assignee_id', sa.BigInteger(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_date_only', sa.Boolean(), nullable=False),
    sa.Column('estimated_hours', sa.Double(), nullable=True),
    sa.Column('sla_breached', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('estimated_hours >= 0', name=op.f('ck_tasks_estimated_hours')),
    sa.ForeignKeyConstraint(['assignee_id'], ['users.id'], name=op.f('fk_tasks_assignee_id_users')),
    sa.ForeignKeyConstraint(['reporter_id'], ['users.id'], name=op.f('fk_tasks_reporter_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tasks'))
    )
    with op.batch_alter_table('tasks', schema=None) as batch_op:
        batch_op.create_index('ix_tasks_assignee', ['assignee_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, postgresql_where=sa.text('deleted_at IS NULL'))
        batch_op.create_index('ix_tasks_assignee_due', ['assignee_id', 'due_at'], unique=False, postgresql_where=sa.text("deleted_at IS NULL AND status IN ('BACKLOG', 'TODO', 'IN_PROGRESS', 'REVIEW')"))
        batch_op.create_index('ix_tasks_created', [sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, postgresql_where=sa.text('deleted_at IS NULL'))
        batch_op.create_index('ix_tasks_due', ['due_at'], unique=False, postgresql_where=sa.text("deleted_at IS NULL AND status IN ('BACKLOG', 'TODO', 'IN_PROGRESS', 'REVIEW')"))
        batch_op.create_index('ix_tasks_due_any', ['due_at', 'id'], unique=False, postgresql_where=sa.text('deleted_at IS NULL'))
        batch_op.create_index('ix_tasks_reporter', ['reporter_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, postgresql_where=sa.text('deleted_at IS NULL'))
        batch_op.create_index('ix_tasks_reporter_due', ['reporter_id', 'due_at'], unique=False, postgresql_where=sa.text("deleted_at IS NULL AND status IN ('BACKLOG', 'TODO', 'IN_PROGRESS', 'REVIEW')"))



def downgrade() -> None:
    with op.batch_alter_table('tasks', schema=None) as batch_op:
        batch_op.drop_index('ix_tasks_reporter_due', postgresql_where=sa.text("deleted_at IS NULL AND status IN ('BACKLOG', 'TODO', 'IN_PROGRESS', 'REVIEW')"))
        batch_op.drop_index('ix_tasks_reporter', postgresql_where=sa.text('deleted_at IS NULL'))
        batch_op.drop_index('ix_tasks_due_any', postgresql_where=sa.text('deleted_at IS NULL'))
        batch_op.drop_index('ix_tasks_due', postgresql_where=sa.text("deleted_at IS NULL AND status IN ('BACKLOG', 'TODO', 'IN_PROGRESS', 'REVIEW')"))
        batch_op.drop_index('ix_tasks_created', postgresql_where=sa.text('deleted_at IS NULL'))
        batch_op.drop_index('ix_tasks_assignee_due', postgresql_where=sa.text("deleted_at IS NULL AND status IN ('BACKLOG', 'TODO', 'IN_PROGRESS', 'REVIEW')"))
        batch_op.drop_index('ix_tasks_assignee', postgresql_where=sa.text('deleted_at IS NULL'))

    op.drop_table('tasks')
    op.drop_table('task_counts')
    with op.batch_alter_table('stream_entries', schema=None) as batch_op:
        batch_op.drop_index('ix_stream_entries_event_id')

    op.drop_table('stream_entries')
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.drop_index('ix_sessions_user_id')
        batch_op.drop_index('ix_sessions_expires_at')

    op.drop_table('sessions')
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.drop_index('ix_deliveries_ring', postgresql_where=sa.text("state = 'pending'"))
        batch_op.drop_index('ix_deliveries_order', postgresql_where=sa.text("state = 'pending'"))

    op.drop_table('deliveries')
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.drop_index('uq_users_username')
        batch_op.drop_index('uq_users_email')

    op.drop_table('users')
    op.drop_table('streams')
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_index('ix_events_unrelayed', postgresql_where=sa.text('position IS NULL'))
        batch_op.drop_index('ix_events_task', postgresql_where=sa.text('task_id IS NOT NULL'))

    op.drop_table('events')
    for each in TYPES:
        each.drop(op.get_bind())
