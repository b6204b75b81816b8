"""The page behind the link at the end of every mail: `/unsubscribe/<token>`, without signing in."""

from flask import Blueprint, Response, make_response, render_template

from app.config import current_settings
from app.core.db import unit_of_work
from app.core.limits import api_limit
from app.extensions import db
from app.notifications import preferences
from app.notifications.kinds import KINDS, Channel
from app.notifications.unsubscribing import read_token

bp = Blueprint("unsubscribe", __name__, template_folder="templates")
api_limit(bp)


@bp.get("/unsubscribe/<token>")
def show(token: str) -> Response:
    """Ask whether to switch these mails off; the scanners that follow links change nothing"""
    return _page(token)


@bp.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """Switch these mails off, for the button of the page and for that of a mail program"""
    _choose(token, wanted=False)
    return _page(token)


@bp.post("/unsubscribe/<token>/undo")
def undo(token: str) -> Response:
    """Switch these mails on again"""
    _choose(token, wanted=True)
    return _page(token)


def _choose(token: str, *, wanted: bool) -> None:
    user_id, kind = read_token(token, current_settings())
    with unit_of_work() as session:
        preferences.change(session, user_id, {kind.value: {Channel.EMAIL.value: wanted}})


def _page(token: str) -> Response:
    """What is the case now, and the button that changes it."""
    user_id, kind = read_token(token, current_settings())
    is_on = preferences.is_on(db.session(), user_id, kind, Channel.EMAIL)
    page = render_template("unsubscribe.html", token=token, told=KINDS[kind], is_on=is_on)
    response = make_response(page)
    # The address is as good as the permission.
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
