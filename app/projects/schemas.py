"""The shapes of projects and members."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from app.core.fields import Id, Text, Timestamp
from app.core.query import NumberedPageSchema
from app.projects.models import ProjectRole


class ProjectSchema(Schema):
    """A project."""

    id = fields.Integer()
    name = fields.String()
    description = fields.String()
    owner = fields.Integer(attribute="owner_id", allow_none=True)
    is_archived = fields.Boolean(metadata={"description": "It can be read but not changed."})
    tracks_sla = fields.Boolean(metadata={"description": "Overdue tasks count as SLA breaches."})
    version = fields.Integer(metadata={"description": "Rises with every change; is the ETag."})
    created_at = Timestamp()
    updated_at = Timestamp()


class ProjectPatchSchema(Schema):
    """What may be changed of a project; what is left out stays."""

    name = Text(min_length=1, max_length=200)
    description = Text(max_length=20_000, multiline=True)
    tracks_sla = fields.Boolean()


class ProjectInputSchema(ProjectPatchSchema):
    """A new project; the caller owns it."""

    name = Text(min_length=1, max_length=200, required=True)


class ProjectQuerySchema(NumberedPageSchema):
    """Filters of the list of projects."""

    is_archived = fields.Boolean()
    search = Text(max_length=200, metadata={"description": "Part of the name."})


class ProjectRowSchema(ProjectSchema):
    """A project as the caller stands to it."""

    role = fields.Enum(
        ProjectRole,
        allow_none=True,
        metadata={"description": "What the caller is in it; null for who is not a member."},
    )
    members = fields.Integer(metadata={"description": "How many people take part."})


class TransferSchema(Schema):
    """The new owner, who has to be a member."""

    user = Id(required=True)


class MemberSchema(Schema):
    """One person in one project."""

    project = fields.Integer(attribute="project_id")
    user = fields.Integer(attribute="user_id")
    role = fields.Enum(ProjectRole)
    joined_at = Timestamp()


class MemberRowSchema(MemberSchema):
    """One person in one project, by name."""

    username = fields.String()
    first_name = fields.String()
    last_name = fields.String()
    is_owner = fields.Boolean()


class MemberRoleSchema(Schema):
    """What somebody is from now on."""

    role = fields.Enum(ProjectRole, required=True)


class MemberInputSchema(Schema):
    """A new member, named by exactly one of id, username and e-mail."""

    user = Id()
    username = Text(min_length=1, max_length=150)
    email = Text(min_length=1, max_length=254)
    role = fields.Enum(ProjectRole, load_default=ProjectRole.MEMBER)

    @validates_schema
    def _names_one_person(self, data: dict[str, Any], **_: Any) -> None:
        if len(data.keys() & {"user", "username", "email"}) != 1:
            raise ValidationError("name exactly one of user (an id), username and email", "user")


class MemberQuerySchema(NumberedPageSchema):
    """Which page of the members."""
