"""`/metrics`: for Prometheus, which shows METRICS_TOKEN, and for administrators."""

import hmac

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST

from app.config import current_settings
from app.core.api import Blueprint
from app.core.metrics import init_metrics
from app.extensions import limiter
from app.operations.collecting import exposition
from app.operations.readings import Reader
from app.users.actor import admins_only

bp = Blueprint("metrics", __name__, description="For Prometheus")


def init_scraping(app: Flask) -> None:
    """Count every request, and let Prometheus in by METRICS_TOKEN, before anything else is asked.

    It is no user, and is answered while the database, which knows the users, is away.
    """
    init_metrics(app)
    app.extensions["metrics_reader"] = Reader()
    app.before_request(_answer_scraper)


@bp.get("/metrics")
@limiter.exempt
@admins_only
@bp.alt_response(200, description="The text format of Prometheus", success=True)
@bp.alt_response(403, description="Neither METRICS_TOKEN nor a global ADMIN's token")
def read_metrics() -> Response:
    """Tell the metrics of this process and of the service (METRICS_TOKEN or administrators only)"""
    return Response(exposition(), content_type=CONTENT_TYPE_LATEST)


def _answer_scraper() -> Response | None:
    is_meant = request.endpoint == f"{bp.name}.{read_metrics.__name__}"
    token = current_settings().METRICS_TOKEN
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if not (is_meant and token and scheme.lower() == "bearer"):
        return None
    if not hmac.compare_digest(shown.strip().encode(), token.encode()):
        return None
    return Response(exposition(), content_type=CONTENT_TYPE_LATEST)
