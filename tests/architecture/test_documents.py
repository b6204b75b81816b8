"""Documents that are made from the code say what the code says."""

from app.projects.permissions import GRANTS, Permission
from app.projects.permissions_doc import DOCUMENT, matrix


def test_every_permission_is_granted_to_somebody_in_the_table():
    assert set(GRANTS) == set(Permission)
    for permission, grant in GRANTS.items():
        assert grant.role is not None or grant.ties, permission


def test_the_matrix_for_readers_is_the_table():
    assert DOCUMENT.read_text(encoding="utf-8") == matrix(), "run `make permissions`"
