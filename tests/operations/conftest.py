import pytest

from app.core import deliveries as core
from app.core.db import unit_of_work
from tests.workers.support import deliveries, execute, relay


@pytest.fixture
def owed(app, ada, bob):
    """The ids of three mails to Bob about one task, in the order of the changes, and of another."""
    task = ada.create_task(assignee=bob.id)
    for title in ("Second", "Third"):
        ada.patch(f"/api/v1/tasks/{task['id']}/", json={"title": title})
    ada.create_task(assignee=bob.id)
    relay(app)
    return [delivery.id for delivery in deliveries(app, channel="email")]


@pytest.fixture
def claim(app):
    def take(delivery_id):
        with app.app_context(), unit_of_work() as session:
            return core.claim(session, delivery_id)

    return take


@pytest.fixture
def kill(app):
    """Makes deliveries dead, as if they had been tried for three days."""

    def end(*ids):
        execute(
            app,
            "UPDATE deliveries SET state = 'dead', attempts = 290, finished_at = now(),"
            " created_at = now() - interval '73 hours', last_error = 'MailError: 451 try later'"
            " WHERE id = ANY(:ids)",
            ids=list(ids),
        )

    return end
