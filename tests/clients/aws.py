"""Servers that answer as AWS does: the Lambda API and the Auto Scaling API."""

import base64
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, TypeVar
from urllib.parse import parse_qsl

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "abc"}
FUNCTION = "task-notification"


@dataclass
class Reply:
    """One answer; with `hang` it never comes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = field(default_factory=dict)
    hang: bool = False


def problem(status: int, code: str, message: str = "no") -> Reply:
    """An error as the Lambda API reports it."""
    return Reply(status, {"X-Amzn-ErrorType": code}, {"Type": "User", "message": message})


def failed(kind: str = "Unhandled", **told: str) -> Reply:
    """A call that reached the function, which then failed."""
    return Reply(200, {"X-Amz-Function-Error": kind}, told)


class LambdaApi(ThreadingHTTPServer):
    """Gives the replies that were `planned`, then good ones; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.planned: list[Reply] = []
        self.calls: list[tuple[str, Any]] = []
        self.contexts: list[Any] = []
        self.stopped = Event()

    @property
    def settings(self) -> dict[str, str]:
        """What makes the application call this server."""
        url = f"http://127.0.0.1:{self.server_address[1]}"
        return {"AWS_LAMBDA_FUNCTION_NAME": FUNCTION, "AWS_ENDPOINT_URL_LAMBDA": url, **KEYS}


class _Handler(BaseHTTPRequestHandler):
    server: LambdaApi

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((self.path, json.loads(body)))
        context = base64.b64decode(self.headers["X-Amz-Client-Context"])
        self.server.contexts.append(json.loads(context))
        reply = self.server.planned.pop(0) if self.server.planned else Reply()
        if reply.hang:
            self.server.stopped.wait(30)
            return
        said = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


NAMESPACE = "http://autoscaling.amazonaws.com/doc/2011-01-01/"


class ScalingApi(ThreadingHTTPServer):
    """One group, `web`; its size changes at once unless `slow`. `problem` is an error's code."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _ScalingHandler)
        self.desired, self.running, self.limits = 2, 2, (1, 4)
        self.activities: list[tuple[str, datetime]] = []
        self.asked: list[dict[str, str]] = []
        self.slow, self.problem, self.stopped = False, "", Event()

    @property
    def settings(self) -> dict[str, str]:
        """What makes the application call this server."""
        url = f"http://127.0.0.1:{self.server_address[1]}"
        return {"AUTO_SCALING_GROUP_NAME": "web", "AWS_ENDPOINT_URL_AUTO_SCALING": url, **KEYS}

    @property
    def was_set_to(self) -> list[int]:
        return [int(a["DesiredCapacity"]) for a in self.asked if "DesiredCapacity" in a]

    def describe_auto_scaling_groups(self, asked: dict[str, str]) -> str:
        if asked["AutoScalingGroupNames.member.1"] != "web":
            return "<AutoScalingGroups/>"
        machine = (
            "<member><InstanceId>i-1</InstanceId><AvailabilityZone>a</AvailabilityZone>"
            "<LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus>"
            "<ProtectedFromScaleIn>false</ProtectedFromScaleIn></member>"
        )
        minimum, maximum = self.limits
        return (
            "<AutoScalingGroups><member><AutoScalingGroupName>web</AutoScalingGroupName>"
            f"<MinSize>{minimum}</MinSize><MaxSize>{maximum}</MaxSize>"
            f"<DesiredCapacity>{self.desired}</DesiredCapacity><DefaultCooldown>300</DefaultCooldown>"
            f"<Instances>{machine * self.running}</Instances></member></AutoScalingGroups>"
        )

    def describe_scaling_activities(self, _: dict[str, str]) -> str:
        members = "".join(
            f"<member><ActivityId>1</ActivityId><StatusCode>{status}</StatusCode>"
            f"<StartTime>{at.isoformat()}</StartTime></member>"
            for status, at in self.activities
        )
        return f"<Activities>{members}</Activities>"

    def set_desired_capacity(self, asked: dict[str, str]) -> str:
        self.desired = int(asked["DesiredCapacity"])
        self.running = self.running if self.slow else self.desired
        return ""


class _ScalingHandler(BaseHTTPRequestHandler):
    server: ScalingApi

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = dict(parse_qsl(body))
        self.server.asked.append(asked)
        action = asked["Action"]
        if self.server.problem:
            status, said = 403, f"<Error><Code>{self.server.problem}</Code><Message/></Error>"
            said = f'<ErrorResponse xmlns="{NAMESPACE}">{said}</ErrorResponse>'
        else:
            answers = {
                "DescribeAutoScalingGroups": self.server.describe_auto_scaling_groups,
                "DescribeScalingActivities": self.server.describe_scaling_activities,
                "SetDesiredCapacity": self.server.set_desired_capacity,
            }
            status, said = 200, f"<{action}Result>{answers[action](asked)}</{action}Result>"
            said = f'<{action}Response xmlns="{NAMESPACE}">{said}</{action}Response>'
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_: object) -> None:
        pass


def lambda_api() -> AbstractContextManager[LambdaApi]:
    """A running Lambda API."""
    return _running(LambdaApi())


def scaling_api() -> AbstractContextManager[ScalingApi]:
    """A running Auto Scaling API."""
    return _running(ScalingApi())


Api = TypeVar("Api", LambdaApi, ScalingApi)


@contextmanager
def _running(server: Api) -> Iterator[Api]:
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
