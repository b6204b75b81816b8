"""A real PostgreSQL and a real Redis-compatible server from wheels, and a process supervisor.

For development and tests: ``run.py`` keeps the whole service running on one machine with it, and
the tests take a throw-away pair of servers from :func:`embedded.throwaway.throwaway_servers`.
Nothing here knows the application.
"""

from embedded.errors import AlreadyRunningError, EmbeddedError, StartError
from embedded.lock import FolderLock
from embedded.postgres import PostgresServer
from embedded.process import ProcessSpec
from embedded.supervisor import Supervisor
from embedded.throwaway import Servers, throwaway_servers
from embedded.valkey import ValkeyServer

__all__ = [
    "AlreadyRunningError",
    "EmbeddedError",
    "FolderLock",
    "PostgresServer",
    "ProcessSpec",
    "Servers",
    "StartError",
    "Supervisor",
    "ValkeyServer",
    "throwaway_servers",
]
