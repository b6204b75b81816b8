"""The list of blueprints: where each hangs, and what of it answers without a token."""

from typing import NamedTuple

from flask import Blueprint as FlaskBlueprint
from flask import Flask

from app.audit.routes import bp as audit
from app.auth.routes import bp as auth
from app.boards.routes import bp as board
from app.comments.routes import bp as comment
from app.core.api import Blueprint, api
from app.dialects.classic import bp as classic
from app.dialects.flask_api import bp as flask_api
from app.dialects.management_system import bp as management_system
from app.exchange.routes import bp as exchange
from app.health.routes import bp as health
from app.notifications.mail_routes import bp as mail
from app.notifications.routes import bp as notification
from app.notifications.unsubscribe_routes import bp as unsubscribe
from app.operations.metrics_routes import bp as metrics
from app.operations.routes import bp as operations
from app.processes.routes import bp as process
from app.projects.directory_routes import bp as directory
from app.projects.routes import bp as project
from app.ratelimits.routes import bp as rate_limit
from app.realtime.changes_routes import bp as changes
from app.reports.routes import bp as report
from app.schedule.routes import bp as schedule
from app.task_logs.routes import bp as task_log
from app.tasks.filter_routes import bp as filter_
from app.tasks.lifecycle_routes import bp as lifecycle
from app.tasks.routes import bp as task
from app.users.routes import bp as user
from app.web.routes import bp as web
from app.web.session_routes import bp as session
from app.webhooks.routes import bp as webhook


class Entry(NamedTuple):
    """One blueprint; `public` names its views that need no token."""

    blueprint: FlaskBlueprint
    prefix: str
    public: tuple[str, ...] = ()


V1 = "/api/v1"

BLUEPRINTS = (
    Entry(directory, V1),
    Entry(user, V1, public=("register",)),
    Entry(auth, V1, public=("sign_in", "refresh")),
    Entry(project, V1),
    Entry(board, V1),
    Entry(task, V1),
    Entry(exchange, V1),
    Entry(filter_, V1),
    Entry(lifecycle, V1),
    Entry(comment, V1),
    Entry(notification, V1),
    Entry(mail, V1),
    Entry(changes, V1),
    Entry(report, V1),
    Entry(audit, V1),
    Entry(task_log, V1),
    Entry(rate_limit, V1),
    Entry(operations, V1),
    Entry(metrics, ""),
    Entry(process, V1),
    Entry(schedule, V1),
    Entry(webhook, V1),
    Entry(health, "", public=("livez", "readyz", "health", "database_health")),
    Entry(classic, "", public=("register", "obtain_token", "refresh_token")),
    Entry(flask_api, "", public=("register", "login", "check_limiter")),
    Entry(management_system, "", public=("register",)),
    Entry(unsubscribe, "", public=("show", "unsubscribe", "undo")),
    Entry(session, "", public=("start", "refresh")),
    Entry(web, "", public=("board", "swagger_ui", "redoc", "problem", "static")),
)

OPENAPI = "api-docs.openapi_json"
"""The view of flask-smorest that serves the OpenAPI document."""

PUBLIC = frozenset(
    {f"{entry.blueprint.name}.{view}" for entry in BLUEPRINTS for view in entry.public} | {OPENAPI}
)
"""Every endpoint that answers without a token; all others need one."""


def register_blueprints(app: Flask) -> None:
    """Hang every blueprint on `app`; those of flask-smorest enter the OpenAPI document."""
    for entry in BLUEPRINTS:
        if isinstance(entry.blueprint, Blueprint):
            api.register_blueprint(entry.blueprint, url_prefix=entry.prefix)
        else:
            app.register_blueprint(entry.blueprint, url_prefix=entry.prefix or None)
