"""`manage.py`, for people who come from Django."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import manage

ROOT = Path(manage.__file__).parent


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def environ(settings):
    return {
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": settings.DATABASE_URL,
        "REDIS_URL": settings.REDIS_URL,
        "DATA_DIR": str(settings.DATA_DIR),
    }


def test_migrate_brings_the_database_up_to_date(app, environ):
    done = run("migrate", **environ)

    assert done.returncode == 0, done.stderr


def test_makemigrations_writes_nothing_where_nothing_has_changed(app, environ):
    before = sorted((ROOT / "migrations" / "versions").iterdir())

    done = run("makemigrations", **environ)

    assert done.returncode == 0, done.stderr
    assert "No changes detected." in done.stdout
    assert sorted((ROOT / "migrations" / "versions").iterdir()) == before


def test_createsuperuser_makes_an_administrator(app, environ):
    done = run(
        *("createsuperuser", "--username", "root", "--email", "root@example.com"),
        *("--password", "correct horse battery staple"),
        **environ,
    )

    assert done.returncode == 0, done.stderr
    assert "root is an administrator now." in done.stdout


def test_test_runs_pytest_with_its_arguments():
    done = run("test", "--version")

    assert done.returncode == 0
    assert done.stdout.startswith("pytest ")


def test_runserver_is_run_py():
    done = run("runserver", "--help")

    assert done.returncode == 0
    assert "embedded PostgreSQL" in done.stdout


@pytest.mark.parametrize("arguments", [(), ("collectstatic",), ("--help",)])
def test_anything_else_is_told_what_there_is(arguments):
    done = run(*arguments)

    assert done.returncode == 2
    assert all(name in done.stderr for name in manage.COMMANDS)
