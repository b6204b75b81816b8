"""What `check_compose.py` is made of: the project in Docker, a person, and steady traffic."""

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
PROJECT = "task-service-check"
ONE_SHOT = {"secrets", "migrate"}
WEB = "http://127.0.0.1:5000"
API = "http://127.0.0.1:8000"
SOCKETS = "http://127.0.0.1:8001"
# Other limits are the point of other tests.
ENVIRONMENT = os.environ | {"THROTTLE_USER_RATE": "1000000/hour"}
PASSWORD = "correct horse battery staple"


def compose(*arguments: str, text: str | None = None, check: bool = True) -> str:
    """Run docker-compose on the project and return what it printed."""
    done = subprocess.run(
        [*COMPOSE, "-p", PROJECT, *arguments],
        cwd=ROOT, env=ENVIRONMENT, input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if check and done.returncode:
        raise AssertionError(f"{' '.join(arguments)}: {done.stderr[-2000:]}{done.stdout[-500:]}")
    return done.stdout


def docker(*arguments: str) -> str:
    """Run docker and return what it printed."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def mails() -> int:
    """Return how many mails lie in the volume, asking a container that runs."""
    script = "ls /var/lib/task-service/data/mail 2>/dev/null | wc -l"
    for name in ("relay", "web", "api"):
        if (
            printed := compose("exec", "-T", name, "sh", "-c", script, check=False).strip()
        ).isdigit():
            return int(printed)
    return 0


def containers() -> dict[str, dict[str, Any]]:
    """Return the state of each service's container."""
    ids = compose("ps", "-aq").split()
    inspected = json.loads(docker("inspect", *ids)) if ids else []
    return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in inspected}


def unfit() -> list[str]:
    """Return what is not as it should be: healthy, running, or done."""
    found = []
    for name, one in containers().items():
        state = one["State"]
        if name in ONE_SHOT:
            fit = state["Status"] == "exited" and state["ExitCode"] == 0
        else:
            fit = state["Running"] and state.get("Health", {}).get("Status", "healthy") == "healthy"
        if not fit:
            found.append(name)
    return found


def seconds_until(true: Callable[[], Any], limit: float = 120) -> float:
    """Wait, and return for how long."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > limit:
            raise TimeoutError(f"not within {limit:.0f} s; unfit: {unfit()}")
        time.sleep(0.1)
    return time.monotonic() - began


class Person:
    """Somebody with a token, who counts the tasks that were acknowledged."""

    def __init__(self, name: str, base: str = API) -> None:
        self.name = name
        self.base = base
        self.id = 0
        self.token = ""
        self.acknowledged: set[int] = set()

    def sign_in(self) -> None:
        """Register and sign in."""
        body = {"username": self.name, "email": f"{self.name}@example.com", "password": PASSWORD}
        url = f"{self.base}/api/v1/auth"
        requests.post(f"{url}/users/", json=body, timeout=20).raise_for_status()
        sign_in = {"username": self.name, "password": PASSWORD}
        answer = requests.post(f"{url}/login/", json=sign_in, timeout=20)
        answer.raise_for_status()
        self.id, self.token = answer.json()["user"]["id"], answer.json()["access"]

    def send(self, method: str, path: str, **more: Any) -> Any:
        """Send a request and return what is answered. Raises requests' errors, also for 4xx."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.base}/api/v1{path}"
        answer = requests.request(method, url, headers=headers, timeout=10, **more)
        answer.raise_for_status()
        return answer.json()

    def create(self, **more: Any) -> int:
        """Create a task and return its id."""
        task = int(self.send("POST", "/tasks/", json={"title": "A task"} | more)["id"])
        self.acknowledged.add(task)
        return task

    def missing(self) -> set[int]:
        """Return the acknowledged tasks that are not there."""
        there: set[int] = set()
        path = "/tasks/?page_size=100"
        while path:
            page = self.send("GET", path)
            there |= {task["id"] for task in page["results"]}
            path = (page["next"] or "").partition("/api/v1")[2]
        return self.acknowledged - there


class Traffic:
    """`with Traffic(person)`: creates ten tasks a second and knows when none was acknowledged."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._times: list[float] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Traffic":
        self._times.append(time.monotonic())
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def longest_pause(self) -> float:
        """Return the longest time without an acknowledged write."""
        times = [*self._times, time.monotonic()]
        return max(later - one for one, later in pairwise(times))

    def _run(self) -> None:
        while not self._stopping.wait(0.1):
            with suppress(requests.RequestException):
                self._person.create()
                self._times.append(time.monotonic())
