"""Hints: they wake who waits, and nothing depends on them."""

import threading
import time

import pytest
from flask import Flask

from app.core import hints
from app.core.cache import cache
from app.core.hints import NEW_EVENTS, Hints, hint

LONG = 30.0


@pytest.fixture
def waiting(app: Flask) -> Hints:
    """Hints that are listened for already."""
    found = Hints(app, NEW_EVENTS)
    found.wait(0)
    _await_listeners(app, 1)
    return found


def _await_listeners(app: Flask, number: int) -> None:
    until = time.monotonic() + LONG
    with app.app_context():
        while cache().redis.pubsub_numsub(NEW_EVENTS) != [(NEW_EVENTS, number)]:
            assert time.monotonic() < until
            time.sleep(0.01)


def _is_woken(app: Flask, waiting: Hints) -> bool:
    """Whether somebody who waits is woken by hints, of which some may be lost."""
    woken = threading.Thread(target=waiting.wait, args=(LONG,))
    began = time.monotonic()
    woken.start()
    with app.app_context():
        while woken.is_alive() and time.monotonic() < began + LONG:
            hint(NEW_EVENTS)
            woken.join(0.05)
    return time.monotonic() < began + LONG / 2


def test_a_hint_wakes_who_waits(app: Flask, waiting: Hints) -> None:
    assert _is_woken(app, waiting)


def test_a_hint_that_came_before_the_wait_is_not_waited_for(app: Flask, waiting: Hints) -> None:
    with app.app_context():
        hint(NEW_EVENTS)

    began = time.monotonic()
    waiting.wait(LONG)
    assert time.monotonic() < began + LONG / 2


def test_without_a_hint_the_wait_ends_by_itself(waiting: Hints) -> None:
    began = time.monotonic()
    waiting.wait(0.02)
    assert time.monotonic() >= began + 0.02


def test_whoever_lost_redis_hears_again(
    app: Flask, waiting: Hints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "RECOVERY_SECONDS", 0.01)
    with app.app_context():
        cache().redis.client_kill_filter(_type="pubsub")

    assert _is_woken(app, waiting)


def test_nobody_listens_when_nobody_waits_any_more(
    app: Flask, waiting: Hints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "PATIENCE_SECONDS", 0.0)
    with app.app_context():
        hint(NEW_EVENTS)
    _await_listeners(app, 0)

    monkeypatch.undo()
    assert _is_woken(app, waiting)


def test_a_change_is_a_hint(app: Flask, waiting: Hints, ada) -> None:
    ada.create_task(title="Wake up")

    began = time.monotonic()
    waiting.wait(LONG)
    assert time.monotonic() < began + LONG / 2
