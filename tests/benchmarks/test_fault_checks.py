"""The script of faults finds what is wrong: nothing is measured by one that cannot."""

import smtplib
from email.message import EmailMessage

import pytest

from app.extensions import db
from benchmarks import chaos_smtp
from benchmarks.chaos_smtp import Arrival, ChaosServer
from benchmarks.fault_checks import Killing, examine
from tests.workers.support import events, execute, relay


@pytest.fixture
def mails(app, ada, bob):
    """Three mails to bob about one task, in the order in which they are owed, all noted as sent."""
    task = ada.create_task(assignee=bob.id)
    for title in ("second", "third"):
        assert ada.patch(f"/api/v1/tasks/{task['id']}/", json={"title": title}).status_code == 200
    relay(app)
    execute(app, "UPDATE deliveries SET state = 'done'")
    uuids = [event.event_id for event in events(app) if event.task_id == task["id"]]
    return [(str(uuid), bob.id) for uuid in uuids]


@pytest.fixture
def broken(app):
    def run(*arrivals, killings=()):
        with app.app_context(), db.engine.connect() as connection:
            found = examine(connection, arrivals, killings)
        return {name: count for name, count in found.broken.items() if count}, found.figures

    return run


def arrival(mail, at, *, answered=True):
    return Arrival(at, "delivery-{}-{}@localhost".format(*mail), answered)


def test_everything_once_and_in_order_is_right(mails, broken):
    wrong, figures = broken(*(arrival(mail, at) for at, mail in enumerate(mails)))

    assert wrong == {}
    assert (figures["mails owed"], figures["distinct messages that arrived"]) == (3, 3)


def test_a_mail_that_is_missing_or_waits_is_found(app, mails, broken):
    execute(app, "UPDATE deliveries SET state = 'pending' WHERE id = 3")

    wrong, _ = broken(arrival(mails[0], 0), arrival(mails[1], 1))

    assert wrong == {"missing": 1, "not final": 1}


def test_a_mail_that_overtakes_is_found(mails, broken):
    first, second, third = mails

    wrong, _ = broken(arrival(first, 0), arrival(third, 1), arrival(second, 2))

    assert wrong == {"out of order for one task and receiver": 1}


def test_a_mail_may_come_twice_where_its_sender_cannot_know_and_nowhere_else(mails, broken):
    first, second, third = mails
    killed = Killing(4.5, frozenset([second]))

    wrong, figures = broken(
        arrival(first, 1, answered=False),
        arrival(first, 2),
        arrival(second, 4),
        arrival(second, 5),
        arrival(third, 6),
        arrival(third, 7),
        killings=[killed],
    )

    assert wrong == {"sent twice outside the SMTP window": 1}
    assert figures["sent twice, same Message-ID: 250 not sent"] == 1
    assert figures["sent twice, same Message-ID: worker killed before its note"] == 1


def test_a_mail_that_nobody_owes_is_found(app, mails, broken):
    execute(app, "DELETE FROM deliveries WHERE id = 2")

    wrong, _ = broken(*(arrival(mail, at) for at, mail in enumerate(mails)))

    assert wrong == {"missing": 1, "arrived though nobody owes it": 1}


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (chaos_smtp.REFUSES, ConnectionRefusedError),
        (chaos_smtp.HANGS, TimeoutError),
        (chaos_smtp.HEALTHY, None),
    ],
)
def test_the_mail_server_does_what_it_is_told(mode, error):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Hello", "a@example.com", "b@example.com"
    message["Message-ID"] = "<one@localhost>"
    server = ChaosServer()
    server.switch_to(mode)

    def send():
        with smtplib.SMTP("127.0.0.1", server.port, timeout=0.2) as client:
            client.send_message(message)

    try:
        if error is None:
            send()
            assert [each[1:] for each in server.arrivals] == [("one@localhost", True)]
        else:
            with pytest.raises((error, smtplib.SMTPServerDisconnected)):
                send()
    finally:
        server.stop()
