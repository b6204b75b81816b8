"""Health: `/livez`, `/readyz`, `/api/health/…`. All of it public."""

from typing import Any

from app.core.api import Blueprint
from app.health import checks
from app.health.schemas import HealthSchema, MessageSchema, ReadinessSchema

bp = Blueprint("health", __name__, description="For probes and load balancers")


@bp.get("/livez")
@bp.response(200, ReadinessSchema)
def livez() -> dict[str, Any]:
    """Tell that the process is alive; looks at nothing else"""
    return {"status": "ok"}


@bp.get("/readyz")
@bp.response(200, ReadinessSchema)
@bp.alt_response(503, schema=ReadinessSchema, description="Something needed is missing")
def readyz() -> tuple[dict[str, Any], int]:
    """Tell whether database, Redis and schema version are right; 503 names what is not"""
    found = {
        "database": checks.database_answers(),
        "redis": checks.redis_answers(),
        "schema": checks.schema_is_current(),
    }
    failing = [name for name, right in found.items() if not right]
    if failing:
        return {"status": "unavailable", "failing": failing}, 503
    return {"status": "ok"}, 200


@bp.get("/api/health/")
@bp.response(200, HealthSchema)
@bp.alt_response(503, schema=HealthSchema, description="Database or cache does not answer")
def health() -> tuple[dict[str, str], int]:
    """Tell whether database and cache answer"""
    database, cached = checks.database_answers(), checks.redis_answers()
    words = {True: "connected", False: "disconnected"}
    healthy = database and cached
    status = "healthy" if healthy else "unhealthy"
    body = {"status": status, "database": words[database], "cache": words[cached]}
    return body, 200 if healthy else 503


@bp.get("/api/health/db")
@bp.response(200, MessageSchema)
@bp.alt_response(503, schema=MessageSchema, description="The database does not answer")
def database_health() -> tuple[dict[str, str], int]:
    """Tell whether the database answers"""
    if checks.database_answers():
        return {"status": "success", "message": "Database connection is healthy"}, 200
    return {"status": "error", "message": "Database connection failed"}, 503
