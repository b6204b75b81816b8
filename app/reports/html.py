"""A summary as one HTML file without scripts, which needs nothing else."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.reports import scene
from app.reports.document import Document

_environment = Environment(
    loader=PackageLoader("app.reports"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_html(path: Path, document: Document) -> None:
    """Write `document` to `path`."""
    page = _environment.get_template("report.html")
    path.write_text(page.render(document=document, look=scene), encoding="utf-8")
