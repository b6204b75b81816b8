"""The shape of the insight report."""

from marshmallow import Schema, fields

_counts = {"keys": fields.String(), "values": fields.Integer()}


class InsightSchema(Schema):
    """Numbers over the tasks that the caller may see, all of one moment."""

    total = fields.Integer()
    completed = fields.Integer(metadata={"description": "In DONE."})
    pending = fields.Integer(metadata={"description": "In BACKLOG or TODO."})
    tasks_by_priority = fields.Dict(**_counts)
    tasks_by_status = fields.Dict(**_counts)
    tasks_assigned = fields.Dict(**_counts, metadata={"description": "Username → tasks."})
    tasks_created = fields.Dict(**_counts, metadata={"description": "Username → tasks."})
    tasks_due_soon = fields.Integer(metadata={"description": "Open and due within 24 hours."})
    overdue = fields.Integer(metadata={"description": "Open and past the due date."})
    completion_rate = fields.Float(metadata={"description": "completed / total; 0 without tasks."})
