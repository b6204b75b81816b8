"""What one request does to accounts, each in a unit of work; shared with the dialects."""

from collections.abc import Mapping
from typing import Any

from app.core.db import unit_of_work
from app.users import service
from app.users.actor import asking_actor
from app.users.models import User


def register(data: Mapping[str, Any]) -> User:
    """Create an account; `data` and what is raised as for `service.register`."""
    with unit_of_work() as session:
        return service.register(session, data, actor=asking_actor())
