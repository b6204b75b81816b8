"""A real SMTP server for tests."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message


class Box(Message):
    """The server's inbox; an `answer` other than None is what each mail is refused with.

    `answers` are those to other steps: MAIL, RCPT, EHLO.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.messages = []
        self.answers = {}

    @property
    def answer(self):
        return self.answers.get("DATA")

    @answer.setter
    def answer(self, answer):
        self.answers["DATA"] = answer

    # The names are those of aiosmtpd.
    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        return [self.answers["EHLO"]] if self.answers.get("EHLO") else responses

    async def handle_HELO(self, server, session, envelope, hostname):  # noqa: N802
        session.host_name = hostname
        return self.answers.get("EHLO") or "250 hello"

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self.answers.get("MAIL") or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.answers.get("RCPT"):
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        return self.answer or await super().handle_DATA(server, session, envelope)

    def handle_message(self, message):
        self.messages.append(message)


@contextmanager
def smtp_server() -> Iterator[Box]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    box = Box(port)
    # Many a server cannot write to such addresses.
    controller = Controller(box, hostname="127.0.0.1", port=port, enable_SMTPUTF8=False)
    controller.start()
    yield box
    controller.stop()
