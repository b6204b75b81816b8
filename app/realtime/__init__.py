"""Live updates: one hub that follows the log, and the sockets that listen to it."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from gevent import monkey

from app.config import Settings
from app.extensions import socketio
from app.realtime.credentials import is_allowed_origin
from app.realtime.handshake import HandshakeGuard
from app.realtime.socketio_adapter import SocketIOAdapter


def init_realtime(app: Flask) -> None:
    """Serve Socket.IO at `/socket.io/`, behind a guard."""
    settings: Settings = app.config["SETTINGS"]
    adapter = SocketIOAdapter(app)
    socketio.init_app(
        app,
        # Green threads in the web server; the command line and the workers only load the module.
        async_mode="gevent" if monkey.is_module_patched("socket") else "threading",
        cors_allowed_origins=lambda origin, environ: is_allowed_origin(origin, environ, settings),
        max_http_buffer_size=settings.SOCKET_MAX_MESSAGE_BYTES,
        ping_interval=20,
        ping_timeout=20,
    )
    _bound_messages(socketio.server.eio, settings.SOCKET_MAX_MESSAGE_BYTES)
    guard = HandshakeGuard(app, app.wsgi_app, adapter)
    app.wsgi_app = guard  # type: ignore[method-assign]  # Flask's documented way
    app.extensions["realtime"] = adapter


def _bound_messages(engine: Any, limit: int) -> None:
    """Make the WebSocket layer refuse a message while it is still arriving.

    Engine.IO compares the size only when the whole message is in memory, and has no option to pass
    the limit down to simple-websocket.
    """
    make: Callable[..., Any] = engine._async["websocket"]

    def make_bounded(handler: Any, server: Any) -> Any:
        websocket = make(handler, server)
        websocket.server_args["max_message_size"] = limit
        return websocket

    engine._async = {**engine._async, "websocket": make_bounded}
