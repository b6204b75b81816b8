"""One connection: in the group of the person and in those of the projects."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from benchmarks.peers.channels.models import Membership


class TaskConsumer(AsyncJsonWebsocketConsumer):
    """Tells a person what changes; joins and leaves the groups of projects as it is told."""

    async def connect(self) -> None:
        user = self.scope["user_id"]
        if user is None:
            await self.close(4401)
            return
        for group in [f"user.{user}", *await _groups_of(user)]:
            await self.channel_layer.group_add(group, self.channel_name)
            self.groups.append(group)  # The base class leaves these at the end.
        await self.accept()
        await self.send_json({"ready": True})

    async def change(self, event: dict[str, Any]) -> None:
        """A message for everybody in a group."""
        await self.send_json(event["message"])

    async def joined(self, event: dict[str, Any]) -> None:
        """The person has become a member."""
        await self.channel_layer.group_add(event["group"], self.channel_name)
        self.groups.append(event["group"])

    async def left(self, event: dict[str, Any]) -> None:
        """The person is no member any more."""
        await self.channel_layer.group_discard(event["group"], self.channel_name)
        if event["group"] in self.groups:
            self.groups.remove(event["group"])


@database_sync_to_async
def _groups_of(user: int) -> list[str]:
    projects = Membership.objects.filter(user_id=user).values_list("project_id", flat=True)
    return [f"project.{project}" for project in projects]
