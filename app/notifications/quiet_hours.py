"""Quiet hours: a span of the day, in the user's own time zone, in which no mail arrives.

What falls into it is sent when it is over.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validates_schema
from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, events
from app.core.events import Changes, Event, StreamName
from app.core.models import Base
from app.users.actor import Actor
from app.users.models import User

_FORM = "%H:%M"
_NONE: Mapping[str, None] = {"quiet_from": None, "quiet_until": None}


class QuietHours(Base):
    """The quiet hours of one user; without a row there are none.

    Where `quiet_until` is not the later one, the span goes over midnight.
    """

    __tablename__ = "quiet_hours"

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    quiet_from: Mapped[time]
    quiet_until: Mapped[time]


class QuietHoursSchema(Schema):
    """The quiet hours, in the user's time zone; both null where there are none."""

    quiet_from = fields.Time(_FORM, allow_none=True)
    quiet_until = fields.Time(_FORM, allow_none=True)
    timezone = fields.String(metadata={"description": "The user's own, of the profile."})


class QuietHoursInputSchema(Schema):
    """A span of the day, such as 22:00 to 07:00."""

    quiet_from = fields.Time(_FORM, required=True, error_messages={"format": "must be HH:MM"})
    quiet_until = fields.Time(_FORM, required=True, error_messages={"format": "must be HH:MM"})

    @validates_schema
    def _is_a_span(self, data: dict[str, Any], **_: Any) -> None:
        if data["quiet_from"] == data["quiet_until"]:
            raise ValidationError("must differ from quiet_from", "quiet_until")


class QuietHoursUpdated(Event):
    """A user set, changed or gave up the quiet hours; `entity_id` is the user."""

    type: ClassVar[str] = "quiet_hours.updated"
    entity: ClassVar[str] = "quiet_hours"


def show(session: Session, actor: Actor) -> dict[str, Any]:
    """The quiet hours of `actor`, as QuietHoursSchema prints them."""
    found = session.get(QuietHours, actor.id)
    span = {name: getattr(found, name) for name in _NONE} if found else _NONE
    return {**span, "timezone": actor.timezone}


def change(session: Session, span: Mapping[str, time], *, actor: Actor) -> dict[str, Any]:
    """Set the quiet hours of `actor` to `span` (`quiet_from`, `quiet_until`)."""
    before = _locked(session, actor)
    session.merge(QuietHours(user_id=actor.id, **span))
    _record(actor, before, span)
    return {**span, "timezone": actor.timezone}


def remove(session: Session, *, actor: Actor) -> None:
    """Give up the quiet hours of `actor`."""
    before = _locked(session, actor)
    if found := session.get(QuietHours, actor.id):
        session.delete(found)
    _record(actor, before, _NONE)


def remaining(session: Session, user: User) -> timedelta | None:
    """How long the quiet of `user` lasts from now on; None where it is not quiet."""
    hours = session.get(QuietHours, user.id, populate_existing=True)
    end = end_of_quiet(hours, ZoneInfo(user.timezone), clock.now()) if hours else None
    return end - clock.now() if end else None


def end_of_quiet(hours: QuietHours, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the span that `now` falls into is over; None where it falls into none."""
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        # The hours are those of the clock on the wall, however long the night is by it.
        last_day = day if hours.quiet_from < hours.quiet_until else day + timedelta(days=1)
        end = _instant(last_day, hours.quiet_until, zone)
        if _instant(day, hours.quiet_from, zone) <= now < end:
            return end
    return None


def _instant(day: date, moment: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, moment, zone).astimezone(UTC)


def _locked(session: Session, actor: Actor) -> Mapping[str, time | None]:
    """The present span. Writers come one after the other, also where there is no row yet."""
    session.get_one(User, actor.id, with_for_update=True)
    present = show(session, actor)
    return {name: present[name] for name in _NONE}


def _record(
    actor: Actor, before: Mapping[str, time | None], after: Mapping[str, time | None]
) -> None:
    old, new = QuietHoursSchema().dump(before), QuietHoursSchema().dump(after)
    changes: Changes = events.differences(old, new)
    if not changes:
        return
    events.record(
        QuietHoursUpdated(
            entity_id=actor.id,
            actor_id=actor.id,
            streams=frozenset({StreamName.of_user(actor.id)}),
            changes=changes,
            snapshot=new,
        )
    )
