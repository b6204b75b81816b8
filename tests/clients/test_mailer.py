import smtplib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from app.clients.mailer import FileMailer, MailError, MailRefused, SmtpMailer, make_mailer
from tests.clients.smtp import Box, smtp_server


@pytest.fixture
def box() -> Iterator[Box]:
    with smtp_server() as box:
        yield box


@pytest.fixture
def message() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Grüße 你好"
    message["From"] = "tasks@example.com"
    message["To"] = "ada@example.com"
    message["Date"] = "Sat, 21 Nov 2026 10:00:00 +0000"
    message["Message-ID"] = "<delivery-1@example.com>"
    message.set_content("Hello.")
    return message


def test_mail_goes_to_the_server_that_is_set(make_settings, box, message):
    mailer = make_mailer(make_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=box.port))
    mailer.send(message)

    (received,) = box.messages
    assert isinstance(mailer, SmtpMailer)
    assert received["Message-ID"] == "<delivery-1@example.com>"
    assert received["X-RcptTo"] == "ada@example.com"


@pytest.mark.parametrize(
    ("step", "answer", "error"),
    [
        ("DATA", "451 try later", MailError),
        ("DATA", "550 go away", MailRefused),
        ("DATA", "530 sign in first", MailError),
        ("RCPT", "450 mailbox busy", MailError),
        ("RCPT", "550 5.1.1 nobody here", MailRefused),
        ("RCPT", "530 sign in first", MailError),
        ("MAIL", "451 try later", MailError),
        # Not the mail is wrong, but our sender.
        ("MAIL", "550 who are you", MailError),
        ("MAIL", "552 too large", MailRefused),
        ("EHLO", "554 not from there", MailError),
        ("DATA", "421 closing", MailError),
        ("RCPT", "421 closing", MailError),
    ],
)
def test_what_is_refused_for_good_is_told_from_what_may_work_later(
    make_settings, box, message, step, answer, error
):
    box.answers[step] = answer

    with pytest.raises(error, match=answer[:3]):
        SmtpMailer(make_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=box.port)).send(message)


def test_an_address_that_the_server_cannot_write_to_is_refused_for_good(
    make_settings, box, message
):
    del message["To"]
    message["To"] = "ädä@example.com"

    with pytest.raises(MailRefused, match="cannot write to that address"):
        SmtpMailer(make_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=box.port)).send(message)


def test_a_server_that_does_not_want_our_connection_may_want_it_later(make_settings, message):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = make_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=server.getsockname()[1])
        with ThreadPoolExecutor() as pool:
            sending = pool.submit(SmtpMailer(settings).send, message)
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"554 no service for you\r\n")
                with pytest.raises(MailError, match="554"):
                    sending.result(5)


def test_no_server_is_an_error(make_settings, message):
    with pytest.raises(MailError, match="refused"):
        SmtpMailer(make_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=1)).send(message)


def test_a_server_that_is_rude_after_accepting_has_the_mail(
    make_settings, box, message, monkeypatch
):
    def disconnect(_self):
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(smtplib.SMTP, "quit", disconnect)

    SmtpMailer(make_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=box.port)).send(message)

    assert len(box.messages) == 1


def test_a_password_is_never_sent_in_clear_text(make_settings, box, message):
    settings = make_settings(
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=box.port,
        EMAIL_HOST_USER="tasks",
        EMAIL_HOST_PASSWORD="hunter2",
    )

    with pytest.raises(MailError, match="STARTTLS"):
        SmtpMailer(settings).send(message)


def test_without_a_server_mail_is_written_to_files(make_settings, message, tmp_path):
    mailer = make_mailer(make_settings())
    mailer.send(message)
    mailer.send(message)

    (file,) = (tmp_path / "mail").iterdir()
    assert isinstance(mailer, FileMailer)
    assert file.name == "20261121T100000-delivery-1_example.com.eml"
    written = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert written["Subject"] == "Grüße 你好"


def test_a_folder_that_cannot_be_written_is_an_error(message, tmp_path):
    (tmp_path / "mail").write_text("a file")

    with pytest.raises(MailError, match="mail"):
        FileMailer(tmp_path / "mail").send(message)
