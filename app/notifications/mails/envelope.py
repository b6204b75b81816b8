"""A mail without its text: the header fields."""

from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime
from urllib.parse import urlsplit

from app.notifications.mails.letter import Letter
from app.notifications.mails.wording import one_line

_UNSUBSCRIBE = "List-Unsubscribe"


class _WholeAddress(UnstructuredHeader, BaseHeader):
    """An address on a line of its own: encoded, as long words are, mail programs miss it."""

    def fold(self, *, policy: Policy) -> str:
        """The field as it is sent."""
        return f"{_UNSUBSCRIBE}:{policy.linesep} {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type(_UNSUBSCRIBE, _WholeAddress)


def envelope(letter: Letter, subject: str, sender: str) -> EmailMessage:
    """The header of `letter`, with a Message-ID of its delivery's own.

    The same delivery always has the same Message-ID, so that a mail which had to be sent twice can
    be recognised. One click unsubscribes (RFC 8058), from what can be switched off.
    """
    recipient, head = letter.recipient, letter.head
    message = EmailMessage()
    message["Subject"] = one_line(subject)
    message["From"] = sender
    message["To"] = Address(one_line(recipient.display_name), addr_spec=recipient.email or "")
    message["Date"] = format_datetime(letter.last.at)
    domain = urlsplit(letter.links.public).hostname
    message["Message-ID"] = f"<delivery-{head.event_id}-{recipient.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.links.unsubscribe:
        message[_UNSUBSCRIBE] = _headers(_UNSUBSCRIBE, f"<{letter.links.unsubscribe}>")
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if head.request_id:
        message["X-Request-ID"] = one_line(head.request_id)
    return message
