import shutil
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask

from tests.clients.smtp import Box, smtp_server


@pytest.fixture
def mails(app: Flask) -> Iterator[Callable[[], list[EmailMessage]]]:
    """The mails that were written to files so far, in the order of the changes they tell of."""
    folder = app.config["SETTINGS"].DATA_DIR / "mail"
    shutil.rmtree(folder, ignore_errors=True)

    def read() -> list[EmailMessage]:
        files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    yield read
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def change_settings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(**values: Any) -> None:
        changed = app.config["SETTINGS"].model_copy(update=values)
        monkeypatch.setitem(app.config, "SETTINGS", changed)

    return change


@pytest.fixture
def smtp(change_settings: Callable[..., None]) -> Iterator[Box]:
    """An SMTP server, to which the application sends."""
    with smtp_server() as box:
        change_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=box.port)
        yield box
