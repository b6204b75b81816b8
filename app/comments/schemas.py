"""The shapes of comments in and out of the canonical API."""

from marshmallow import Schema, ValidationError, fields, validate

from app.core.fields import Id, Text, Timestamp, Whole
from app.core.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.core.query import QuerySchema

MAX_BODY = 10_000


def _check_not_blank(body: str) -> None:
    if not body.strip():
        raise ValidationError("must not be blank")


class CommentSchema(Schema):
    """A comment."""

    id = fields.Integer()
    task = fields.Integer(attribute="task_id")
    parent = fields.Integer(
        attribute="parent_id", allow_none=True, metadata={"description": "What it answers."}
    )
    author = fields.Integer(attribute="author_id")
    body = fields.String(
        metadata={"description": "Markdown as it was written; empty once it is deleted."}
    )
    mentions = fields.List(
        fields.Integer(),
        metadata={"description": "The users named as `@username` who could see the task."},
    )
    created_at = Timestamp()
    edited_at = Timestamp(allow_none=True)
    deleted_at = Timestamp(allow_none=True)


class CommentPatchSchema(Schema):
    """The new text of a comment."""

    body = Text(
        required=True,
        min_length=1,
        max_length=MAX_BODY,
        multiline=True,
        validate=_check_not_blank,
        metadata={"description": "Markdown; kept as it is, so clients must render it safely."},
    )


class CommentInputSchema(CommentPatchSchema):
    """A new comment."""

    parent = Id(
        allow_none=True,
        load_default=None,
        metadata={"description": "The comment of the same task that is answered."},
    )


class CommentQuerySchema(QuerySchema):
    """Which page of a task's comments."""

    cursor = fields.String(validate=validate.Length(max=2000))
    page_size = Whole(1, MAX_PAGE_SIZE, load_default=DEFAULT_PAGE_SIZE)
