"""What this process counts of itself; `/metrics` prints it.

Every label has few values: routes are the templates that the code declares, never paths.
"""

import time

from flask import Flask, Response, g, request
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

from app.core.requests import route_template

# When each counter was made is a line for every one of them, and nobody asks.
disable_created_metrics()  # type: ignore[no-untyped-call]  # its annotations are partial
PROCESS_REGISTRY: CollectorRegistry = REGISTRY

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter(
    "task_service_requests_total",
    "Requests answered, by method, route template and status; (none) is no route at all.",
    ["method", "route", "status"],
)
LATENCY = Histogram(
    "task_service_request_seconds",
    "Time until an answer began, by method and route template.",
    ["method", "route"],
    buckets=_BUCKETS,
)
IN_FLIGHT = Gauge("task_service_requests_in_flight", "Requests being answered now.")
CACHE_LOOKUPS = Counter(
    "task_service_cache_lookups_total",
    "Days looked up in the cache: hit, miss, or unavailable while Redis does not answer.",
    ["outcome"],
)
LIMITED = Counter(
    "task_service_limited_requests_total",
    "Requests held against a rate limit: accepted or rejected.",
    ["outcome"],
)
LIMITER_ERRORS = Counter(
    "task_service_limiter_errors_total",
    "Requests whose limit was counted in this process, because Redis did not answer.",
)

for _outcome in ("hit", "miss", "unavailable"):
    CACHE_LOOKUPS.labels(_outcome)
for _outcome in ("accepted", "rejected"):
    LIMITED.labels(_outcome)


def init_metrics(app: Flask) -> None:
    """Count every request. Must come before whatever answers requests early."""
    app.before_request(_start)
    app.after_request(_count)
    app.teardown_request(_end)


def _start() -> None:
    g.metrics_started = time.perf_counter()
    IN_FLIGHT.inc()


def _count(response: Response) -> Response:
    route = route_template() or "(none)"
    method = request.method if request.method in _METHODS else "OTHER"
    REQUESTS.labels(method, route, str(response.status_code)).inc()
    if (started := g.get("metrics_started")) is not None:
        LATENCY.labels(method, route).observe(time.perf_counter() - started)
    return response


def _end(_error: BaseException | None) -> None:
    if g.pop("metrics_started", None) is not None:
        IN_FLIGHT.dec()
