"""`flask create-admin`: make an administrator, or make an account one."""

from collections.abc import Mapping, Sequence

import click
from marshmallow import ValidationError

from app.core.db import unit_of_work
from app.core.errors import ServiceError
from app.users import service
from app.users.models import Role
from app.users.queries import find_by_login
from app.users.schemas import RegistrationSchema


@click.command("create-admin")
@click.option("--username", prompt=True)
@click.option("--email", prompt=True)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
def create_admin(username: str, email: str, password: str) -> None:
    """Make an administrator. A name that is taken is refused, nothing is changed."""
    try:
        data = RegistrationSchema().load(
            {"username": username, "email": email, "password": password}
        )
        with unit_of_work() as session:
            if find_by_login(session, username) or find_by_login(session, email):
                raise click.ClickException("That username or e-mail is taken; choose another.")
            user = service.create(session, data | {"role": Role.ADMIN})
    except ValidationError as error:
        raise click.ClickException(_sentence(error.messages_dict)) from None
    except ServiceError as error:
        raise click.ClickException(_sentence(error.errors or {})) from None
    click.echo(f"{user.username} is an administrator now. Sign in at POST /api/v1/auth/login/.")


def _sentence(errors: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{name}: {', '.join(messages)}" for name, messages in errors.items())
