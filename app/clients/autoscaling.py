"""The machines that grow and shrink in number: a group at AWS, or else a number in a file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from app.clients.aws import make_aws_client
from app.config import Settings

_RECENT = 20
_CAME_TO_NOTHING = {"Failed", "Cancelled"}


class ScalingError(Exception):
    """The group could not be asked or changed; the text says why."""


class GroupState(NamedTuple):
    """How a group stands: `changed_at` is when its size last began to change, if it ever did."""

    name: str
    desired: int
    running: int
    minimum: int
    maximum: int
    changed_at: datetime | None


class ScalingGroup(Protocol):
    """A number of machines of one kind."""

    def look(self) -> GroupState:
        """How the group stands now. Raises ScalingError."""

    def resize(self, capacity: int) -> None:
        """Ask for `capacity` machines. Raises ScalingError."""


class AwsScalingGroup:
    """`AUTO_SCALING_GROUP_NAME` at AWS."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.AUTO_SCALING_GROUP_NAME
        self.client = make_aws_client(
            "autoscaling", settings, settings.AWS_ENDPOINT_URL_AUTO_SCALING
        )

    def look(self) -> GroupState:
        """How the group stands now. Raises ScalingError, also where there is no such group."""
        try:
            found = self.client.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])
            recent = self.client.describe_scaling_activities(
                AutoScalingGroupName=self.name, MaxRecords=_RECENT
            )
        except (BotoCoreError, ClientError) as error:
            raise ScalingError(f"{type(error).__name__}: {error}") from error
        for group in found["AutoScalingGroups"]:
            return GroupState(
                name=self.name,
                desired=group["DesiredCapacity"],
                running=len(group["Instances"]),
                minimum=group["MinSize"],
                maximum=group["MaxSize"],
                changed_at=max(
                    (
                        activity["StartTime"]
                        for activity in recent["Activities"]
                        if activity["StatusCode"] not in _CAME_TO_NOTHING
                    ),
                    default=None,
                ),
            )
        raise ScalingError(f"there is no auto-scaling group {self.name}")

    def resize(self, capacity: int) -> None:
        """Set the group's desired capacity. Raises ScalingError."""
        try:
            self.client.set_desired_capacity(
                AutoScalingGroupName=self.name, DesiredCapacity=capacity
            )
        except (BotoCoreError, ClientError) as error:
            raise ScalingError(f"{type(error).__name__}: {error}") from error


class LocalScalingGroup:
    """A number from 1 to 10 in a file, in the place of a group: to see what would happen."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def look(self) -> GroupState:
        """What the file says; 1 where there is none. Raises ScalingError."""
        try:
            capacity = int(self.file.read_text(encoding="utf-8"))
            changed_at = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        except FileNotFoundError:
            return GroupState(str(self.file), 1, 1, 1, 10, None)
        except (OSError, ValueError) as error:
            raise ScalingError(f"{self.file}: {error}") from error
        return GroupState(str(self.file), capacity, capacity, 1, 10, changed_at)

    def resize(self, capacity: int) -> None:
        """Write the number down. Raises ScalingError."""
        try:
            self.file.write_text(f"{capacity}\n", encoding="utf-8")
        except OSError as error:
            raise ScalingError(f"{self.file}: {error}") from error


def make_scaling_group(settings: Settings) -> ScalingGroup:
    """The group that the settings name; without one or without credentials, the local number."""
    if settings.AUTO_SCALING_GROUP_NAME and settings.has_aws_key:
        return AwsScalingGroup(settings)
    return LocalScalingGroup(settings.DATA_DIR / "desired_capacity")
