"""Making, changing and deleting endpoints. Every function runs in the caller's unit of work."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.clients.http import UnsafeAddress, make_http_client
from app.config import current_settings
from app.core import backlog, clock, events
from app.core.errors import Conflict, Invalid, NotFound, PreconditionFailed
from app.notifications.channels import WEBHOOK_CHANNEL
from app.projects.permissions import Permission
from app.projects.queries import check_writable, get_project, lock_project, share_project
from app.users.actor import Actor
from app.users.models import User
from app.webhooks import circuit
from app.webhooks.delivering import DELETED
from app.webhooks.events import (
    WebhookCreated,
    WebhookDeleted,
    WebhookPinged,
    WebhookSecretRotated,
    WebhookUpdated,
    about,
    as_json,
)
from app.webhooks.models import WebhookEndpoint, WebhookSecret
from app.webhooks.queries import get_endpoint
from app.webhooks.signing import new_secret
from app.webhooks.subscriptions import OF_PROJECTS, OF_USERS, patterns

MAX_ENDPOINTS = 10
"""Of one project, or of one user."""


def create_endpoint(
    session: Session, data: Mapping[str, Any], *, actor: Actor
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret; `data` as WebhookInputSchema loads it.

    Raises NotFound, Forbidden, Invalid, and Conflict for one too many or an archived project.
    """
    project_id = data["project"]
    whose = _lock_owner(session, project_id, actor)
    checked = _checked(data, of_project=project_id is not None)
    count = session.scalar(select(func.count()).select_from(WebhookEndpoint).where(whose)) or 0
    if count >= MAX_ENDPOINTS:
        raise Conflict(f"There are {MAX_ENDPOINTS} webhooks already; delete one first.")
    owner = {"user_id": actor.id} if project_id is None else {"project_id": project_id}
    endpoint = WebhookEndpoint(created_by=actor.id, failures=0, **owner, **checked)
    session.add(endpoint)
    session.flush()  # The secret and the event name the new id.
    secret = _add_secret(session, endpoint)
    events.record(about(endpoint, WebhookCreated, actor_id=actor.id))
    return endpoint, secret.secret


def update_endpoint(
    session: Session,
    endpoint_id: int,
    data: Mapping[str, Any],
    *,
    actor: Actor,
    version: int | None,
) -> WebhookEndpoint:
    """Change an endpoint; `data` as WebhookPatchSchema loads it.

    Switched on again, or with another address, it begins anew. Raises as `lock_endpoint`, and
    Invalid and PreconditionFailed.
    """
    endpoint = lock_endpoint(session, endpoint_id, actor)
    _check_version(endpoint, version)
    before = as_json(endpoint)
    checked = _checked(data, of_project=endpoint.project_id is not None)
    switched = checked.pop("is_active", None)
    for name, value in checked.items():
        setattr(endpoint, name, value)
    if switched or "url" in checked:
        circuit.forget_failures(endpoint)
        backlog.release(session, WEBHOOK_CHANNEL, str(endpoint.id))
    if switched:
        endpoint.is_active, endpoint.disabled_at, endpoint.disabled_reason = True, None, None
    elif switched is False and endpoint.is_active:
        circuit.switch_off(session, endpoint, f"{actor.username} switched it off.")
    _record_change(endpoint, before, actor)
    return endpoint


def delete_endpoint(session: Session, endpoint_id: int, *, actor: Actor) -> None:
    """Delete an endpoint; what it is owed is dropped. Raises as `lock_endpoint`."""
    endpoint = lock_endpoint(session, endpoint_id, actor)
    backlog.abandon(session, WEBHOOK_CHANNEL, str(endpoint.id), DELETED)
    events.record(about(endpoint, WebhookDeleted, actor_id=actor.id))
    session.delete(endpoint)


