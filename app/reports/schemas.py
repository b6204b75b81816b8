"""The shape of the insight report."""

from marshmallow import Schema, fields


def _counts(description: str = "") -> fields.Dict:
    """Name → number of tasks."""
    metadata = {"description": description} if description else {}
    return fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=metadata)


class InsightSchema(Schema):
    """Numbers over the tasks that the caller may see, all of one moment."""

    total = fields.Integer()
    completed = fields.Integer(metadata={"description": "In DONE."})
    pending = fields.Integer(metadata={"description": "In BACKLOG or TODO."})
    tasks_by_priority = _counts()
    tasks_by_status = _counts()
    tasks_assigned = _counts("Username → tasks.")
    tasks_created = _counts("Username → tasks.")
    tasks_due_soon = fields.Integer(metadata={"description": "Open and due within 24 hours."})
    overdue = fields.Integer(metadata={"description": "Open and past the due date."})
    sla_breached = fields.Integer(metadata={"description": "Open and marked as a breach."})
    completion_rate = fields.Float(metadata={"description": "completed / total; 0 without tasks."})
