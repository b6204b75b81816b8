"""The shapes of users in and out of the API. None of them holds a hash."""

import re
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from app.core.fields import CommaList, Text, Timestamp
from app.core.query import NumberedPageSchema
from app.users.models import Role
from app.users.passwords import MAX_LENGTH, MIN_LENGTH

ME = "me"
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,149}")


def _check_username(name: str) -> None:
    if not USERNAME.fullmatch(name):
        raise ValidationError(
            "must be 1 to 150 letters, digits, dots, dashes, plus signs or underscores, "
            "and begin with a letter or digit"
        )
    if name.isdigit():
        raise ValidationError("must not be a number, which stands for a user's id")
    if name.lower() == ME:
        raise ValidationError("must not be me, which stands for whoever says it")


def _check_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("must be an IANA time zone such as Europe/Berlin")


def password_field(**kwargs: Any) -> fields.String:
    """A new password; never trimmed, since spaces may be meant."""
    lengths = validate.Length(
        MIN_LENGTH, MAX_LENGTH, error=f"must have {MIN_LENGTH} to {MAX_LENGTH} characters"
    )
    return fields.String(load_only=True, validate=lengths, **kwargs)


def email_field(**kwargs: Any) -> fields.Email:
    """An address, no longer than the column that keeps it."""
    return fields.Email(validate=validate.Length(max=254), **kwargs)


class PublicUserSchema(Schema):
    """What everyone may know of a colleague."""

    id = fields.Integer()
    username = fields.String()
    first_name = fields.String()
    last_name = fields.String()


class UserSchema(PublicUserSchema):
    """What a user and the administrators see of an account."""

    email = fields.String(allow_none=True)
    role = fields.Enum(Role)
    timezone = fields.String()
    email_own_changes = fields.Boolean()
    is_active = fields.Boolean()
    created_at = Timestamp()
    last_login_at = Timestamp(allow_none=True)


class ProfileSchema(Schema):
    """What users change about themselves; a field that is left out stays as it is."""

    email = email_field()
    first_name = Text(max_length=150)
    last_name = Text(max_length=150)
    timezone = fields.String(validate=_check_timezone)
    email_own_changes = fields.Boolean(
        metadata={"description": "Also send me e-mails about changes I made myself."}
    )


def username_field(**kwargs: Any) -> fields.String:
    """A name to sign in with and to be mentioned by."""
    return fields.String(validate=_check_username, **kwargs)


class RegistrationSchema(ProfileSchema):
    """A new account."""

    username = username_field(required=True)
    email = email_field(required=True)
    password = password_field(required=True)
    password_confirm = fields.String(load_only=True)
    role = fields.Enum(
        Role,
        metadata={
            "description": "MEMBER. Another one takes an administrator's token; without it ADMIN "
            "is given once, to the first who asks while there is none (BOOTSTRAP_ADMIN)."
        },
    )

    @validates_schema
    def _passwords_agree(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("password_confirm", data["password"]) != data["password"]:
            raise ValidationError("differs from password", "password_confirm")


class AccountSchema(ProfileSchema):
    """What is changed about an account; a field that is left out stays as it is."""

    username = username_field()
    role = fields.Enum(Role, metadata={"description": "Administrators only."})
    is_active = fields.Boolean(metadata={"description": "Administrators only."})


class UserQuerySchema(NumberedPageSchema):
    """Filters of the list of users."""

    role = CommaList(fields.Enum(Role))
    is_active = fields.Boolean()
    search = Text(max_length=150, metadata={"description": "Part of a username, name or e-mail."})
