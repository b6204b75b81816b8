"""What somebody can do about the own mails: `/api/v1/notifications/…`."""

from typing import Any

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.limits import api_limit, test_mail_limit
from app.core.pagination import Page, page_schema, paged
from app.extensions import db
from app.notifications import quiet_hours, sent
from app.notifications.quiet_hours import QuietHoursInputSchema, QuietHoursSchema
from app.notifications.sent import MailTestInputSchema, MailTestSchema, SentQuerySchema, SentSchema
from app.users.actor import current_actor

bp = Blueprint("mail", __name__, description="See what became of one's mails, and when they come")
api_limit(bp)


@bp.get("/notifications/quiet-hours/")
@bp.response(200, QuietHoursSchema)
def show_quiet_hours() -> dict[str, Any]:
    """Show the caller's quiet hours"""
    return quiet_hours.show(db.session(), current_actor())


@bp.put("/notifications/quiet-hours/")
@bp.arguments(QuietHoursInputSchema, example={"quiet_from": "22:00", "quiet_until": "07:00"})
@bp.response(200, QuietHoursSchema)
def set_quiet_hours(span: dict[str, Any]) -> dict[str, Any]:
    """Set the hours in which no mail is sent; they may go over midnight"""
    with unit_of_work() as session:
        return quiet_hours.change(session, span, actor=current_actor())


@bp.delete("/notifications/quiet-hours/")
@bp.response(204)
def remove_quiet_hours() -> None:
    """Give up the quiet hours"""
    with unit_of_work() as session:
        quiet_hours.remove(session, actor=current_actor())


@bp.post("/notifications/test/")
@test_mail_limit
@bp.arguments(MailTestInputSchema, example={"channel": "email"})
@bp.response(202, MailTestSchema)
@bp.alt_response(409, description="The caller has no e-mail address")
def send_test(_: dict[str, Any]) -> dict[str, Any]:
    """Send the caller a test mail, the way that all others take"""
    with unit_of_work() as session:
        return sent.ask_for_test(session, actor=current_actor())


@bp.get("/notifications/deliveries/")
@bp.arguments(SentQuerySchema, location="query")
@bp.response(200, page_schema(SentSchema))
def list_deliveries(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List the mails to the caller, newest first, with what became of each"""
    count, rows = sent.list_sent(db.session(), query, current_actor())
    return paged(count, rows, query)
