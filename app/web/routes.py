"""Pages: the board, Swagger UI and ReDoc, all of them served without another host."""

import secrets
from pathlib import Path

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from app.core.errors import NotFound, kinds_of_error
from app.web.security_headers import STRICT_POLICY, Policy, policy_header

_LIBRARIES = {
    "preact": "preact-11.2.0/preact.mjs",
    "preact/hooks": "preact-11.2.0/hooks.mjs",
    "htm": "htm-3.1.1/htm.mjs",
    "@preact/signals-core": "signals-core-1.14.5/signals-core.mjs",
    "@preact/signals": "signals-2.11.4/signals.mjs",
    "sortablejs": "sortablejs-1.15.7/sortable.esm.js",
    "socket.io-client": "socket.io-client-4.8.4/socket.io.esm.min.js",
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

_STATIC = Path(__file__).parent / "static"
_FIRST_SCRIPT = "board/theme.js"
_MODULES = tuple(
    sorted(
        file.relative_to(_STATIC).as_posix()
        for file in (_STATIC / "board").rglob("*.js")
        if not file.match(_FIRST_SCRIPT)
    )
)
"""The modules of the board. Named in the page, they are read at once, not one behind the other."""

_ONE_YEAR = 31_536_000
_VENDOR = "vendor/"

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


class _AssetBlueprint(Blueprint):
    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Let browsers keep vendored files for a year: their folder's name holds the version."""
        if filename and filename.startswith(_VENDOR):
            return _ONE_YEAR
        return super().get_send_file_max_age(filename)


bp = _AssetBlueprint(
    "web",
    __name__,
    template_folder="templates",
    static_folder=_STATIC,
    static_url_path="/assets",
)


@bp.get("/")
def board() -> Response:
    """Show the board; the address after the # says what of it."""
    nonce = secrets.token_urlsafe(16)
    vendored = {
        name: url_for("web.static", filename=_VENDOR + file) for name, file in _LIBRARIES.items()
    }
    return _page(
        "web/board.html",
        {"script-src": f"'self' 'nonce-{nonce}'"},
        nonce=nonce,
        import_map={"imports": vendored},
        stylesheets=_STYLESHEETS,
        first_script=_FIRST_SCRIPT,
        modules=_MODULES,
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
    """Render a page under the strict policy, with the directives that this page replaces."""
    page = make_response(render_template(template, spec_url=_spec_url(), **values))
    page.headers["Content-Security-Policy"] = policy_header({**STRICT_POLICY, **(replaced or {})})
    return page


def _spec_url() -> str:
    """Return the path of the OpenAPI document, which flask-smorest serves."""
    config = current_app.config
    return "/".join(
        [request.script_root, config["OPENAPI_URL_PREFIX"].strip("/"), config["OPENAPI_JSON_PATH"]]
    )
