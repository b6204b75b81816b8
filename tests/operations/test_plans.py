"""With 100,000 deliveries nothing that operators and Prometheus ask for reads the whole table."""

import pytest

from app.extensions import db
from benchmarks.plans import explain, recorded, sequential_scans
from tests.workers.support import execute

MANY = """
INSERT INTO deliveries (event_id, task_id, channel, target, state, finished_at, last_error)
SELECT (SELECT min(id) FROM events), n, CASE WHEN n % 10 = 0 THEN 'lambda' ELSE 'email' END,
       n::text, kind.state,
       CASE WHEN kind.state <> 'pending' THEN now() - n * interval '1 minute' END,
       CASE WHEN kind.state = 'dead' THEN 'MailError: 451' END
FROM generate_series(1, 100000) AS n,
     LATERAL (SELECT CASE WHEN n % 200 = 0 THEN 'pending' WHEN n % 501 = 0 THEN 'dead'
                          ELSE 'done' END AS state) AS kind
"""

PATHS = [
    "/metrics",
    "/api/v1/admin/queues/",
    "/api/v1/admin/deliveries/?state=dead",
    "/api/v1/admin/deliveries/?state=dead&error=451&channel=email",
    "/api/v1/admin/deliveries/?state=pending&page_size=100",
    "/api/v1/admin/deliveries/?target=77777",
    "/api/v1/admin/deliveries/77777/",
]


@pytest.fixture
def many(app, ada):
    ada.create_task()
    execute(app, MANY)
    execute(app, "ANALYZE deliveries")


def asked(app, admin, path):
    with app.app_context(), recorded(db.engine) as queries:
        assert admin.get(path).status_code == 200
    return [
        (statement, values)
        for statement, values in queries.statements
        if statement.startswith("SELECT") and "FROM deliveries" in statement
    ]


def test_no_question_reads_the_whole_table(app, admin, many):
    app.extensions["metrics_reader"].forget()
    readers = []
    for path in PATHS:
        for statement, values in asked(app, admin, path):
            with app.app_context():
                plan = explain(db.engine, statement, values)
            if sequential_scans(plan, "deliveries"):
                readers.append((path, statement))

    assert readers == []
