"""The application factory: a table of contents of the service."""

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import models  # noqa: F401 - migrations need every model
from app.auth.guard import identify_caller, require_token
from app.autoscale_cli import autoscale
from app.blueprints import PUBLIC, register_blueprints
from app.config import Settings, load_settings
from app.core.api import api
from app.core.cache import init_cache
from app.core.commands import speak_plainly
from app.core.error_handlers import init_error_handlers
from app.core.events import install_reactions
from app.core.limits import init_limits
from app.core.logging import configure_logging, init_request_logging
from app.core.openapi import init_openapi
from app.core.requests import init_request_bounds
from app.extensions import db, jwt, migrate
from app.notifications.cli import mails
from app.operations.cli import deliveries
from app.operations.metrics_routes import init_scraping
from app.reactions import REACTIONS
from app.realtime import init_realtime
from app.reports.cli import reports
from app.schedule.cli import jobs
from app.users.cli import create_admin
from app.web.cross_origin import init_cross_origin
from app.web.security_headers import init_security_headers

MIGRATIONS = str(Path(__file__).parent.parent / "migrations")


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application. Raises SettingsError where a setting is wrong or unsafe."""
    speak_plainly()
    settings = settings or load_settings()
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(settings.flask_config())
    configure_logging(settings)

    db.init_app(app)
    migrate.init_app(app, db, directory=MIGRATIONS)
    jwt.init_app(app)
    init_cache(app, settings)
    install_reactions(app, REACTIONS)

    # Before a view runs, in this order: an id, Prometheus, https, the page, the text, the caller,
    # the limit, the door.
    for init in (init_request_logging, init_scraping, init_security_headers, init_cross_origin):
        init(app)
    init_request_bounds(app)
    app.before_request(identify_caller)
    init_limits(app, settings)
    require_token(app, PUBLIC)

    init_error_handlers(app)
    api.init_app(app)
    register_blueprints(app)
    init_openapi(app, PUBLIC)
    init_realtime(app)
    # Outermost, so that sockets are counted by the real address as well.
    _trust_proxies(app, settings)
    for command in (autoscale, create_admin, deliveries, jobs, mails, reports):
        app.cli.add_command(command)
    return app


def _trust_proxies(app: Flask, settings: Settings) -> None:
    """Believe exactly as many X-Forwarded-* entries as there are proxies of ours in front."""
    hops = settings.TRUSTED_PROXIES
    if hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops
        )
