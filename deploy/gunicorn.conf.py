"""Settings of the web server, for ``run.py`` and for the container image alike."""

import gc
import os
import resource
from typing import Any

from psycogreen.gevent import patch_psycopg

wsgi_app = "app:create_app()"
bind = [part.strip() for part in os.environ.get("BIND", "127.0.0.1:5000").split(",")]
proc_name = "task-service"

# One process serves all: Socket.IO's sessions live in it. More processes are more containers behind
# a balancer that keeps a client at one of them, never more workers behind this socket.
workers = 1
worker_class = os.environ.get("WEB_WORKER_CLASS", "gevent")

# Beside the sockets, whose number is a setting.
HTTP_CONNECTIONS = 500
# Connections that are taken in one turn of gevent's loop, whose own value is 100: a request takes
# several turns, and a crowd of sockets that comes back is not to lengthen each of them.
ACCEPTED_AT_ONCE = 8
# A process has files and connections of its own, to the database for example.
OTHER_FILES = 200

# A gevent worker reports every second while its loop turns; half a minute of silence is a hang.
timeout = 30
# Open WebSockets never finish by themselves, so this is how long every stop takes while some are
# open. Their clients reconnect and resume; a request gets time enough.
graceful_timeout = 5
keepalive = 5

# Filters make long query strings, hence more than the default of 4094.
limit_request_line = 8190

# X-Forwarded-* headers are judged in one place, the application (TRUSTED_PROXIES).
forwarded_allow_ips = ""
forwarder_headers = ""

# The application writes one line per request, with the request id.
accesslog = None
loglevel = os.environ.get("WEB_LOG_LEVEL", "warning")

# Nobody operates this server through its control socket, and its default place is the home folder.
control_socket_disable = True


def post_fork(_server: object, _worker: object) -> None:
    """Let a query switch to another greenlet while it waits for the database.

    The worker class itself patches the standard library, right after this and before it loads the
    application.
    """
    if worker_class == "gevent":
        patch_psycopg()


def post_worker_init(worker: Any) -> None:
    """Fit the process for many sockets and show that it is alive, once the application is there."""
    # Not before the standard library is patched.
    from gevent.baseserver import BaseServer  # noqa: PLC0415

    from app.processes.heart import Heart  # noqa: PLC0415

    BaseServer.max_accept = ACCEPTED_AT_ONCE
    _make_room(worker)
    _collect_garbage_seldom()
    Heart(worker.wsgi, "web").start()


def _collect_garbage_seldom() -> None:
    """Keep the search for garbage in cycles from stopping a process with many sockets.

    Among the objects of 2,000 sockets it takes 0.2 s, and with Python's own thresholds it is made
    every second while messages are sent; almost everything is freed without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000, 10, 500)


def _make_room(worker: Any) -> None:
    """Let the worker take as many sockets as it is set to, and HTTP besides.

    Many systems begin with 1024 open files for a process and let it have more when it asks.
    """
    wanted = worker.wsgi.config["SETTINGS"].SOCKETS_PER_PROCESS + HTTP_CONNECTIONS
    worker.worker_connections = wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted + OTHER_FILES:
        most = wanted + OTHER_FILES
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < most:
            worker.log.warning("Only %d open files are allowed; %d may be needed.", allowed, most)
