"""The tasks that a report asks for: parameters of the list of tasks, kept as they were sent."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.exchange.schemas import ExportQuerySchema
from app.tasks.listing import Listing
from app.tasks.saved_filters import applied, get_filter
from app.users.actor import Actor

_schema = ExportQuerySchema()


def effective(session: Session, sent: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """`sent`, with the saved filter that it names replaced by what that says now.

    Raises Invalid, naming `query.<parameter>`, for what only the list itself can refuse.
    """
    loaded = _schema.load(sent)
    try:
        Listing(applied(session, loaded, actor), actor)
    except Invalid as error:
        named = {f"query.{name}": messages for name, messages in (error.errors or {}).items()}
        raise Invalid(error.detail, errors=named) from None
    own = {name: value for name, value in sent.items() if name != "filter"}
    saved = get_filter(session, loaded["filter"], actor).query if "filter" in loaded else {}
    return saved | own


def in_words(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What `query` narrows, for a person: name and value of each parameter."""
    return [
        (
            name.replace("_", " "),
            ", ".join(map(str, value)) if isinstance(value, list) else str(value),
        )
        for name, value in query.items()
        if name != "ordering"
    ]
