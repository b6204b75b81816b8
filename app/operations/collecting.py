"""The gauges of `/metrics` that are read when they are asked for."""

import platform
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import current_app
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from app.core.metrics import PROCESS_REGISTRY
from app.extensions import db, limiter
from app.operations.readings import Reader, Readings
from app.realtime.switchboard import Switchboard

VERSION = "0.1.0"
"""As in pyproject.toml, which is no part of the image; a test holds the two equal."""

_STATES = ("due", "waiting", "in_hand", "dead")


class ServiceCollector(Collector):
    """Reads the service's state; needs the application's context."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def collect(self) -> Iterator[Metric]:
        """Every gauge that can be told now."""
        found = self._reader.read()
        yield from _of_process()
        yield from _of_sockets()
        yield from _of_servers(found)
        yield from _of_jobs(found)
        if found.database is not None:
            yield from _of_deliveries(found.database.channels)
            yield from _of_relay(found.database.relay)
            yield from _of_heartbeats(found.database.processes, found.database.silent)


def exposition() -> bytes:
    """All metrics in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector(current_app.extensions["metrics_reader"]))
    return bytes(generate_latest(PROCESS_REGISTRY)) + bytes(generate_latest(registry))


def _gauge(
    name: str, told: str, labels: tuple[str, ...], values: Mapping[Any, float]
) -> GaugeMetricFamily:
    """One gauge; the keys of `values` are the value of the one label, or a tuple of several."""
    family = GaugeMetricFamily(f"task_service_{name}", told, labels=labels)
    for key, value in values.items():
        family.add_metric([key] if isinstance(key, str) else list(key), value)
    return family


def _of_process() -> Iterator[Metric]:
    build = {(VERSION, platform.python_version()): 1.0}
    yield _gauge("build_info", "What runs here.", ("version", "python"), build)
    pool: Any = db.engine.pool
    connections = {
        "checked_out": pool.checkedout(),
        "size": pool.size(),
        # Below nought while the pool has not been filled yet.
        "overflow": max(0, pool.overflow()),
    }
    told = "Database connections of this process: in use, kept open, and beyond those."
    yield _gauge("db_pool_connections", told, ("state",), connections)
    in_memory = limiter.limiter.storage is not limiter.storage
    told = "1 while rate limits are counted in this process, because Redis does not answer."
    yield _gauge("limiter_in_memory", told, (), {(): float(in_memory)})


def _of_sockets() -> Iterator[Metric]:
    switchboard: Switchboard = current_app.extensions["realtime"]
    kinds = dict.fromkeys(("socketio", "websocket"), 0)
    users = set()
    for each in switchboard.connections.all():
        kinds[each.adapter.kind] += 1
        users |= {each.actor.id} if each.actor else set()
    yield _gauge("sockets", "Open sockets of this process.", ("kind",), kinds)
    told = "Different users with an open socket at this process."
    yield _gauge("connected_users", told, (), {(): len(users)})


def _of_servers(found: Readings) -> Iterator[Metric]:
    lengths = {name: length for name, length in found.queues.items() if length is not None}
    up = {
        "database": float(found.database is not None),
        "broker": float(bool(lengths)),
        "cache": float(found.jobs is not None),
    }
    yield _gauge("up", "1 where the server behind this process answered.", ("server",), up)
    yield _gauge("queue_length", "Messages in each queue of the broker.", ("queue",), lengths)


def _of_jobs(found: Readings) -> Iterator[Metric]:
    runs = CounterMetricFamily(
        "task_service_jobs", "Runs of each job in all workers.", labels=("job", "outcome")
    )
    seconds = CounterMetricFamily(
        "task_service_job_seconds", "Time that each job took in all workers.", labels=("job",)
    )
    for name, each in (found.jobs or {}).items():
        runs.add_metric([name, "done"], each.done)
        runs.add_metric([name, "failed"], each.failed)
        seconds.add_metric([name], each.seconds)
    yield runs
    yield seconds


def _of_deliveries(channels: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    rows = {each["channel"]: each for each in channels}
    states = {(name, state): row[state] for name, row in rows.items() for state in _STATES}
    told = "Deliveries not carried out: due, waiting, in a worker's hand, or dead."
    yield _gauge("deliveries", told, ("channel", "state"), states)
    ended = {
        (name, state): row[f"{state}_lately"]
        for name, row in rows.items()
        for state in ("done", "dropped")
    }
    told = "Deliveries done or dropped within the last hour."
    yield _gauge("deliveries_ended_last_hour", told, ("channel", "state"), ended)
    retrying = {name: row["retrying"] for name, row in rows.items()}
    yield _gauge("deliveries_retrying", "Pending, and failed before.", ("channel",), retrying)
    oldest = {name: row["oldest_seconds"] or 0.0 for name, row in rows.items()}
    told = "Age of the oldest pending delivery."
    yield _gauge("delivery_oldest_seconds", told, ("channel",), oldest)


def _of_relay(lag: Mapping[str, Any]) -> Iterator[Metric]:
    told = "Events that the relay has not carried on."
    yield _gauge("relay_lag_events", told, (), {(): lag["events"]})
    told = "Age of the oldest event that the relay has not carried on."
    yield _gauge("relay_lag_seconds", told, (), {(): lag["oldest_seconds"] or 0.0})


def _of_heartbeats(processes: Mapping[str, float], silent: Mapping[str, float]) -> Iterator[Metric]:
    yield _gauge("processes", "Processes that are alive.", ("kind",), processes)
    told = "Time since the last sign of life of the liveliest process of a kind."
    yield _gauge("heartbeat_age_seconds", told, ("kind",), silent)
