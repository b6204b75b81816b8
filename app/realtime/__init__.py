"""Live updates: sockets that follow the event log."""

import logging
import sys
from typing import Any

from flask import Flask

from app.config import Settings, current_settings
from app.extensions import socketio
from app.realtime.connections import Bounds, Connections
from app.realtime.credentials import is_allowed_origin
from app.realtime.gate import Gate
from app.realtime.handshake import PATH, Handshake
from app.realtime.presence import Presence
from app.realtime.presence_store import PresenceStore
from app.realtime.protocol import BoundedJson
from app.realtime.raw_endpoint import RawEndpoint
from app.realtime.socketio_adapter import SocketIOAdapter
from app.realtime.sweeper import PING_INTERVAL_SECONDS
from app.realtime.switchboard import Switchboard
from app.realtime.turnstile import Turnstile
from app.realtime.websocket import WebSocketDriver

PING_TIMEOUT_SECONDS = 20

# Both libraries log what any client sends, some of it with a traceback. What goes wrong on our side
# is logged by the adapter.
_protocol_log = logging.getLogger("app.realtime.protocol")
_protocol_log.setLevel(logging.CRITICAL)


def init_realtime(app: Flask) -> None:
    """Serve Socket.IO at `/socket.io/` and bare WebSockets at `/ws/tasks/`.

    Only ProxyFix may stand further out. Nothing runs in the background before the first client is
    connected.
    """
    with app.app_context():
        settings = current_settings()
    socketio.init_app(app, **_options(settings))
    engine = socketio.server.eio
    engine._async = {**engine._async, "websocket": WebSocketDriver}
    connections = Connections(_bounds(settings))
    presence = Presence(socketio.server, connections, PresenceStore(settings.CACHE_REDIS_URL))
    switchboard = Switchboard(app, socketio.server, connections, presence)
    app.extensions["realtime"] = switchboard
    SocketIOAdapter(switchboard)
    gate = Gate(app, settings, connections, Turnstile(socketio.server.sleep))
    app.wsgi_app = Handshake(app, settings, gate, switchboard)  # type: ignore[method-assign]  # Flask's
    app.wsgi_app = RawEndpoint(app, gate, switchboard)  # type: ignore[method-assign]  # documented way


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        per_process=settings.SOCKETS_PER_PROCESS,
        per_user=settings.SOCKETS_PER_USER,
        per_address=settings.SOCKETS_PER_ADDRESS,
    )


def _options(settings: Settings) -> dict[str, Any]:
    def allows(origin: str, environ: dict[str, Any]) -> bool:
        return is_allowed_origin(origin, environ, settings)

    return {
        "async_mode": _async_mode(),
        "path": PATH.strip("/"),
        "cors_allowed_origins": allows,
        "cors_credentials": False,
        "ping_interval": PING_INTERVAL_SECONDS,
        "ping_timeout": PING_TIMEOUT_SECONDS,
        "max_http_buffer_size": settings.SOCKET_MAX_MESSAGE_BYTES,
        # One message of a client after the other: a client that sends faster has to wait.
        "async_handlers": False,
        "manage_session": False,
        "json": BoundedJson,
        "logger": _protocol_log,
        "engineio_logger": _protocol_log,
    }


def _async_mode() -> str:
    """`gevent` where gunicorn's worker has patched the standard library, else `threading`."""
    monkey = sys.modules.get("gevent.monkey")
    return "gevent" if monkey and monkey.is_module_patched("threading") else "threading"
