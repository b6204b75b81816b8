"""The shapes of health answers."""

from marshmallow import Schema, fields


class ReadinessSchema(Schema):
    """`ok`, or what is failing."""

    status = fields.String()
    failing = fields.List(fields.String())


class HealthSchema(Schema):
    """Database and cache, each `connected` or `disconnected`."""

    status = fields.String()
    database = fields.String()
    cache = fields.String()


class MessageSchema(Schema):
    """A status and a sentence."""

    status = fields.String()
    message = fields.String()
