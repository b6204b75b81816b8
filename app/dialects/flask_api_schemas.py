"""The words and shapes of the Flask API: `task_name`, `assigned_user`, `is_active`."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load

from app.boards.lifecycle import Status
from app.core.fields import CommaList, Id, Text, Timestamp, Whole
from app.dialects.shared import (
    PRIORITIES,
    PRIORITY_WORDS,
    AnyOf,
    ArrayQuery,
    Created,
    DueFilters,
    Moment,
    Ordering,
    Somebody,
    State,
    TaskBody,
    Word,
    Words,
    patching,
)
from app.exchange.models import Mode
from app.exchange.schemas import ImportInputSchema
from app.task_logs.schemas import TaskLogQuerySchema
from app.tasks.filters import Person
from app.tasks.models import Priority
from app.users.models import Role
from app.users.schemas import email_field, password_field, username_field

STATUS = Words(
    {each.value: [each] for each in Status},
    also={"PENDING": [Status.TODO, Status.BACKLOG], "COMPLETED": [Status.DONE]},
)
PRIORITY = Words(PRIORITIES, also=PRIORITY_WORDS)
ROLE = Words(
    {"admin": [Role.ADMIN], "manager": [Role.MANAGER], "user": [Role.MEMBER]},
    also={"member": [Role.MEMBER]},
)


class IsActive(fields.Boolean):
    """Whether a task is not deleted; deleting is a request of its own."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> bool:
        return value is None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not super()._deserialize(value, attr, data, **kwargs):
            raise ValidationError("is set by DELETE /tasks/delete/<id>")
        return True


class FlaskTaskSchema(TaskBody):
    """A task of the Flask API."""

    id = Id()
    task_name = Text(min_length=1, max_length=500, attribute="title")
    description = Text(max_length=20_000, multiline=True)
    status = State(STATUS, load_default=Status.TODO)
    priority = Word(PRIORITY, load_default=Priority.LOW)
    due_date = Moment(allow_none=True)
    assigned_user = Somebody(attribute="assignee", allow_none=True)
    created_by = Somebody(attribute="reporter")
    is_active = IsActive(attribute="deleted_at")
    created_at = Created()

    @post_load
    def _leave_deletion_alone(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if name != "deleted_at"}


class FlaskTaskChangeSchema(patching(FlaskTaskSchema)):  # type: ignore[misc]  # made at run time
    """What is changed of a task; what is left out stays."""

    created_at = fields.String(dump_only=True)


class FlaskQuerySchema(DueFilters, ArrayQuery):
    """Filters of the task records."""

    status = AnyOf(STATUS)
    priority = AnyOf(PRIORITY)
    assigned_user = CommaList(Person(), attribute="assignee")
    search = Text(min_length=1, max_length=200)
    ordering = Ordering(FlaskTaskSchema)


class FlaskUploadSchema(ImportInputSchema):
    """A CSV file; without a mode all of its rows are imported, or none."""

    mode = fields.Enum(Mode, by_value=True, load_default=Mode.ALL)


class FlaskLogSchema(Schema):
    """A task as it was on one day."""

    log_date = fields.Date(attribute="day")
    task_id = fields.Integer()
    task_name = fields.String(attribute="title")
    status = Word(STATUS)
    priority = Word(PRIORITY)
    assigned_user = fields.Integer(attribute="assignee_id", allow_none=True)
    created_at = Timestamp()


class FlaskLogQuerySchema(TaskLogQuerySchema):
    """Which part of the log: at most 1000 rows."""

    task_id = Id(attribute="task")
    page_size = Whole(1, 1000, load_default=1000)

    class Meta:
        """What is called otherwise here, or is not there."""

        exclude = ("task", "cursor")


class FlaskUserSchema(Schema):
    """An account."""

    id = fields.Integer(dump_only=True)
    username = username_field(required=True)
    password = password_field(required=True)
    role = Word(ROLE)
    email = email_field(allow_none=True)
    is_active = fields.Boolean(dump_only=True)


class RegisteredSchema(FlaskUserSchema):
    """A new account."""

    email = fields.Email(dump_only=True, allow_none=True)
    message = fields.Constant("User registered successfully", dump_only=True)


class LoginSchema(Schema):
    """A name and a password."""

    username = fields.String(required=True)
    password = fields.String(required=True, load_only=True)


class LoggedInSchema(Schema):
    """The tokens; send the first as `Authorization: Bearer …`."""

    access_token = fields.String()
    refresh_token = fields.String()


class DeletedSchema(Schema):
    """What was done, in words."""

    message = fields.String()
