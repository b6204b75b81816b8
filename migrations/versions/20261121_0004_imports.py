"""Imports of tasks: what was handed in, its content, and what is wrong with its rows.

Only new tables: nothing that is there is locked for longer than it takes to add the foreign keys.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ACTIVE = "state IN ('waiting', 'checking', 'importing')"
UNFINISHED = "state IN ('waiting', 'checking', 'importing', 'checked')"


def upgrade() -> None:
    op.create_table(
        "task_imports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("board_id", sa.BigInteger(), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("next_record", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ring_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_task_imports_user_id_users"),
        sa.ForeignKeyConstraint(
            ["board_id"], ["boards.id"], name="fk_task_imports_board_id_boards"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_task_imports"),
    )
    op.create_index("ix_task_imports_user_id", "task_imports", ["user_id", "id"])
    op.create_index(
        "ix_task_imports_ring", "task_imports", ["ring_at"], postgresql_where=sa.text(ACTIVE)
    )
    op.create_index(
        "ix_task_imports_unfinished",
        "task_imports",
        ["updated_at"],
        postgresql_where=sa.text(UNFINISHED),
    )
    op.create_table(
        "import_files",
        sa.Column("import_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["task_imports.id"],
            name="fk_import_files_import_id_task_imports",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", name="pk_import_files"),
    )
    op.create_table(
        "import_faults",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["task_imports.id"],
            name="fk_import_faults_import_id_task_imports",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_import_faults"),
    )
    op.create_index("ix_import_faults_import_id", "import_faults", ["import_id", "id"])


def downgrade() -> None:
    op.drop_table("import_faults")
    op.drop_table("import_files")
    op.drop_table("task_imports")
