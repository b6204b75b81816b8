"""Optimistic concurrency: a version is the ETag, `If-Match` names the one that was seen."""

import re

from flask import Response, request

from app.core.errors import BadRequest

_ETAG = re.compile(r'(?:W/)?"v([0-9]{1,9})(?:-[0-9]{1,9})?"')


def with_etag(response: Response, version: int, beside: int = 0) -> Response:
    """Add the ETag; answers 304 where the caller has this version already (`If-None-Match`).

    `beside` tells apart answers about the same version, of which `If-Match` takes any.
    """
    response.set_etag(f"v{version}-{beside}" if beside else f"v{version}")
    response.headers["Cache-Control"] = "private, no-cache"
    if request.method == "GET":
        response.make_conditional(request)
    return response


def expected_version() -> int | None:
    """The version in `If-Match`; None without the header, or for `*`. Raises BadRequest."""
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    match = _ETAG.fullmatch(header)
    if match is None:
        message = 'must be an ETag of this service, such as "v3", or *'
        raise BadRequest(f"If-Match {message}.", errors={"If-Match": [message]})
    return int(match[1])
