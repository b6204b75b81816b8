"""What the dialects share: words for ours, bodies and queries as tables of names, error shapes.

A schema of a dialect is its table: a field's own name is the dialect's, its `attribute` is ours,
its type says how a value is shown and read. Loading a body gives what the services take, dumping
shows what the canonical API prints; nothing else is translated anywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from app.core.errors import PROBLEM, ErrorFormat
from app.core.fields import CommaList, Whole
from app.core.query import QuerySchema
from app.tasks.editing import Coarse
from app.tasks.filters import When
from app.tasks.models import PRIORITY_ALIASES, Priority
from app.tasks.query_schema import PageQuerySchema
from app.tasks.schemas import Assignee, CreationDate, Due
from app.users.actor import current_actor

PRIORITIES = {each.value: [each] for each in Priority}
PRIORITY_WORDS = {alias: [each] for alias, each in PRIORITY_ALIASES.items()}
"""Our priorities by their names, and by the other names that we understand."""


class Words:
    """The words of a dialect: each stands for one or several of ours and is written as the first.

    `also` are other spellings that are understood. Case does not matter.
    """

    def __init__(
        self, table: Mapping[str, Sequence[Any]], also: Mapping[str, Sequence[Any]] | None = None
    ) -> None:
        self.names = list(table)
        self._shown = {str(ours): word for word, several in table.items() for ours in several}
        understood = {**(also or {}), **table}
        self._read = {word.lower(): tuple(several) for word, several in understood.items()}

    def show(self, ours: str) -> str:
        """The dialect's word for one of ours."""
        return self._shown[ours]

    def total(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Numbers by our words, added up by the dialect's."""
        totals = dict.fromkeys(self.names, 0)
        for ours, count in counts.items():
            totals[self.show(ours)] += count
        return totals

    def read(self, word: Any) -> tuple[Any, ...]:
        """All of ours that `word` stands for. Raises ValidationError."""
        found = self._read.get(word.lower()) if isinstance(word, str) else None
        if found is None:
            raise ValidationError(f"must be one of {', '.join(self.names)}")
        return found


class Word(fields.Field[Any]):
    """One of `words`. Loads as ours."""

    def __init__(self, words: Words, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "enum": words.names}, **kwargs)
        self.words = words

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return self.words.show(str(value))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return self.words.read(value)[0]


class State(Word):
    """A word for several of ours: the present one stays where the word stands for it, too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        several = self.words.read(value)
        return Coarse(several[0], several.__contains__)


class AnyOf(CommaList):
    """A filter by `words`, separated by commas; each finds all that it stands for."""

    def __init__(self, words: Words, **kwargs: Any) -> None:
        super().__init__(_Several(words), **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> list[Any]:
        return [ours for several in super()._deserialize(*args, **kwargs) for ours in several]


class _Several(Word):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return self.words.read(value)


class Somebody(Assignee):
    """A user: an id, a username, or `{"id": 2}`. Shown as the id."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        inner = value["id"] if isinstance(value, dict) and value.keys() == {"id"} else value
        return super()._deserialize(inner, attr, data, **kwargs)


class Moment(Due):
    """A due date shown as an instant."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value


class Created(CreationDate):
    """The creation date, shown as an instant."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value


class Day(Due):
    """A due date shown as the day, in the caller's time zone, in which the instant lies.

    That day, written back, leaves the instant as it is.
    """

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else _day_of(datetime.fromisoformat(value)).isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        due = super()._deserialize(value, attr, data, **kwargs)
        if isinstance(due, datetime):
            return due
        return Coarse(due, lambda present: present is not None and _day_of(present) == due)


def _day_of(instant: datetime) -> date:
    zone: ZoneInfo = current_actor().zone
    return instant.astimezone(zone).date()


