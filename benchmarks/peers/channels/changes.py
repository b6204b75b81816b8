"""The changes: each is a transaction, and its messages are sent to the groups after the commit."""

import time
import uuid
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from benchmarks.live.plan import Step
from benchmarks.peers.channels.models import Comment, Membership, Task

Row = dict[str, Any]


class Writer:
    """Carries out steps; `noted` has a row for each stream that was told of a change."""

    def __init__(self, world: dict[str, list[int]]) -> None:
        self._world = world
        self._count = 0
        self.noted: list[Row] = []

    def act(self, step: Step) -> None:
        """Carry out one step."""
        self._count += 1
        with transaction.atomic():
            getattr(self, f"_{step.kind}")(step)

    def _update(self, step: Step) -> None:
        task = self._locked(step)
        task.title = f"Change {self._count}"
        self._save(task)
        self._tell("task.updated", [_of_project(task)], _as_json(task))

    def _create(self, step: Step) -> None:
        project = self._world["projects"][step.project]
        task = Task.objects.create(title=f"New {self._count}", project_id=project)
        self._tell("task.created", [_of_project(task)], _as_json(task))

    def _comment(self, step: Step) -> None:
        task = self._locked(step)
        comment = Comment.objects.create(task=task, body=f"Comment {self._count}.")
        about = {"comment_id": comment.id, "task_id": task.id, "body": comment.body}
        self._tell("comment.created", [_of_project(task)], about)

    def _private(self, step: Step) -> None:
        people = self._world["people"]
        pair = [people[step.person], people[(step.person + 1) % len(people)]]
        task = Task.objects.create(
            title=f"Private {self._count}", reporter_id=pair[0], assignee_id=pair[1]
        )
        self._tell("task.created", [f"user:{person}" for person in pair], _as_json(task))

    def _move(self, step: Step) -> None:
        task = self._locked(step)
        left = _of_project(task)
        task.project_id = self._world["projects"][step.project]
        self._save(task)
        event = str(uuid.uuid4())
        self._tell("task.deleted", [left], {"task_id": task.id}, event=event)
        self._tell("task.updated", [_of_project(task)], _as_json(task), event=event)

    def _remove(self, step: Step) -> None:
        project, person = self._place(step)
        Membership.objects.filter(project_id=project, user_id=person).delete()
        Task.objects.filter(project_id=project, assignee_id=person).update(assignee=None)
        self._tell_of_member("member.removed", project, person)

    def _add(self, step: Step) -> None:
        project, person = self._place(step)
        Membership.objects.create(project_id=project, user_id=person)
        self._tell_of_member("member.added", project, person)

    def _tell_of_member(self, kind: str, project: int, person: int) -> None:
        handler = "joined" if kind == "member.added" else "left"
        # First who is in the group, then the group.
        transaction.on_commit(
            lambda: _send(f"user.{person}", {"type": handler, "group": f"project.{project}"})
        )
        streams = [f"user:{person}", f"project:{project}"]
        about = {"member_id": person, "project_id": project}
        self._tell(kind, streams, about, project=f"project:{project}", person=person)

    def _tell(
        self,
        kind: str,
        streams: list[str],
        about: Row,
        *,
        event: str = "",
        project: str = "",
        person: int = 0,
    ) -> None:
        event = event or str(uuid.uuid4())
        action = kind.partition(".")[2]

        def send() -> None:
            at = time.time()
            for stream in streams:
                place = {"action": action, "stream": stream, "event_id": event}
                row = {"stream": stream, "event": event, "type": kind, "at": at}
                tells = kind != "task.deleted"
                self.noted.append(row | {"project": project, "person": person, "tells": tells})
                _send(stream.replace(":", "."), {"type": "change", "message": about | place})

        transaction.on_commit(send)

    def _locked(self, step: Step) -> Task:
        return Task.objects.select_for_update().get(id=self._world["tasks"][step.task])

    def _place(self, step: Step) -> tuple[int, int]:
        return self._world["projects"][step.project], self._world["people"][step.person]

    def _save(self, task: Task) -> None:
        task.version += 1
        task.save()


def _send(group: str, message: Row) -> None:
    async_to_sync(get_channel_layer().group_send)(group, message)


def _of_project(task: Task) -> str:
    return f"project:{task.project_id}"


def _as_json(task: Task) -> Row:
    return {
        "task_id": task.id,
        "title": task.title,
        "description": task.description,
        "priority": task.priority,
        "status": task.status,
        "project": task.project_id,
        "due_date": None,
        "assigned_to": task.assignee_id,
        "created_by": task.reporter_id,
        "created_at": task.created_at.isoformat(),
        "updated_at": task.updated_at.isoformat(),
        "version": task.version,
    }
