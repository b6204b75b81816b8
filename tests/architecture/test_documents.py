"""Documents that are made from the code say what the code says."""

import json
import re
from pathlib import Path

from replay_table import TABLE, items, without_results, written

from app.projects.permissions import GRANTS, Permission
from app.projects.permissions_doc import DOCUMENT, matrix
from app.schedule.table import TABLE as SCHEDULE

DOCS = Path(__file__).parents[2] / "docs"


def test_every_permission_is_granted_to_somebody_in_the_table():
    assert set(GRANTS) == set(Permission)
    for permission, grant in GRANTS.items():
        assert grant.role is not None or grant.ties, permission


def test_the_matrix_for_readers_is_the_table():
    assert DOCUMENT.read_text(encoding="utf-8") == matrix(), "run `make permissions`"


def test_the_openapi_document_in_the_docs_is_the_one_that_is_served(client):
    kept = DOCS / "openapi.json"

    assert json.loads(kept.read_text(encoding="utf-8")) == client.get("/api/openapi.json").json, (
        "run `make openapi` and look at the difference: clients depend on it"
    )


def test_the_page_of_replayed_requests_has_a_row_for_every_test():
    assert [item.number for item in items()] == list(range(1, 48))
    kept = TABLE.read_text(encoding="utf-8")
    assert without_results(kept) == without_results(written({})), "run `make replay`"


def test_the_page_of_scheduled_jobs_has_the_rows_of_the_table():
    page = (DOCS / "jobs.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| ([a-z ]+) \| (.+) \|$", page, re.MULTILINE)

    assert rows == [(job.name, job.cron, job.missed, job.description) for job in SCHEDULE]
