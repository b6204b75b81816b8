"""Django's settings; the addresses of the servers come from the environment."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["PEER_DATABASE_URL"])

SECRET_KEY = "only for a benchmark"  # noqa: S105 - nothing outside this machine can reach it
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "channels",
    "benchmarks.peers.channels",
]
ROOT_URLCONF = "benchmarks.peers.channels.urls"
ASGI_APPLICATION = "benchmarks.peers.channels.asgi.application"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username,
        "PASSWORD": _database.password,
        "HOST": _database.hostname,
        "PORT": _database.port,
        "CONN_MAX_AGE": None,
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # The default of 100 is soon full, and what does not fit is dropped.
        "CONFIG": {"hosts": [os.environ["PEER_REDIS_URL"]], "capacity": 2000},
    }
}
# A database for one run: its tables are made at once.
MIGRATION_MODULES = {"auth": None, "contenttypes": None}
