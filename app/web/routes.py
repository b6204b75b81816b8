"""Pages: the start page, Swagger UI and ReDoc, all of them served without another host."""

from flask import Blueprint, Response, current_app, make_response, render_template, request

from app.core.errors import NotFound, kinds_of_error
from app.web.security_headers import STRICT_POLICY, Policy, policy_header

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
    static_folder="static",
    static_url_path="/assets",
)


@bp.get("/")
def start() -> Response:
    """Show where to look."""
    return _page("web/start.html")


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
