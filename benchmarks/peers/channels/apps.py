"""Its name for Django: the library itself is called channels."""

from django.apps import AppConfig


class PeerConfig(AppConfig):
    """The peer."""

    name = "benchmarks.peers.channels"
    label = "peer"
