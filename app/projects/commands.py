"""What one request does to the accounts that its caller sees; shared with the dialects."""

from collections.abc import Mapping
from typing import Any

from app.core.db import unit_of_work
from app.projects import directory
from app.users import service
from app.users.actor import current_actor


def change_account(user_id: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """Change an account and show it; `data` as for `service.update_account`.

    Raises NotFound for whom the caller does not see, and what the service raises.
    """
    actor = current_actor()
    with unit_of_work() as session:
        directory.find_person(session, user_id, actor)
        user = service.update_account(session, user_id, data, actor=actor)
    return directory.as_seen(user, actor)


def close_account(user_id: int) -> None:
    """Disable an account. Raises NotFound, and what `service.close_account` raises."""
    actor = current_actor()
    with unit_of_work() as session:
        directory.find_person(session, user_id, actor)
        service.close_account(session, user_id, actor=actor)
