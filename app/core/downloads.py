"""Answers that are files, made while they are sent."""

from collections.abc import Iterator

from flask import Response


def download(lines: Iterator[str] | Iterator[bytes], *, media_type: str, name: str) -> Response:
    """`lines` as a file called `name`; they are made outside any context, and closed at the end."""
    answer = Response(lines, mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    # A proxy that keeps it until it is whole would make the client wait, and need the room.
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
