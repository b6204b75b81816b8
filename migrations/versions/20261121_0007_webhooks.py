"""Webhook endpoints, their secrets and their attempts.

Only new tables: nothing that is there is locked for longer than it takes to add the foreign keys.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def instant(name: str, **options: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def upgrade() -> None:
    create_endpoints()
    create_secrets()
    create_attempts()


def create_endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        instant("disabled_at", nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        instant("failing_since", nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        instant("retry_at", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        instant("created_at", nullable=False),
        instant("updated_at", nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(project_id, user_id) = 1", name="ck_webhook_endpoints_owner"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_webhook_endpoints_project_id_projects"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_webhook_endpoints_user_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_webhook_endpoints_created_by_users"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )
    for owner in ("project_id", "user_id"):
        op.create_index(f"ix_webhook_endpoints_{owner}", "webhook_endpoints", [owner, "id"])


def create_secrets() -> None:
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        instant("created_at", nullable=False),
        instant("expires_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name="fk_webhook_secrets_endpoint_id_webhook_endpoints",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_secrets"),
    )
    op.create_index("ix_webhook_secrets_endpoint_id", "webhook_secrets", ["endpoint_id", "id"])


def create_attempts() -> None:
    op.create_table(
        "webhook_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("event_type", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        instant("at", server_default=sa.func.now(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("request_headers", postgresql.JSONB(), nullable=False),
        sa.Column("request_body", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column(
            "response_headers", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("response_body", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_attempts"),
    )
    op.create_index("ix_webhook_attempts_endpoint_id", "webhook_attempts", ["endpoint_id", "id"])
    op.create_index("ix_webhook_attempts_at", "webhook_attempts", ["at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_secrets")
    op.drop_table("webhook_endpoints")
