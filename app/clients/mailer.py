"""Sending e-mail: over SMTP where a server is set, else into files that a person can open."""

import os
import re
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from app.config import Settings

TIMEOUT_SECONDS = 10


class MailError(Exception):
    """The mail could not be handed over; trying again later may work."""


class Mailer(Protocol):
    """Hands a message over, or raises MailError."""

    def send(self, message: EmailMessage) -> None:
        """Hand `message` over. Raises MailError."""


class SmtpMailer:
    """Speaks to `EMAIL_HOST:EMAIL_PORT`, one connection per message."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def send(self, message: EmailMessage) -> None:
        """Hand `message` to the server. Raises MailError whatever goes wrong."""
        settings = self.settings
        try:
            with smtplib.SMTP(
                settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=TIMEOUT_SECONDS
            ) as server:
                if settings.EMAIL_USE_TLS:
                    server.starttls(context=ssl.create_default_context())
                if settings.EMAIL_HOST_USER:
                    server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"{type(error).__name__}: {error}") from error


class FileMailer:
    """Writes each message to `DATA_DIR/mail/` as an `.eml` file; the same message only once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage) -> None:
        """Write `message`; a reader never sees half of it. Raises MailError."""
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", message["Message-ID"]).strip("_")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            unfinished = self.folder / f".{name}.{os.getpid()}"
            unfinished.write_bytes(message.as_bytes())
            unfinished.rename(self.folder / f"{name}.eml")
        except OSError as error:
            raise MailError(f"cannot write to {self.folder}: {error.strerror}") from error


def make_mailer(settings: Settings) -> Mailer:
    """The mailer that the settings ask for."""
    if settings.EMAIL_HOST:
        return SmtpMailer(settings)
    return FileMailer(settings.DATA_DIR / "mail")
