"""What tests of the relay and of deliveries share."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, text, update

from app.core.db import unit_of_work
from app.core.delivery_models import Delivery
from app.core.events import EventRecord
from app.extensions import db
from app.notifications import jobs
from app.webhooks.jobs import deliver
from workers.relay import relay_events

RUN = {"email": jobs.send_email, "lambda": jobs.invoke_lambda, "again": jobs.react_again,
       "webhook": deliver}  # fmt: skip


def relay(app: Flask) -> None:
    """Let the relay take all events there are."""
    with app.app_context(), db.engine.connect() as connection:
        while relay_events(connection):
            pass


def deliveries(app: Flask, **where: Any) -> Sequence[Delivery]:
    with app.app_context():
        return db.session.scalars(select(Delivery).filter_by(**where).order_by(Delivery.id)).all()


def events(app: Flask) -> Sequence[EventRecord]:
    with app.app_context():
        return db.session.scalars(select(EventRecord).order_by(EventRecord.position)).all()


def answer(app: Flask, delivery_id: int) -> str:
    """What a worker does when the doorbell of a delivery rings."""
    with app.app_context():
        channel = db.session.get_one(Delivery, delivery_id).channel
    with app.app_context():
        return RUN[channel].run(delivery_id)


def deliver_all(app: Flask) -> None:
    relay(app)
    for delivery in deliveries(app, state="pending"):
        answer(app, delivery.id)


def let_pass(app: Flask, duration: timedelta) -> None:
    """Make every delivery that much older."""
    moments = ("next_at", "lease_until", "ring_at", "created_at")
    with app.app_context(), unit_of_work() as session:
        session.execute(
            update(Delivery).values({m: getattr(Delivery, m) - duration for m in moments})
        )


def execute(app: Flask, statement: str, **values: Any) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement), values)
