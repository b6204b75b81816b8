"""A large data set, made inside PostgreSQL in seconds: users, tasks, streams, counters."""

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

# One task in ten is reported by, and one in ten assigned to, the user in question; the rest is
# spread over the others. The creation dates go back over :days days.
TASKS = """
INSERT INTO tasks (title, description, status, priority, reporter_id, assignee_id, due_at,
                   due_date_only, sla_breached, version, created_at, updated_at, completed_at)
SELECT 'Task ' || n || ' about ' || md5(n::text),
       repeat(md5(n::text) || ' ', 8),
       (enum_range(NULL::task_status))[1 + (n * 79) % 7],
       (enum_range(NULL::task_priority))[1 + (n * 13) % 4],
       CASE WHEN n % 10 = 0 THEN :person ELSE :first_user + (n * 31) % :users END,
       CASE WHEN n % 10 = 5 THEN :person
            WHEN n % 3 = 0 THEN NULL ELSE :first_user + (n * 17) % :users END,
       CASE WHEN n % 4 = 0 THEN NULL
            ELSE date_trunc('second', now()) + ((n * 37) % 1440 - 1200) * interval '1 hour' END,
       false, false, 1, stamp, stamp, NULL
FROM generate_series(1, :tasks) AS n,
     LATERAL (SELECT date_trunc('milliseconds',
              now() - (n % (:days * 1440)) * interval '1 minute') AS stamp) AS moment
"""

STREAMS = """
INSERT INTO streams (kind, ref_id, last_seq)
SELECT 'user', id, 0 FROM users ON CONFLICT DO NOTHING
"""

COUNTS = """
INSERT INTO task_counts (stream_id, reporter_id, assignee_id, status, priority, tasks)
SELECT s.id, t.reporter_id, coalesce(t.assignee_id, 0), t.status, t.priority, count(*)
FROM tasks t JOIN streams s ON s.kind = 'user' AND s.ref_id IN (t.reporter_id, t.assignee_id)
WHERE t.deleted_at IS NULL
GROUP BY 1, 2, 3, 4, 5
"""

TABLES = ("users", "tasks", "streams", "task_counts")


def load_tasks(
    session: Session, person: int, *, tasks: int, users: int = 200, days: int = 365
) -> None:
    """Add `users` users and `tasks` tasks, a fifth of which `person` sees, and true counters."""
    first_user = min(session.scalars(text(USERS), {"users": users}))
    session.execute(
        text(TASKS),
        {"tasks": tasks, "users": users, "first_user": first_user, "person": person, "days": days},
    )
    session.execute(text("TRUNCATE task_counts"))
    for statement in (STREAMS, COUNTS):
        session.execute(text(statement))


ANALYZE = [f"VACUUM ANALYZE {table}" for table in TABLES]
"""To be run outside a transaction: fresh statistics, and a visibility map for index-only scans."""
