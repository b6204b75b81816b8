"""Hints: they wake who waits, and nothing depends on them."""

import threading
import time
import uuid

import pytest
from flask import Flask

from app.core import hints
from app.core.cache import cache
from app.core.hints import Hints, hint

LONG = 30.0


@pytest.fixture
def topic() -> str:
    """A topic of the test's own: one Redis serves all tests that run at the same time."""
    return uuid.uuid4().hex


@pytest.fixture
def waiting(app: Flask, topic: str) -> Hints:
    """Hints that are listened for already."""
    found = Hints(app, topic)
    found.wait(0)
    _await_listeners(app, topic, 1)
    return found


def _await_listeners(app: Flask, topic: str, number: int) -> None:
    until = time.monotonic() + LONG
    with app.app_context():
        while cache().redis.pubsub_numsub(topic) != [(topic, number)]:
            assert time.monotonic() < until
            time.sleep(0.01)


def _is_woken(app: Flask, topic: str, waiting: Hints) -> bool:
    """Whether somebody who waits is woken by hints, of which some may be lost."""
    woken = threading.Thread(target=waiting.wait, args=(LONG,))
    began = time.monotonic()
    woken.start()
    with app.app_context():
        while woken.is_alive() and time.monotonic() < began + LONG:
            hint(topic)
            woken.join(0.05)
    return time.monotonic() < began + LONG / 2


def test_a_hint_wakes_who_waits(app: Flask, topic: str, waiting: Hints) -> None:
    assert _is_woken(app, topic, waiting)


def test_a_hint_that_came_before_the_wait_is_not_waited_for(
    app: Flask, topic: str, waiting: Hints
) -> None:
    with app.app_context():
        cache().redis.publish(topic, "")

    began = time.monotonic()
    waiting.wait(LONG)
    assert time.monotonic() < began + LONG / 2


def test_without_a_hint_the_wait_ends_by_itself(waiting: Hints) -> None:
    began = time.monotonic()
    waiting.wait(0.02)
    assert time.monotonic() >= began + 0.02


def test_whoever_lost_redis_hears_again(
    app: Flask, topic: str, waiting: Hints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "RECOVERY_SECONDS", 0.01)
    with app.app_context():
        cache().redis.client_kill_filter(_type="pubsub")

    assert _is_woken(app, topic, waiting)


def test_nobody_listens_when_nobody_waits_any_more(
    app: Flask, topic: str, waiting: Hints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "PATIENCE_SECONDS", 0.0)
    with app.app_context():
        hint(topic)
    _await_listeners(app, topic, 0)

    monkeypatch.undo()
    assert _is_woken(app, topic, waiting)


def test_a_change_is_a_hint(
    topic: str, waiting: Hints, ada, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.db.NEW_EVENTS", topic)
    ada.create_task(title="Wake up")

    began = time.monotonic()
    waiting.wait(LONG)
    assert time.monotonic() < began + LONG / 2
