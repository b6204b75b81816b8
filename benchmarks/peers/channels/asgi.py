"""What uvicorn serves."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.channels.settings")
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - Django first
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402

from benchmarks.peers.channels.consumers import TaskConsumer  # noqa: E402
from benchmarks.peers.channels.tokens import TokenMiddleware  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": TokenMiddleware(URLRouter([path("ws/tasks/", TaskConsumer.as_asgi())])),
    }
)