def rotate_secret(
    session: Session, endpoint_id: int, overlap: timedelta, *, actor: Actor
) -> tuple[WebhookSecret, WebhookSecret]:
    """A new secret, and the one before, which signs besides for `overlap`.

    Of older ones that still signed nothing is left. Raises as `lock_endpoint`.
    """
    endpoint = lock_endpoint(session, endpoint_id, actor)
    of_it = WebhookSecret.endpoint_id == endpoint.id
    newest = select(WebhookSecret).where(of_it).order_by(WebhookSecret.id.desc()).limit(1)
    former = session.scalars(newest).one()
    session.execute(delete(WebhookSecret).where(of_it, WebhookSecret.id != former.id))
    former.expires_at = clock.now() + overlap
    secret = _add_secret(session, endpoint)
    events.record(about(endpoint, WebhookSecretRotated, actor_id=actor.id))
    return secret, former


def ping(session: Session, endpoint_id: int, *, actor: Actor) -> WebhookEndpoint:
    """Send `webhook.ping`. Raises as `lock_endpoint`, and Conflict for one that is off."""
    endpoint = lock_endpoint(session, endpoint_id, actor)
    require_active(endpoint)
    events.record(about(endpoint, WebhookPinged, actor_id=actor.id))
    return endpoint


def lock_endpoint(session: Session, endpoint_id: int, actor: Actor) -> WebhookEndpoint:
    """An endpoint, locked against every other writer.

    Raises NotFound, Forbidden, and Conflict in an archived project.
    """
    found = get_endpoint(session, endpoint_id, actor)
    if found.project_id is not None:
        project = share_project(session, found.project_id)
        if project is not None:
            check_writable(project)
    # While it waited, somebody may have deleted it, or deleted its project.
    session.get(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
    return get_endpoint(session, endpoint_id, actor)


def require_active(endpoint: WebhookEndpoint) -> None:
    """Raise Conflict for an endpoint that is switched off."""
    if not endpoint.is_active:
        raise Conflict('The webhook is switched off; PATCH it with {"is_active": true} first.')


def _lock_owner(session: Session, project_id: int | None, actor: Actor) -> ColumnElement[bool]:
    """Lock whose endpoint it will be, so that two at once cannot make one too many."""
    if project_id is None:
        session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
        return WebhookEndpoint.user_id == actor.id
    try:
        _, standing = get_project(session, project_id, actor)
    except NotFound:
        message = f"there is no project {project_id}"
        raise NotFound("There is no such project.", errors={"project": [message]}) from None
    standing.require(Permission.MANAGE_WEBHOOKS)
    project, _ = lock_project(session, project_id, actor)
    check_writable(project)
    return WebhookEndpoint.project_id == project_id


def _checked(data: Mapping[str, Any], *, of_project: bool) -> dict[str, Any]:
    """The fields of `data`, with address and patterns found good. Raises Invalid."""
    if "url" in data:
        try:
            make_http_client(current_settings()).check(data["url"])
        except UnsafeAddress as error:
            raise Invalid.field("url", str(error)) from None
    if "events" in data:
        _check_patterns(data["events"], patterns(OF_PROJECTS if of_project else OF_USERS))
    kept = {name: value for name, value in data.items() if name != "project"}
    if "events" in kept:
        kept["events"] = list(dict.fromkeys(kept["events"]))
    return kept


def _check_patterns(wanted: Sequence[str], allowed: Sequence[str]) -> None:
    unknown = [name for name in wanted if name not in allowed]
    if unknown:
        named = ", ".join(unknown)
        message = f"there is no event {named}; allowed are: {', '.join(allowed)}"
        raise Invalid.field("events", message)


def _add_secret(session: Session, endpoint: WebhookEndpoint) -> WebhookSecret:
    secret = WebhookSecret(endpoint_id=endpoint.id, secret=new_secret())
    session.add(secret)
    session.flush()
    return secret


def _record_change(endpoint: WebhookEndpoint, before: dict[str, Any], actor: Actor) -> None:
    changes = events.differences(before, as_json(endpoint))
    if changes:
        endpoint.version += 1
        endpoint.updated_at = clock.now()
        events.record(about(endpoint, WebhookUpdated, actor_id=actor.id, changes=changes))


def _check_version(endpoint: WebhookEndpoint, version: int | None) -> None:
    if version not in (None, endpoint.version):
        raise PreconditionFailed(
            f"The webhook has changed since version {version}; it is at version "
            f"{endpoint.version} now. Read it again, or repeat with the new ETag.",
            extra={"current_version": endpoint.version},
        )
