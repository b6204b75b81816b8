"""What somebody may subscribe to, and which part of the log that is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.queries import get_board
from app.core.errors import NotFound
from app.core.events import ADMIN_STREAM, Stream, StreamName
from app.projects.queries import is_member, projects_of
from app.realtime.subscription import Subscription
from app.realtime.views import Predicate, everything, involving, of_task, on_board
from app.tasks.events import streams_of
from app.tasks.queries import get_task
from app.users.actor import Actor

_NOT_YOURS = (
    'You see no such thing. You may subscribe to "user:<your id>", to "project:<id>" of your '
    'projects, to "board:<id>" and "task:<id>" of what you see, and to "mine".'
)


@dataclass(frozen=True)
class Scope:
    """The log streams of a subscription, each with the last place that the client knows or None.

    The rest is as in `View`. `home` is the one stream in which places are counted, if it is one.
    """

    streams: Mapping[StreamName, int | None]
    matches: Predicate = everything
    home: StreamName | None = None
    grows: bool = False
    everywhere: bool = False


def scope_of(session: Session, wanted: Subscription, actor: Actor) -> Scope:
    """What `wanted` is for `actor`. Raises NotFound for what `actor` does not see.

    An administrator may read every stream, anyone else the own one and those of the own projects.
    """
    if wanted.about is None:
        return _scope_of_mine(session, wanted, actor)
    find = _FILTERS.get(wanted.about.kind, _scope_of_stream)
    try:
        return find(session, wanted.about, wanted.last_seq, actor)
    except NotFound:
        raise NotFound(_NOT_YOURS) from None


def own_scope(session: Session, actor: Actor, matches: Predicate) -> Scope:
    """Every stream of one's own; for an administrator all that there is."""
    streams = _own_streams(session, actor)
    if actor.is_admin:
        streams = {StreamName.of_user(actor.id): None, ADMIN_STREAM: None}
    return Scope(streams, matches, grows=not actor.is_admin, everywhere=actor.is_admin)


def _scope_of_mine(session: Session, wanted: Subscription, actor: Actor) -> Scope:
    """An administrator's tasks are in whatever project; of anyone else's only the own ones."""
    own = _own_streams(session, actor)
    known = {name: seq for name, seq in wanted.places.items() if actor.is_admin or name in own}
    matches = involving(actor.id)
    return Scope(own | known, matches, grows=True, everywhere=actor.is_admin)


def _scope_of_stream(
    session: Session, stream: StreamName, last_seq: int | None, actor: Actor
) -> Scope:
    own = stream == StreamName.of_user(actor.id) or (
        stream.kind == "project" and is_member(session, stream.ref_id, actor.id)
    )
    if not (own or (actor.is_admin and _exists(session, stream))):
        raise NotFound(_NOT_YOURS)
    return Scope({stream: last_seq}, home=stream)


def _scope_of_board(
    session: Session, named: StreamName, last_seq: int | None, actor: Actor
) -> Scope:
    board, _, _ = get_board(session, named.ref_id, actor)
    stream = StreamName.of_project(board.project_id)
    return Scope({stream: last_seq}, on_board(board.id), home=stream)


def _scope_of_task(
    session: Session, named: StreamName, last_seq: int | None, actor: Actor
) -> Scope:
    """It may move: from project to project, or out of any and back."""
    task = get_task(session, named.ref_id, actor)
    people = {"reporter": task.reporter_id, "assignee": task.assignee_id}
    streams = streams_of({"project": task.project_id, **people})
    own = _own_streams(session, actor)
    home = min(streams & own.keys() or streams)
    return Scope(
        own | {home: last_seq}, of_task(task.id), home, grows=True, everywhere=actor.is_admin
    )


_FILTERS: Mapping[str, Callable[[Session, StreamName, int | None, Actor], Scope]] = {
    "board": _scope_of_board,
    "task": _scope_of_task,
}


def _own_streams(session: Session, actor: Actor) -> dict[StreamName, int | None]:
    projects = session.scalars(projects_of(actor))
    own = [StreamName.of_user(actor.id), *(StreamName.of_project(each) for each in projects)]
    return dict.fromkeys(own)


def _exists(session: Session, stream: StreamName) -> bool:
    found = select(Stream.id).where(Stream.kind == stream.kind, Stream.ref_id == stream.ref_id)
    return stream == ADMIN_STREAM or session.scalar(found) is not None
