"""Documents that are made from the code say what the code says."""

import json
from pathlib import Path

from app.projects.permissions import GRANTS, Permission
from app.projects.permissions_doc import DOCUMENT, matrix


def test_every_permission_is_granted_to_somebody_in_the_table():
    assert set(GRANTS) == set(Permission)
    for permission, grant in GRANTS.items():
        assert grant.role is not None or grant.ties, permission


def test_the_matrix_for_readers_is_the_table():
    assert DOCUMENT.read_text(encoding="utf-8") == matrix(), "run `make permissions`"


def test_the_openapi_document_in_the_docs_is_the_one_that_is_served(client):
    kept = Path(__file__).parents[2] / "docs" / "openapi.json"

    assert json.loads(kept.read_text(encoding="utf-8")) == client.get("/api/openapi.json").json, (
        "run `make openapi` and look at the difference: clients depend on it"
    )
