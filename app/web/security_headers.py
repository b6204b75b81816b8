"""What keeps browsers safe: headers that tell what an answer may not do, and https."""

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.config import current_settings

Policy = dict[str, str]

STRICT_POLICY: Policy = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""Everything comes from this service; nothing is inline, framed, or from another host."""

_HSTS = "max-age=31536000; includeSubDomains"
_PROBED = ("/livez", "/readyz", "/metrics", "/api/health")
"""Probes come from next door and follow no redirect."""


def policy_header(policy: Policy) -> str:
    """Write a policy as the value of ``Content-Security-Policy``."""
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


def init_security_headers(app: Flask) -> None:
    """Add the headers to every answer; what a view has set itself stays.

    With SECURE_SSL_REDIRECT what comes in clear text is sent to https, before anything else.
    """
    app.before_request(_insist_on_https)
    app.after_request(_add_headers)


def _insist_on_https() -> BaseResponse | None:
    if request.is_secure or not current_settings().SECURE_SSL_REDIRECT:
        return None
    if request.path.startswith(_PROBED):
        return None
    # 308 keeps the method and the body.
    return redirect(request.url.replace("http:", "https:", 1), 308)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy_header(STRICT_POLICY))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if current_settings().is_production:
        headers.setdefault("Strict-Transport-Security", _HSTS)
    if "Authorization" in request.headers:
        # What one person may see must not be kept by a cache between us and them.
        headers.setdefault("Cache-Control", "no-store")
    return response
