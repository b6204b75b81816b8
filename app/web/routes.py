"""Pages: the board, Swagger UI and ReDoc, all of them served without another host."""

from base64 import b64encode
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from jinja2.utils import htmlsafe_json_dumps

from app.core.errors import NotFound, kinds_of_error
from app.web import assets
from app.web.security_headers import STRICT_POLICY, Policy, policy_header

_LIBRARIES = {
    "preact": "vendor/preact-11.2.0/preact.mjs",
    "preact/hooks": "vendor/preact-11.2.0/hooks.mjs",
    "htm": "vendor/htm-3.1.1/htm.mjs",
    "@preact/signals-core": "vendor/signals-core-1.14.5/signals-core.mjs",
    "@preact/signals": "vendor/signals-2.11.4/signals.mjs",
    "sortablejs": "vendor/sortablejs-1.15.7/sortable.esm.js",
    "socket.io-client": "vendor/socket.io-client-4.8.4/socket.io.esm.min.js",
}
"""The names by which the modules of the board import what is vendored."""

_STYLESHEETS = (
    "tokens.css",
    "base.css",
    "ui.css",
    "shell.css",
    "board.css",
    "task.css",
    "pages.css",
    "tasks.css",
    "report.css",
    "palette.css",
)

_FIRST_SCRIPT = "board/theme.js"
_MODULES = tuple(
    sorted(
        file.relative_to(assets.FOLDER).as_posix()
        for file in (assets.FOLDER / "board").rglob("*.js")
        if not file.match(_FIRST_SCRIPT)
    )
)
"""The modules of the board. Named in the page, they are read at once, not one behind the other."""

# Swagger UI draws its icons from data: addresses.
_SWAGGER_UI_POLICY = {"img-src": "'self' data:"}

# ReDoc adds style elements, which are allowed by their content: an empty one (styled-components
# fills it through the CSSOM) and the one of its scroll bar. Its search runs in a blob worker.
_REDOC_POLICY = {
    "img-src": "'self' data:",
    "style-src": "'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
    "worker-src": "blob:",
}


bp = Blueprint("web", __name__, template_folder="templates")


# By its name the limits know that it costs nobody anything.
@bp.get("/assets/<version>/<path:filename>")
def static(version: str, filename: str) -> Response:
    """Send a file that a page loads."""
    return assets.send(version, filename)


@bp.url_defaults
def _name_version(endpoint: str, values: dict[str, Any]) -> None:
    """Let ``url_for`` name the files of now."""
    if endpoint == "web.static":
        values["version"] = assets.version()


@bp.get("/")
def board() -> Response:
    """Show the board; the address after the # says what of it."""
    libraries = {name: url_for("web.static", filename=file) for name, file in _LIBRARIES.items()}
    import_map = htmlsafe_json_dumps({"imports": libraries})
    # Browsers take it inline only. A nonce would make another page of each answer.
    digest = b64encode(sha256(import_map.encode()).digest()).decode()
    return _page(
        "web/board.html",
        {"script-src": f"'self' 'sha256-{digest}'"},
        import_map=import_map,
        stylesheets=_STYLESHEETS,
        first_script=_FIRST_SCRIPT,
        modules=(*_LIBRARIES.values(), *_MODULES),
    )


@bp.get("/api/docs/", strict_slashes=False)
def swagger_ui() -> Response:
    """Show the API in Swagger UI."""
    return _page("web/swagger_ui.html", _SWAGGER_UI_POLICY)


@bp.get("/api/redoc/", strict_slashes=False)
def redoc() -> Response:
    """Show the API in ReDoc, as a reference to read."""
    return _page("web/redoc.html", _REDOC_POLICY)


@bp.get("/problems/<code>", strict_slashes=False)
def problem(code: str) -> Response:
    """Explain a kind of error, as the `type` of an answer links to it."""
    kind = kinds_of_error().get(code)
    if kind is None:
        raise NotFound("There is no such kind of problem.")
    explanation = (kind.__doc__ or "").partition("\n")[0]
    return _page("web/problem.html", code=code, status=kind.status, explanation=explanation)


def _page(template: str, replaced: Policy | None = None, **values: object) -> Response:
    """Render a page under the strict policy, with the directives that this page replaces.

    Browsers keep it and ask each time whether it is still so: it names the files of now.
    """
    page = make_response(render_template(template, spec_url=_spec_url(), **values))
    page.headers["Content-Security-Policy"] = policy_header({**STRICT_POLICY, **(replaced or {})})
    page.cache_control.no_cache = True
    page.add_etag()
    page.make_conditional(request)
    return page


def _spec_url() -> str:
    """Return the path of the OpenAPI document, which flask-smorest serves."""
    config = current_app.config
    return "/".join(
        [request.script_root, config["OPENAPI_URL_PREFIX"].strip("/"), config["OPENAPI_JSON_PATH"]]
    )
