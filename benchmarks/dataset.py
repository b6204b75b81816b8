"""A large data set, made inside PostgreSQL: users, projects, tasks, comments, counters."""

from sqlalchemy import text
from sqlalchemy.orm import Session

USERS = """
INSERT INTO users (username, email, password_hash, first_name, last_name, role, timezone,
                   email_own_changes, is_active, session_epoch, created_at, updated_at)
SELECT 'load' || n, 'load' || n || '@example.com', '-', '', '', 'MEMBER', 'UTC',
       false, true, 1, now(), now()
FROM generate_series(1, :users) AS n
RETURNING id
"""

WORD_COUNT = 4000
_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "so",
    "tu",
    "va",
    "we",
    "xi",
    "yo",
    "zu",
]


def word(rank: int) -> str:
    """The word that is the `rank`th in frequency; none is the beginning of another."""
    return "".join(_SYLLABLES[rank // place % 20] for place in (1, 20, 400))


# Texts are drawn from a pool, since drawing every word of a million tasks takes minutes. A rank
# is drawn evenly on a logarithmic scale, so that a word is as frequent as its rank is low (Zipf).
TEXTS = """
CREATE TEMPORARY TABLE benchmark_texts ON COMMIT DROP AS
SELECT n AS id, string_agg(w, ' ') FILTER (WHERE place <= 3 + n % 6) AS title,
       string_agg(w, ' ') FILTER (WHERE place > 8 AND place <= 28 + n % 41) AS description
FROM generate_series(0, 4999) AS n, generate_series(1, 68) AS place,
     LATERAL (SELECT (CAST(:words AS text[]))[
         1 + floor(exp(random() * ln(:word_count)))::int % :word_count] AS w
         WHERE n + place >= 0) AS drawn
GROUP BY n
"""

PROJECTS = """
INSERT INTO projects (name, description, owner_id, is_archived, tracks_sla, version,
                      created_at, updated_at)
SELECT 'Project ' || n, '', :first_user, false, true, 1, now(), now()
FROM generate_series(1, :projects) AS n
RETURNING id
"""

MEMBERS = """
INSERT INTO project_members (project_id, user_id, role, joined_at)
SELECT id, :first_user, 'ADMIN'::project_role, now() FROM unnest(CAST(:ids AS bigint[])) AS id
UNION ALL
SELECT id, :person, 'MEMBER', now() FROM unnest((CAST(:ids AS bigint[]))[1:5]) AS id
"""

BOARDS = """
INSERT INTO boards (project_id, name, position, created_at, updated_at)
SELECT id, 'Board', 1, now(), now() FROM unnest(CAST(:ids AS bigint[])) AS id
"""

BOARD_COLUMNS = """
INSERT INTO board_columns (board_id, name, status, position)
SELECT b.id, status::text, status, place
FROM boards b, unnest(enum_range(NULL::task_status)) WITH ORDINALITY AS each (status, place)
WHERE b.project_id = ANY (CAST(:ids AS bigint[]))
"""

# One task in ten is reported by, and one in ten assigned to, the user in question; the rest is
# spread over the others. Four fifths are in projects. The creation dates go back over :days days.
TASKS = """
INSERT INTO tasks (title, description, status, priority, project_id, board_id, position,
                   reporter_id, assignee_id, due_at, due_date_only, sla_breached, version,
                   created_at, updated_at, completed_at)
SELECT t.title, CASE WHEN :described THEN d.description ELSE '' END,
       (enum_range(NULL::task_status))[1 + (n * 79) % 7],
       (enum_range(NULL::task_priority))[1 + (n * 13) % 4],
       b.project_id, b.id, CASE WHEN b.id IS NOT NULL THEN lpad(n::text, 9, '0') || 'V' END,
       CASE WHEN n % 10 = 0 THEN :person ELSE :first_user + (n * 31) % :users END,
       CASE WHEN n % 10 = 5 THEN :person
            WHEN n % 3 = 0 THEN NULL ELSE :first_user + (n * 17) % :users END,
       CASE WHEN n % 4 = 0 THEN NULL
            ELSE date_trunc('second', now()) + ((n * 37) % 1440 - 1200) * interval '1 hour' END,
       false, b.id IS NOT NULL AND n % 50 = 27, 1, stamp, stamp, NULL
FROM generate_series(1, :tasks) AS n
     JOIN benchmark_texts t ON t.id = n::bigint * 7919 % 5000
     JOIN benchmark_texts d ON d.id = (n::bigint * 104729 + n / 5000) % 5000
     LEFT JOIN boards b ON n / 10 % 5 <> 0
          AND b.project_id = (CAST(:ids AS bigint[]))[1 + (n * 7 + n / 50) % :projects],
     LATERAL (SELECT date_trunc('milliseconds',
              now() - (n % (:days * 1440)) * interval '1 minute') AS stamp) AS moment
"""

COMMENTS = """
WITH said AS (
    INSERT INTO comments (task_id, author_id, body, mentions, created_at)
    SELECT t.id, t.reporter_id, x.description, '{}', t.created_at
    FROM tasks t JOIN benchmark_texts x ON x.id = t.id * 31 % 5000 WHERE t.id % 10 = 3
    RETURNING task_id
)
UPDATE tasks SET comments_count = 1, comments_version = 1 FROM said WHERE id = said.task_id
"""

STREAMS = """
INSERT INTO streams (kind, ref_id, last_seq)
SELECT 'user', id, 0 FROM users UNION ALL SELECT 'project', id, 0 FROM projects
ON CONFLICT DO NOTHING
"""

# A task of a project is counted in the stream of the project alone.
COUNTS = """
INSERT INTO task_counts (stream_id, reporter_id, assignee_id, status, priority, tasks)
SELECT s.id, t.reporter_id, coalesce(t.assignee_id, 0), t.status, t.priority, count(*)
FROM tasks t JOIN streams s
     ON CASE WHEN t.project_id IS NULL
             THEN s.kind = 'user' AND s.ref_id IN (t.reporter_id, t.assignee_id)
             ELSE s.kind = 'project' AND s.ref_id = t.project_id END
WHERE t.deleted_at IS NULL
GROUP BY 1, 2, 3, 4, 5
"""

TABLES = (
    "users",
    "projects",
    "project_members",
    "boards",
    "board_columns",
    "tasks",
    "comments",
    "streams",
    "task_counts",
)


def load_tasks(
    session: Session,
    person: int,
    *,
    tasks: int,
    users: int = 200,
    days: int = 365,
    projects: int = 20,
    described: bool = True,
) -> list[int]:
    """Add users, projects and tasks, of which `person` sees about a quarter, and true counters.

    Returns the ids of the projects; `person` is a member of the first five. Most of the time goes
    into the search index of the descriptions; without them the tasks are loaded much sooner.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text("SELECT setseed(0.5)"))
    first_user = min(session.scalars(text(USERS), {"users": users}))
    many = {"projects": projects, "first_user": first_user, "person": person}
    ids = sorted(session.scalars(text(PROJECTS), many))
    words = [word(rank) for rank in range(WORD_COUNT)]
    session.execute(text(TEXTS), {"words": words, "word_count": WORD_COUNT})
    many |= {"ids": ids, "tasks": tasks, "users": users, "days": days}
    many |= {"described": described}
    for statement in (MEMBERS, BOARDS, BOARD_COLUMNS, TASKS, COMMENTS):
        session.execute(text(statement), many)
    session.execute(text("TRUNCATE task_counts"))
    for statement in (STREAMS, COUNTS):
        session.execute(text(statement))
    return ids


ANALYZE = [f"VACUUM ANALYZE {table}" for table in TABLES]
"""To be run outside a transaction: fresh statistics, and a visibility map for index-only scans."""
