"""The page behind the link at the end of a mail, for people who are not signed in."""

import re

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import text

from app.extensions import db
from app.notifications.kinds import Kind
from app.notifications.unsubscribing import unsubscribe_url

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def visitor(app):
    return app.test_client()


@pytest.fixture
def link(app, ada):
    """The path that a mail of a kind to ada holds."""

    def of(kind=Kind.CHANGED):
        settings = app.config["SETTINGS"]
        return unsubscribe_url(ada.id, kind, settings).removeprefix(settings.PUBLIC_URL)

    return of


@pytest.fixture
def off(app):
    """What is switched off, as (user, kind, channel), and how many events tell of it."""

    def read():
        with app.app_context():
            found = db.session.execute(
                text(
                    "SELECT user_id, kind, channel FROM notification_preferences WHERE NOT enabled"
                )
            )
            events = "SELECT count(*) FROM events WHERE type = 'preferences.updated'"
            return [tuple(row) for row in found], db.session.scalar(text(events))

    return read


def test_looking_at_it_changes_nothing(visitor, link, off):
    for method in ("get", "head"):
        answer = getattr(visitor, method)(link())
        assert answer.status_code == 200

    page = visitor.get(link()).text
    assert "Somebody changed a task that you have or reported." in page
    assert f'<form method="post" action="{link()}">' in page
    assert off() == ([], 0)


def test_the_button_switches_that_kind_of_mail_off_and_undo_on_again(visitor, ada, link, off):
    answer = visitor.post(link())
    assert answer.status_code == 200
    assert "You get no such e-mails." in answer.text
    assert off() == ([(ada.id, "changed", "email")], 1)
    assert "You get no such e-mails." in visitor.get(link()).text

    (undo,) = re.findall(r'action="([^"]+)"', answer.text)
    assert "You are told of this by e-mail." in visitor.post(undo).text
    assert off() == ([], 2)
    chosen = ada.get("/api/v1/notifications/preferences/").json["results"]
    assert all(all(each["channels"].values()) for each in chosen)


def test_a_mail_program_unsubscribes_with_one_click_and_a_second_one_is_no_event(
    visitor, ada, link, off
):
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        answer = visitor.post(link(Kind.COMMENTED), data=ONE_CLICK, content_type=kind)
        assert (answer.status_code, answer.location) == (200, None)
    assert off() == ([(ada.id, "commented", "email")], 1)


def test_what_cannot_be_switched_off_has_no_link(app, ada):
    for kind in (Kind.TEST, Kind.WEBHOOK_DISABLED):
        assert unsubscribe_url(ada.id, kind, app.config["SETTINGS"]) is None


def forged(secret, salt, payload):
    return f"/unsubscribe/{URLSafeSerializer(secret, salt=salt).dumps(payload)}"


@pytest.mark.parametrize("method", ["get", "post", "undo"])
def test_what_no_mail_of_ours_held_is_not_there(app, visitor, ada, link, off, method):
    secret = app.config["SETTINGS"].SECRET_KEY
    bad = [
        "/unsubscribe/x",
        link()[:-1],
        link()[:-3] + "abc",
        forged("somebody else's secret", "unsubscribe", [ada.id, "changed"]),
        forged(secret, "cursor", [ada.id, "changed"]),
        forged(secret, "unsubscribe", [ada.id, "shouted"]),
        forged(secret, "unsubscribe", [ada.id, "test"]),
    ]
    for path in bad:
        answer = (
            visitor.get(path)
            if method == "get"
            else visitor.post(f"{path}/undo" if method == "undo" else path)
        )
        assert answer.status_code == 404, path
    assert off() == ([], 0)


def test_the_page_runs_nothing_and_tells_nobody_its_address(visitor, link):
    answer = visitor.get(link())

    assert "<script" not in answer.text
    assert not re.search(r"\s(?:style|on\w+)=", answer.text)
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    for file in re.findall(r'(?:src|<link [^>]*href)="([^"]*)"', answer.text):
        with visitor.get(file) as found:
            assert found.status_code == 200, file


def test_the_page_works_below_a_prefix(visitor, link):
    page = visitor.get(link(), environ_overrides={"SCRIPT_NAME": "/tasks"}).text

    assert 'action="/tasks/unsubscribe/' in page
    assert '"/assets' not in page


def test_who_is_signed_in_as_somebody_else_changes_the_one_the_mail_went_to(bob, ada, link, off):
    assert bob.post(link()).status_code == 200

    assert off() == ([(ada.id, "changed", "email")], 1)
