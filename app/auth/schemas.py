"""The shapes of signing in."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from app.users.passwords import MAX_LENGTH
from app.users.schemas import UserSchema, password_field

_short = validate.Length(max=254)
_password = validate.Length(max=MAX_LENGTH)


class CredentialsSchema(Schema):
    """A username or an e-mail, and the password."""

    username = fields.String(validate=_short, metadata={"description": "Username or e-mail."})
    email = fields.String(validate=_short)
    password = fields.String(required=True, load_only=True, validate=_password)

    @validates_schema
    def _one_login(self, data: dict[str, Any], **_: Any) -> None:
        if ("username" in data) == ("email" in data):
            raise ValidationError("send either username or email", "username")


class RefreshSchema(Schema):
    """A refresh token."""

    refresh = fields.String(required=True, validate=validate.Length(max=4096))


class TokensSchema(Schema):
    """The two tokens; send the access token as `Authorization: Bearer …`."""

    access = fields.String()
    refresh = fields.String()


class SignedInSchema(TokensSchema):
    """The tokens and whom they stand for."""

    user = fields.Nested(UserSchema)


class PasswordChangeSchema(Schema):
    """The old and the new password."""

    current_password = fields.String(required=True, load_only=True, validate=_password)
    new_password = password_field(required=True)
