"""`flask deliveries`, as an operator types it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers.support import answer, deliveries, events

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def flask(app):
    """Runs `flask deliveries …`; answers its exit code and what it prints."""

    def run(*words, **options):
        done = app.test_cli_runner().invoke(args=["deliveries", *map(str, words)], **options)
        return done.exit_code, done.output

    return run


def states(app):
    return [each.state for each in deliveries(app, channel="email")]


def test_a_dead_mail_is_found_explained_and_sent_again(app, flask, owed, kill):
    kill(owed[3])

    code, listed = flask("list", "--state", "dead")
    assert code == 0
    header, row, count = listed.splitlines()
    assert header.split() == ["id", "channel", "state", "tries", "for", "event", "task", "error"]
    assert row.startswith(f"{owed[3]}   email")
    assert "bob (user 2)" in row
    assert "MailError: 451 try later" in row
    assert count == "1 of 1 shown."
    code, shown = flask("show", owed[3])
    assert code == 0
    assert f"flask deliveries requeue {owed[3]}" in shown
    code, done = flask("requeue", owed[3])

    assert (code, done) == (0, f"Delivery {owed[3]}: Tried again at once: 1.\n")
    assert answer(app, owed[3]) == f"delivery {owed[3]} is done"


def test_many_are_asked_about_first(app, flask, owed, kill):
    kill(*owed)

    code, said = flask("requeue", "--error", "451", input="n\n")
    assert code == 1
    assert "Nothing is done yet. Tried again at once would be 4. Do it? [y/N]" in said
    assert states(app) == ["dead"] * 4
    assert flask("requeue", "--limit", 3, input="y\n")[0] == 0
    assert states(app) == ["pending"] * 3 + ["dead"]
    code, said = flask("drop", "--reason", "too late", "--all", "--yes")

    assert (code, said) == (0, "Given up: 1.\n")
    assert states(app) == ["pending"] * 3 + ["dropped"]
    last = max(events(app), key=lambda record: record.id)
    assert (last.type, last.actor_id) == ("delivery.dropped", None)
    assert last.changes["operator"][1].endswith("(command line)")


def test_all_means_all_a_thousand_at_a_time(app, flask, owed, kill, monkeypatch):
    monkeypatch.setattr("app.operations.cli.MAX_AT_ONCE", 2)
    kill(*owed)

    assert flask("requeue", "--all", "--yes") == (
        0,
        "Tried again at once: 2.\n" * 2 + "Tried again at once: 0.\n",
    )
    assert states(app) == ["pending"] * 4
    assert flask("requeue", "--state", "pending", "--all", "--yes")[0] == 0
    commands = [each for each in events(app) if each.type == "delivery.requeued"]
    assert [len(each.changes["deliveries"][1]) for each in commands] == [2, 2, 2, 2]


def test_what_cannot_be_done_is_said(flask, owed, claim):
    claim(owed[0])

    assert flask("show", 999) == (1, "Error: There is no such delivery.\n")
    code, said = flask("requeue", owed[0])
    assert (code, said) == (1, "Error: A worker is at this delivery now; look again in a minute.\n")
    assert flask("drop", owed[0])[0] == 2
    assert flask("list", "--state", "lost")[0] == 2


def test_the_stats_are_a_table(flask, owed):
    code, said = flask("stats")

    assert code == 0
    lines = [line.split() for line in said.splitlines()]
    assert lines[0][:3] == ["channel", "due", "waiting"]
    assert ["email", "4"] in [line[:2] for line in lines]
    assert ["notifications", "0"] in lines
    assert lines[-1][:-1] == ["events", "that", "wait", "for", "the", "relay:"]


@pytest.mark.parametrize("command", [["deliveries", "stats"], ["db", "upgrade"]])
def test_without_a_database_there_is_a_sentence(settings, tmp_path, command):
    environ = os.environ | {
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": "postgresql://x:secret@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1",
        "DATA_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *command],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
    assert "The database does not answer" in done.stderr
    assert '"127.0.0.1", port 1' in done.stderr
    assert "python run.py" in done.stderr


def test_without_settings_there_are_sentences(tmp_path):
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "deliveries", "stats"],
        cwd=ROOT, env=environ | {"DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith("Error: Cannot start with these settings:")
    assert "Traceback" not in done.stderr