class TaskBody(Schema):
    """A task in the words of a dialect. `needs` names (as ours) what may not be missing.

    A `dump_only` field with the `attribute` of another one is a second spelling of it, understood
    as well. What else is `dump_only` is taken and left aside, so that what was read can be sent
    back.
    """

    needs: ClassVar[Sequence[str]] = ("title",)

    @pre_load
    def _one_of_each(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict):
            return data
        kept: dict[str, Any] = {}
        for name, value in data.items():
            main = self._main_spelling(name)
            if main is not None and kept.setdefault(main, value) != value:
                other = next(each for each in data if self._main_spelling(each) == main)
                raise ValidationError(f"differs from {other}; send only one of them", name)
        return kept

    def _main_spelling(self, name: str) -> str | None:
        """The field that loads what is called `name`; None where nothing does."""
        field = self.fields.get(name)
        if field is None or not field.dump_only:
            return name
        loading = self.load_fields.items()
        return next((n for n, f in loading if (f.attribute or n) == field.attribute), None)

    def handle_error(self, error: ValidationError, data: Any, **_: Any) -> None:
        """Name the fields as they were sent."""
        sent = {self._main_spelling(name): name for name in data} if isinstance(data, dict) else {}
        messages = error.messages_dict
        for main in [name for name in messages if sent.get(name, name) != name]:
            messages[sent[main]] = messages.pop(main)

    @validates_schema
    def _has_what_it_needs(self, data: dict[str, Any], **_: Any) -> None:
        for ours in self.needs:
            if ours not in data:
                raise ValidationError("is missing", self.name_of(ours))

    @classmethod
    def name_of(cls, ours: str) -> str:
        """The dialect's (first) name for one of our fields."""
        declared = cls._declared_fields.items()
        return next((name for name, field in declared if (field.attribute or name) == ours), ours)


def replacing(body: type[TaskBody]) -> type[TaskBody]:
    """`body` for PUT: what it needs must be there, what else is left out stays as it is."""
    return _variant(body, "Replacement", tuple(body.needs))


def patching(body: type[TaskBody]) -> type[TaskBody]:
    """`body` for PATCH: what is left out stays as it is."""
    return _variant(body, "Patch", ())


@cache
def _variant(body: type[TaskBody], suffix: str, needs: tuple[str, ...]) -> type[TaskBody]:
    def init(self: TaskBody, **kwargs: Any) -> None:
        body.__init__(self, **kwargs | {"partial": True})

    members = {"needs": needs, "__init__": init, "__doc__": body.__doc__}
    return type(f"{body.__name__.removesuffix('Schema')}{suffix}Schema", (body,), members)


class Ordering(fields.String):
    """A comma list of the fields of `body`, `-` for descending. Loads in our names."""

    def __init__(self, body: type[TaskBody]) -> None:
        super().__init__(
            validate=validate.Length(1, 200),
            metadata={"description": "Comma list of fields, `-` for descending."},
        )
        declared = body._declared_fields.items()
        self._ours = {name: field.attribute or name for name, field in declared}

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        parts = (super()._deserialize(*args, **kwargs) or "").split(",")
        return ",".join(self._translated(part.strip()) for part in parts)

    def _translated(self, part: str) -> str:
        name = part.removeprefix("-")
        if name not in self._ours:
            allowed = ", ".join(self._ours)
            raise ValidationError(f"cannot sort by {name!r}; allowed are {allowed}")
        return part.removesuffix(name) + self._ours[name]


class DueFilters(QuerySchema):
    """Filters by due date; a bare date is the whole day."""

    due_date = CommaList(When())
    due_date_gte, due_date_gt, due_date_lte, due_date_lt = When(), When(), When(), When()


class ArrayQuery(PageQuerySchema):
    """The page of a list that answers a bare array: long by itself, with links in `Link`."""

    page_size = Whole(1, 1000, load_default=1000)


def error_format(
    name: str, body: type[TaskBody], shape: Mapping[str, Any], render: Callable[[Any], Any]
) -> ErrorFormat:
    """Errors as JSON of `shape`, made of problem documents that name the dialect's fields.

    What the canonical API answers 422 is 400 here.
    """

    def translated(document: dict[str, Any]) -> dict[str, Any]:
        named = {body.name_of(ours): why for ours, why in document.get("errors", {}).items()}
        shown: dict[str, Any] = render(document | {"errors": named})
        return shown

    schema = {"type": "object", "properties": shape, "description": "What is wrong."}
    return ErrorFormat(name, "application/json", schema, translated, {422: 400})


def detailed(body: type[TaskBody], name: str) -> ErrorFormat:
    """`{"detail": "…", "errors": {…}}`."""
    shape = {key: PROBLEM.schema["properties"][key] for key in ("detail", "errors")}
    return error_format(name, body, shape, lambda it: {key: it[key] for key in shape})
