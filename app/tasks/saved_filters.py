"""Saved filters: parameters of the task list that a user keeps under a name."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import events
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import Changes, Event, StreamName
from app.core.fields import Text, Timestamp
from app.tasks.listing import Listing
from app.tasks.models import SavedFilter
from app.tasks.query_schema import FilterSchema
from app.users.actor import Actor
from app.users.models import User

MAX_FILTERS = 100
_query_schema = FilterSchema()


def _query_field(**kwargs: Any) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        validate=validate.Length(min=1, error="needs at least one parameter"),
        metadata={"description": "Parameters of the task list: a value, or a list of values."},
        **kwargs,
    )


class SavedFilterSchema(Schema):
    """A saved filter; `query` as it was sent, so that `today` stays today."""

    id = fields.Integer()
    name = fields.String()
    query = fields.Dict()
    created_at = Timestamp()
    updated_at = Timestamp()


class SavedFilterPatchSchema(Schema):
    """What may be changed of a saved filter; what is left out stays."""

    name = Text(min_length=1, max_length=100)
    query = _query_field()

    @validates("query")
    def _is_accepted_by_the_list(self, query: Mapping[str, Any], **_: Any) -> None:
        if messages := _query_schema.validate(query):
            raise ValidationError(messages)


class SavedFilterInputSchema(SavedFilterPatchSchema):
    """A new saved filter."""

    name = Text(min_length=1, max_length=100, required=True)
    query = _query_field(required=True)


class FilterEvent(Event):
    """A change of a saved filter; its owner alone hears of it."""

    entity: ClassVar[str] = "filter"


class FilterCreated(FilterEvent):
    """A filter was saved."""

    type: ClassVar[str] = "filter.created"


class FilterUpdated(FilterEvent):
    """A saved filter changed."""

    type: ClassVar[str] = "filter.updated"


class FilterDeleted(FilterEvent):
    """A saved filter was deleted."""

    type: ClassVar[str] = "filter.deleted"


def list_filters(session: Session, actor: Actor) -> Sequence[SavedFilter]:
    """The filters of `actor`, by name."""
    own = select(SavedFilter).where(SavedFilter.user_id == actor.id)
    return session.scalars(own.order_by(func.lower(SavedFilter.name))).all()


def get_filter(
    session: Session, filter_id: int, actor: Actor, *, lock: bool = False
) -> SavedFilter:
    """One filter of `actor`. Raises NotFound also for somebody else's."""
    found = session.get(SavedFilter, filter_id, with_for_update=lock or None)
    if found is None or found.user_id != actor.id:
        raise NotFound("There is no such filter.")
    return found


def applied(session: Session, query: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """`query` (TaskQuerySchema) with what the filter that it names adds to it.

    Raises Invalid for a filter that is not the caller's, or that the list does not take any more.
    """
    if "filter" not in query:
        return query
    try:
        saved = get_filter(session, query["filter"], actor)
    except NotFound:
        message = f"you have no filter with the id {query['filter']}"
        raise Invalid.field("filter", message) from None
    try:
        stored: dict[str, Any] = _query_schema.load(saved.query)
        _check(saved.query, actor)
    except (ValidationError, Invalid) as error:
        wrong = error.messages_dict if isinstance(error, ValidationError) else error.errors or {}
        names = ", ".join(map(str, wrong))
        raise Invalid.field("filter", f"{saved.name!r} is not valid any more: {names}") from None
    return stored | query


def create_filter(session: Session, data: Mapping[str, Any], *, actor: Actor) -> SavedFilter:
    """Save a filter. Raises Conflict for one too many; a taken name is answered 409."""
    # One after the other, so that two at once cannot make one too many.
    session.execute(select(User.id).where(User.id == actor.id).with_for_update())
    _check(data["query"], actor)
    if len(list_filters(session, actor)) >= MAX_FILTERS:
        raise Conflict(f"You have {MAX_FILTERS} filters; delete one first.")
    saved = SavedFilter(**data, user_id=actor.id)
    session.add(saved)
    session.flush()  # The event names the new id.
    _record(saved, FilterCreated)
    return saved


def update_filter(
    session: Session, filter_id: int, data: Mapping[str, Any], *, actor: Actor
) -> SavedFilter:
    """Change a filter. Raises NotFound; a taken name is answered 409."""
    saved = get_filter(session, filter_id, actor, lock=True)
    if "query" in data:
        _check(data["query"], actor)
    changes = {
        name: [getattr(saved, name), value]
        for name, value in data.items()
        if getattr(saved, name) != value
    }
    for name, (_, value) in changes.items():
        setattr(saved, name, value)
    if changes:
        session.flush()  # The event tells the new moment of the update.
        _record(saved, FilterUpdated, changes)
    return saved


def delete_filter(session: Session, filter_id: int, *, actor: Actor) -> None:
    """Delete a filter. Raises NotFound."""
    saved = get_filter(session, filter_id, actor, lock=True)
    session.delete(saved)
    _record(saved, FilterDeleted)


def _check(query: Mapping[str, Any], actor: Actor) -> None:
    """Raise Invalid, naming `query.<parameter>`, for what only the list itself can refuse."""
    try:
        Listing(_query_schema.load(query), actor)
    except Invalid as error:
        named = {f"query.{name}": messages for name, messages in (error.errors or {}).items()}
        raise Invalid(error.detail, errors=named) from None


def _record(saved: SavedFilter, kind: type[FilterEvent], changes: Changes | None = None) -> None:
    events.record(
        kind(
            entity_id=saved.id,
            actor_id=saved.user_id,
            streams=frozenset({StreamName.of_user(saved.user_id)}),
            changes=changes or {},
            snapshot=SavedFilterSchema().dump(saved),
        )
    )
