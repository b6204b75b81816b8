"""What every mail has: its head, HTML and text, nothing that breaks out of either."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.config import Settings
from app.core.events import EventRecord
from app.users.models import User

MAX_TEXT = 500
"""Characters of one text in a mail; a description has up to 20,000 of them."""

_environment = Environment(
    loader=PackageLoader("app.notifications"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Content(NamedTuple):
    """What a mail says: its subject, and two templates (`.html`, `.txt`) with their values."""

    subject: str
    template: str
    values: dict[str, Any]


def compose(
    record: EventRecord, recipient: User, content: Content, settings: Settings
) -> EmailMessage:
    """The mail about an event, with a Message-ID of this delivery's own.

    The same delivery always has the same Message-ID, so that a mail which had to be sent twice can
    be recognised.
    """
    message = EmailMessage()
    message["Subject"] = one_line(content.subject)
    message["From"] = settings.EMAIL_FROM
    message["To"] = Address(one_line(recipient.display_name), addr_spec=recipient.email or "")
    message["Date"] = format_datetime(record.at)
    domain = urlsplit(settings.PUBLIC_URL).hostname
    message["Message-ID"] = f"<delivery-{record.event_id}-{recipient.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if record.request_id:
        message["X-Request-ID"] = record.request_id
    message.set_content(_render(f"{content.template}.txt", content.values))
    message.add_alternative(_render(f"{content.template}.html", content.values), subtype="html")
    return message


def one_line(text: str) -> str:
    """`text` without line breaks and other control characters, fit for a header."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()


def shortened(text: str) -> str:
    """`text`, or its beginning where it is long."""
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT].rstrip() + " …"


def link_to_task(task_id: int, settings: Settings) -> str:
    """Where a task is looked at."""
    return f"{settings.PUBLIC_URL}/#tasks/{task_id}"


def _render(template: str, values: dict[str, Any]) -> str:
    return _environment.get_template(template).render(values)
