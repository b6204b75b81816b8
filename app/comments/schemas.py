"""The shapes of comments."""

from marshmallow import Schema, fields, validate

from app.core.fields import Id, Text, Timestamp
from app.core.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.core.query import QuerySchema

MAX_BODY = 10_000


class CommentSchema(Schema):
    """A comment; `body` is Markdown as it was written, to be rendered safely by the client."""

    id = fields.Integer()
    task = fields.Integer(attribute="task_id")
    parent = fields.Integer(
        attribute="parent_id",
        allow_none=True,
        metadata={"description": "The comment that this one answers."},
    )
    author = fields.Integer(attribute="author_id")
    body = fields.String(metadata={"description": "Empty where the comment was deleted."})
    mentions = fields.List(
        fields.Integer(),
        metadata={"description": "The people named with @username who could see the task."},
    )
    created_at = Timestamp()
    edited_at = Timestamp(allow_none=True)
    deleted_at = Timestamp(allow_none=True)


class CommentPatchSchema(Schema):
    """The new text of a comment."""

    body = Text(min_length=1, max_length=MAX_BODY, multiline=True, required=True)


class CommentInputSchema(CommentPatchSchema):
    """A new comment, or with `parent` an answer to one."""

    parent = Id(allow_none=True, load_default=None)


class CommentQuerySchema(QuerySchema):
    """Which part of the comments."""

    after = Id(metadata={"description": "The id of the last comment already read."})
    page_size = fields.Integer(
        load_default=DEFAULT_PAGE_SIZE, validate=validate.Range(1, MAX_PAGE_SIZE)
    )
