"""Writes `docs/permissions.md`, the matrix for readers, from the table; a test holds them equal."""

from pathlib import Path

from app.projects.models import ProjectRole
from app.projects.permissions import GRANTS, Grant, Permission, Tie

DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"

_HEAD = """\
# Who may do what

Made by `make permissions` from the table in `app/projects/permissions.py`.

| may … | MEMBER | MANAGER | ADMIN | also |
|---|:-:|:-:|:-:|---|
"""

_NOTES = """
- The roles are those in the project. Whoever is not a member gets 404 for the project and for all
  that is in it, as if there were no such thing; a member without the right gets 403, which names
  it.
- The global role ADMIN may do everything everywhere. The global role MANAGER makes a member at
  least MANAGER in every project that he or she is a member of. Every user may create projects.
- The owner is a member with the role ADMIN who cannot be removed, and cannot leave, before the
  project has gone to somebody else.
- The last column counts on top of a role in the project, and alone for a task outside any project,
  which only its reporter, its assignee and a global ADMIN can see.
- In an archived project everything can be read; of the writes only unarchiving, transferring and
  deleting the project itself go through. All others answer 409.
- Everyone reads the audit log of their own actions as far as they still see what it speaks of.
- Accounts: everyone sees the names of those with whom they share a project; an account as a whole
  is seen by its user and by a global ADMIN; only the latter changes roles and disables accounts.
- Saved filters, preferences and the webhooks of a user are seen by their owner alone.
"""


def matrix() -> str:
    """The document as text."""
    rows = [_row(permission, GRANTS[permission]) for permission in Permission]
    return _HEAD + "".join(rows) + _NOTES


def _row(permission: Permission, grant: Grant) -> str:
    marks = " | ".join(
        "✓" if grant.role is not None and role.rank >= grant.role.rank else " "
        for role in ProjectRole
    )
    ties = ", ".join(f"the {tie}" for tie in Tie if tie in grant.ties)
    return f"| {permission.value} | {marks} | {ties} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(matrix(), encoding="utf-8")
