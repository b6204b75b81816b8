"""What counting requests costs: `python -m benchmarks.metrics`.

The same application answers the same request with and without its counters, in alternating rounds
of the same run; processor time is what is compared, since these machines are noisy.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.auth import tokens
from app.auth.service import open_session
from app.config import explicit_settings
from app.core.db import unit_of_work
from app.extensions import db
from app.users import service as users
from app.users.models import Role
from embedded import throwaway_servers

COUNTING = "app.core.metrics"


def switch(app: Flask) -> Callable[[bool], None]:
    """Turns the counters of `app` on and off."""
    hooks = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    full = [list(each[None]) for each in hooks]

    def turn(on: bool) -> None:
        for each, functions in zip(hooks, full, strict=True):
            each[None] = [one for one in functions if on or one.__module__ != COUNTING]

    return turn


def microseconds(call: Callable[[], object], times: int) -> float:
    """The mean processor time of `call`, client and server together."""
    started = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - started) / times * 1e6


def compare(app: Flask, path: str, headers: dict[str, str], rounds: int) -> None:
    """A line for one path."""
    client, turn = app.test_client(), switch(app)
    found: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds):
        on = bool(number % 2)
        turn(on)
        found[on].append(microseconds(lambda: client.get(path, headers=headers), 100))
    on, off = (statistics.median(found[each]) for each in (True, False))
    more = statistics.median(a - b for a, b in zip(found[True], found[False], strict=True))
    print(f"{path:28} off {off:8.0f} µs   on {on:8.0f} µs   {more:+6.0f} µs   ratio {on / off:.3f}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metrics", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    with throwaway_servers() as servers, tempfile.TemporaryDirectory() as folder:
        app = create_app(
            explicit_settings(
                SECRET_KEY="benchmark-" + "x" * 32,
                DATABASE_URL=servers.database_url,
                REDIS_URL=servers.redis_url,
                DATA_DIR=Path(folder),
                THROTTLE_USER_RATE="1000000/hour",
                LOG_LEVEL="WARNING",
            )
        )
        with app.app_context():
            upgrade()
        with app.test_request_context():
            data = {"username": "ada", "email": "ada@example.com", "password": "only a benchmark"}
            with unit_of_work() as session:
                user = users.create(session, data | {"role": Role.ADMIN})
                opened = open_session(session, user)
            headers = {"Authorization": f"Bearer {tokens.issue(opened)['access']}"}
        for path in ("/livez", "/api/v1/auth/users/me/"):
            compare(app, path, headers, options.rounds)
        with app.app_context():
            db.engine.dispose()


if __name__ == "__main__":
    main()
