"""Sending e-mail: over SMTP where a server is set, else into files that a person can open."""

import os
import re
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Protocol

from app.config import Settings
from app.core.deliveries import Refused

TIMEOUT_SECONDS = 10
SMTPS_PORT = 465
"""RFC 8314: on this port TLS comes before the first word, so there is no STARTTLS."""

TOO_LARGE = 552
NOT_SIGNED_IN = (503, 530)
"""Answers that ask for a sign-in first."""


class MailError(Exception):
    """The mail could not be handed over; trying again later may work."""


class MailRefused(Refused):
    """The server will never take this mail, or not for this recipient; its words say why."""


class Mailer(Protocol):
    """Hands a message over, or raises MailError or MailRefused."""

    def send(self, message: EmailMessage) -> None:
        """Hand `message` over. Raises MailError, MailRefused."""


class SmtpMailer:
    """Speaks to `EMAIL_HOST:EMAIL_PORT`, one connection per message."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def send(self, message: EmailMessage) -> None:
        """Hand `message` to the server. Raises MailError, and MailRefused for good."""
        try:
            server = self._connect()
            try:
                self._sign_in(server)
                _hand_over(server, message)
                # The server has the mail now: a clumsy farewell must not send it a second time.
                with suppress(OSError, smtplib.SMTPException):
                    server.quit()
            finally:
                server.close()
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(_in_words(error)) from error

    def _connect(self) -> smtplib.SMTP:
        address = (self.settings.EMAIL_HOST, self.settings.EMAIL_PORT)
        if self.settings.EMAIL_USE_TLS and self.settings.EMAIL_PORT == SMTPS_PORT:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(*address, timeout=TIMEOUT_SECONDS, context=context)
        return smtplib.SMTP(*address, timeout=TIMEOUT_SECONDS)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        if self.settings.EMAIL_USE_TLS and not isinstance(server, smtplib.SMTP_SSL):
            server.starttls(context=ssl.create_default_context())
        if self.settings.EMAIL_HOST_USER:
            server.login(self.settings.EMAIL_HOST_USER, self.settings.EMAIL_HOST_PASSWORD)


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    """Send `message`. Raises MailRefused for what is wrong with it or with its recipient.

    By RFC 5321 a client should not try again what was answered 5xx. But where the server refuses
    the connection, the password or the sender, our configuration is at fault: that can be mended.
    """
    try:
        server.send_message(message)
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefused(f"the mail server cannot write to that address: {error}") from error
    except smtplib.SMTPException as error:
        code, _ = _answer(error)
        may_be_ours = code in NOT_SIGNED_IN or (isinstance(error, _ABOUT_US) and code != TOO_LARGE)
        if 500 <= code < 600 and not may_be_ours:
            raise MailRefused(_in_words(error)) from error
        raise


_ABOUT_US = (smtplib.SMTPSenderRefused, smtplib.SMTPHeloError)


def _answer(error: Exception) -> tuple[int, str]:
    """What the server said, 0 where it said nothing; of one recipient, since there is one."""
    code: int = 0
    words: bytes | str = ""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    return code, words.decode(errors="replace") if isinstance(words, bytes) else words


def _in_words(error: Exception) -> str:
    code, words = _answer(error)
    return f"the mail server says: {code} {words}" if code else f"{type(error).__name__}: {error}"


class FileMailer:
    """Writes each message to a folder as `<date>-<message id>.eml`.

    The name is made of the message alone, so the same message again is the same file again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage) -> None:
        """Write `message`; a reader never sees half of it. Raises MailError."""
        moment = parsedate_to_datetime(message["Date"]).strftime("%Y%m%dT%H%M%S")
        identifier = re.sub(r"[^A-Za-z0-9.-]+", "_", message["Message-ID"]).strip("_")[:150]
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = self.folder / f".{identifier}.{os.getpid()}"
            unfinished.write_bytes(message.as_bytes())
            unfinished.replace(self.folder / f"{moment}-{identifier}.eml")
        except OSError as error:
            raise MailError(f"cannot write to {self.folder}: {error.strerror}") from error


def make_mailer(settings: Settings) -> Mailer:
    """The mailer that the settings ask for."""
    if settings.EMAIL_HOST:
        return SmtpMailer(settings)
    return FileMailer(settings.DATA_DIR / "mail")
