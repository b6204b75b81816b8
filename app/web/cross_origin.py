"""Which pages of other origins may call: those that `CORS_ORIGINS` names.

They show a token that they were given; a browser sends no cookie along.
"""

from http import HTTPStatus

from flask import Flask, Response, request

from app.config import current_settings

_FOR_READING = {
    "Access-Control-Expose-Headers": "Content-Disposition, ETag, Link, Location, RateLimit, "
    "RateLimit-Policy, Retry-After, X-Request-ID, X-Total-Count",
}
_FOR_ASKING = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, X-Request-ID",
    "Access-Control-Max-Age": "600",
}


def init_cross_origin(app: Flask) -> None:
    """Tell browsers which pages may read the answers.

    Must come before the caller is identified and counted: a browser asks for permission without a
    token, and the asking is held against nobody.
    """
    app.before_request(_permit)
    app.after_request(_tell)


def _permit() -> Response | None:
    """Answer a browser that asks whether a page may send what it wants to send."""
    is_asking = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not (is_asking and _is_allowed()):
        return None
    return Response(status=HTTPStatus.NO_CONTENT, headers=_FOR_ASKING)


def _tell(response: Response) -> Response:
    if current_settings().CORS_ORIGINS:
        response.vary.add("Origin")
    if _is_allowed():
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers.update(_FOR_READING)
    return response


def _is_allowed() -> bool:
    allowed, origin = current_settings().CORS_ORIGINS, request.headers.get("Origin")
    return origin is not None and (origin in allowed or "*" in allowed)
