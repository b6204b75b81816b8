"""The shape of a sign of life."""

from marshmallow import Schema, fields

from app.core.fields import Timestamp
from app.processes.models import ALIVE


class ProcessSchema(Schema):
    """A process of the service."""

    name = fields.String(metadata={"example": "worker@web-1:4711"})
    kind = fields.String(metadata={"description": "`web`, `relay`, `worker` or `beat`."})
    host = fields.String()
    pid = fields.Integer()
    started_at = Timestamp()
    seen_at = Timestamp(metadata={"description": "Its last sign of life."})
    alive = fields.Boolean(
        metadata={"description": f"Seen within the last {ALIVE.seconds} seconds."}
    )
    info = fields.Dict(
        metadata={"description": "What it says of itself, such as whether a relay is at work."}
    )
