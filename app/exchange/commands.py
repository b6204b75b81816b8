"""What one request does to imports, in a unit of work; shared with the dialects."""

from collections.abc import Mapping
from typing import Any

from app.config import current_settings
from app.core.db import unit_of_work
from app.exchange import service
from app.exchange.models import TaskImport
from app.exchange.uploads import read_upload
from app.users.actor import current_actor


def hand_in(data: Mapping[str, Any]) -> TaskImport:
    """Take a file in; `data` as ImportInputSchema loads it, else as `service.create_import`."""
    upload = read_upload(data["file"], current_settings().MAX_IMPORT_BYTES)
    values = {name: value for name, value in data.items() if name != "file"}
    with unit_of_work() as session:
        return service.create_import(session, values, upload, actor=current_actor())
