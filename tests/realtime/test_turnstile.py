"""A crowd is let in one after the other."""

from contextlib import ExitStack

import pytest

from app.core.errors import Unavailable
from app.realtime.turnstile import (
    COUNTERS,
    INTERVAL_SECONDS,
    LONGEST_WAIT_SECONDS,
    Counters,
    Turnstile,
)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def turnstile(waits: list[float]) -> Turnstile:
    return Turnstile(waits.append)


def test_who_comes_alone_does_not_wait(turnstile: Turnstile, waits: list[float]) -> None:
    turnstile.wait()

    assert waits == []


def test_of_a_crowd_each_waits_for_the_one_before(turnstile: Turnstile, waits: list[float]) -> None:
    for _ in range(100):
        turnstile.wait()

    assert len(waits) >= 98, "The first one, and no other unless this machine stood still."
    assert waits == sorted(waits)
    assert 90 * INTERVAL_SECONDS < waits[-1] < 100 * INTERVAL_SECONDS


def test_a_line_that_would_take_too_long_is_not_made_longer(
    turnstile: Turnstile, waits: list[float]
) -> None:
    while not waits or waits[-1] < LONGEST_WAIT_SECONDS - 10 * INTERVAL_SECONDS:
        turnstile.wait()

    with pytest.raises(Unavailable, match="Try again later"):
        list(map(Turnstile.wait, [turnstile] * 100))

    assert max(waits) <= LONGEST_WAIT_SECONDS


def test_only_some_are_served_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.realtime.turnstile.LONGEST_WAIT_SECONDS", 0.01)
    counters = Counters()
    with ExitStack() as served:
        for _ in range(COUNTERS):
            served.enter_context(counters.one())
        with pytest.raises(Unavailable, match="Try again later"), counters.one():
            pass

    with counters.one():
        pass
