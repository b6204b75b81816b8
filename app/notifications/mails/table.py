"""THE table of mails: each kind with its subject and with what its template is given.

The templates are `templates/mails/<kind>.html` and `.txt`.
"""

from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.notifications.kinds import Kind
from app.notifications.mails import values
from app.notifications.mails.envelope import envelope
from app.notifications.mails.letter import Letter
from app.notifications.mails.values import Values
from app.notifications.mails.wording import inert


class Mail(NamedTuple):
    """How one kind is written; `subject` is filled with the values."""

    subject: str
    values: Callable[[Letter], Values]


MAILS: Mapping[Kind, Mail] = {
    Kind.MENTIONED: Mail("{actor} mentioned you: {title}", values.of_mention),
    Kind.ASSIGNED: Mail("{actor} assigned you: {title}", values.of_task),
    Kind.SLA_BREACHED: Mail("Overdue: {title}", values.of_task),
    Kind.DUE_SOON: Mail("Due soon: {title}", values.of_task),
    Kind.PROJECT_INVITATION: Mail("{actor} added you to {title}", values.of_invitation),
    Kind.COMMENTED: Mail("{actor} commented: {title}", values.of_comment),
    Kind.CHANGED: Mail("Task updated: {title}", values.of_task),
    Kind.DAILY_SUMMARY: Mail("Your day: {headline}", values.of_summary),
    Kind.WEBHOOK_DISABLED: Mail("Webhook switched off: {title}", values.of_webhook),
    Kind.TEST: Mail("Test: e-mail works", values.of_test),
}

_environment = Environment(
    loader=PackageLoader("app.notifications", "templates/mails"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    finalize=inert,
    trim_blocks=True,
    lstrip_blocks=True,
)


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The whole mail, as text and as HTML."""
    mail = MAILS[letter.kind]
    filling = {"actor": letter.actors, **mail.values(letter)}
    subject = mail.subject.format_map(filling)
    filling |= {
        "subject": subject,
        "preheader": values.preheader(filling),
        "unsubscribe_url": letter.links.unsubscribe,
        "preferences_url": letter.links.preferences,
    }
    message = envelope(letter, subject, sender)
    message.set_content(_environment.get_template(f"{letter.kind}.txt").render(filling))
    html = _environment.get_template(f"{letter.kind}.html").render(filling)
    message.add_alternative(html, subtype="html")
    return message
