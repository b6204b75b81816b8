"""Projects, members, boards, columns, comments, saved filters, full-text search.

Makes project 1 with board 1, which every user joins.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TASK_STATUS = postgresql.ENUM(name="task_status", create_type=False)
PROJECT_ROLE = postgresql.ENUM(
    "MEMBER", "MANAGER", "ADMIN", name="project_role", create_type=False
)
ALIVE = "deleted_at IS NULL"
OPEN = "status IN ('BACKLOG', 'TODO', 'IN_PROGRESS', 'REVIEW')"

# Words as they are, in any language, without accents. The extension comes with PostgreSQL and may
# be installed by the owner of the database.
SEARCH_CONFIGURATION = """
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE TEXT SEARCH CONFIGURATION public.task_search (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION public.task_search
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple;
"""
SEARCH_IN_TASK = (
    "setweight(to_tsvector('public.task_search'::regconfig, title), 'A')"
    " || setweight(to_tsvector('public.task_search'::regconfig, description), 'B')"
)
SEARCH_IN_COMMENT = "to_tsvector('public.task_search'::regconfig, body)"

DEFAULT_PROJECT = """
INSERT INTO projects (name, description, is_archived, tracks_sla, version, created_at, updated_at)
VALUES ('Default project', 'Everyone is a member of this project.', false, true, 1, now(), now());
INSERT INTO boards (project_id, name, position, created_at, updated_at)
VALUES (1, 'Default board', 1, now(), now());
INSERT INTO board_columns (board_id, name, status, position)
VALUES (1, 'Backlog', 'BACKLOG', 1), (1, 'To do', 'TODO', 2), (1, 'In progress', 'IN_PROGRESS', 3),
       (1, 'Review', 'REVIEW', 4), (1, 'Done', 'DONE', 5);
INSERT INTO project_members (project_id, user_id, role, joined_at)
SELECT 1, id, 'MEMBER', now() FROM users;
"""


def upgrade() -> None:
    op.execute(SEARCH_CONFIGURATION)
    PROJECT_ROLE.create(op.get_bind())
    create_projects()
    create_boards()
    extend_tasks_and_events()
    create_comments_and_filters()
    op.execute(DEFAULT_PROJECT)


def create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("tracks_sla", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_projects_owner_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.create_table(
        "project_members",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", PROJECT_ROLE, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_project_members_project_id_projects"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_project_members_user_id_users"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", name="pk_project_members"),
    )
    op.create_index("ix_project_members_user_id", "project_members", ["user_id"])


def create_boards() -> None:
    op.create_table(
        "boards",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_boards_project_id_projects"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_boards"),
    )
    op.create_index("ix_boards_project_id", "boards", ["project_id", "position"])
    op.create_table(
        "board_columns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("board_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("status", TASK_STATUS, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("wip_limit", sa.Integer(), nullable=True),
        sa.CheckConstraint("wip_limit > 0", name="ck_board_columns_wip_limit"),
        sa.ForeignKeyConstraint(
            ["board_id"],
            ["boards.id"],
            name="fk_board_columns_board_id_boards",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_board_columns"),
    )
    op.create_index(
        "uq_board_columns_status", "board_columns", ["board_id", "status"], unique=True
    )


def extend_tasks_and_events() -> None:
    op.add_column("tasks", sa.Column("project_id", sa.BigInteger(), nullable=True))
    op.add_column("tasks", sa.Column("board_id", sa.BigInteger(), nullable=True))
    op.add_column("tasks", sa.Column("position", sa.Text(collation="C"), nullable=True))
    op.add_column(
        "tasks",
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(SEARCH_IN_TASK, persisted=True),
            nullable=False,
        ),
    )
    op.create_check_constraint(
        "place",
        "tasks",
        "(project_id IS NULL) = (board_id IS NULL) AND (board_id IS NULL) = (position IS NULL)",
    )
    op.create_foreign_key("fk_tasks_board_id_boards", "tasks", "boards", ["board_id"], ["id"])
    op.create_foreign_key(
        "fk_tasks_project_id_projects", "tasks", "projects", ["project_id"], ["id"]
    )
    op.create_index(
        "ix_tasks_project",
        "tasks",
        ["project_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text(ALIVE),
    )
    op.create_index(
        "ix_tasks_project_status",
        "tasks",
        ["project_id", "status"],
        postgresql_where=sa.text(ALIVE),
    )
    op.create_index(
        "ix_tasks_project_due",
        "tasks",
        ["project_id", "due_at"],
        postgresql_where=sa.text(f"{ALIVE} AND {OPEN}"),
    )
    op.create_index(
        "uq_tasks_position",
        "tasks",
        ["board_id", "status", "position"],
        unique=True,
        postgresql_where=sa.text(f"{ALIVE} AND board_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tasks_sla", "tasks", ["id"], postgresql_where=sa.text(f"{ALIVE} AND sla_breached")
    )
    op.create_index(
        "ix_tasks_search",
        "tasks",
        ["search"],
        postgresql_using="gin",
        postgresql_where=sa.text(ALIVE),
    )
    op.add_column("events", sa.Column("project_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_events_actor",
        "events",
        ["actor_id", "id"],
        postgresql_where=sa.text("actor_id IS NOT NULL"),
    )
    op.create_index(
        "ix_events_project",
        "events",
        ["project_id", "id"],
        postgresql_where=sa.text("project_id IS NOT NULL"),
    )
    op.add_column("events", sa.Column("former_project_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_events_former_project",
        "events",
        ["former_project_id", "id"],
        postgresql_where=sa.text("former_project_id IS NOT NULL"),
    )
    op.create_index("ix_events_entity", "events", ["entity", "entity_id", "id"])
    op.create_index("ix_events_at", "events", ["at"], postgresql_using="brin")


def create_comments_and_filters() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("mentions", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(SEARCH_IN_COMMENT, persisted=True),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_comments_author_id_users"),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["comments.id"], name="fk_comments_parent_id_comments"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_comments_task_id_tasks"),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
    )
    op.create_index("ix_comments_task_id", "comments", ["task_id", "id"])
    op.create_index(
        "ix_comments_search",
        "comments",
        ["search"],
        postgresql_using="gin",
        postgresql_where=sa.text(ALIVE),
    )
    op.create_table(
        "saved_filters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("query", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_saved_filters_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_saved_filters"),
    )
    op.create_index(
        "uq_saved_filters_name",
        "saved_filters",
        ["user_id", sa.literal_column("lower(name)")],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("saved_filters")
    op.drop_table("comments")
    for index in ("ix_events_at", "ix_events_entity", "ix_events_actor"):
        op.drop_index(index, table_name="events")
    # Their indexes go with them.
    op.drop_column("events", "former_project_id")
    op.drop_column("events", "project_id")
    op.drop_index("ix_tasks_sla", table_name="tasks")
    # The other indexes and the constraints over these columns go with them.
    for column in ("search", "position", "board_id", "project_id"):
        op.drop_column("tasks", column)
    op.drop_table("board_columns")
    op.drop_table("boards")
    op.drop_table("project_members")
    op.drop_table("projects")
    PROJECT_ROLE.drop(op.get_bind())
    op.execute("DROP TEXT SEARCH CONFIGURATION public.task_search")
    op.execute("DROP EXTENSION unaccent")
