"""`flask mails`: look at the mails without sending any."""

from pathlib import Path

import click
from flask.cli import AppGroup

from app.config import current_settings
from app.notifications.kinds import Kind
from app.notifications.mails.samples import letter_of
from app.notifications.mails.table import compose

mails = AppGroup("mails", help="Look at the mails that the service writes.")


@mails.command("preview")
@click.argument(
    "kinds", metavar="[KIND]…", nargs=-1, type=click.Choice([kind.value for kind in Kind])
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("mails"))
def preview(kinds: tuple[str, ...], out: Path) -> None:
    """Write a sample of each KIND (all, if none is named) as .html, .txt and .eml files.

    The samples are made up; nothing is read from the database, and nothing is sent.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in kinds or tuple(Kind):
        for path in _write(Kind(name), out):
            click.echo(path)


def _write(kind: Kind, folder: Path) -> list[Path]:
    settings = current_settings()
    message = compose(letter_of(kind, settings.PUBLIC_URL), settings.EMAIL_FROM)
    written = []
    for part, suffix in (("html", "html"), ("plain", "txt")):
        body = message.get_body((part,))
        assert body is not None
        written.append(folder / f"{kind}.{suffix}")
        written[-1].write_text(body.get_content(), encoding="utf-8")
    written.append(folder / f"{kind}.eml")
    written[-1].write_bytes(message.as_bytes())
    return written
