"""The team in the pictures of the board: people, a project, tasks, what was said of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

PASSWORD = "a long walk by the river"  # noqa: S105 - of a service that lives for a minute
PEOPLE = {
    "nora": ("Nora", "Feld"),
    "jonas": ("Jonas", "Wirth"),
    "mei": ("Mei", "Tanaka"),
    "samuel": ("Samuel", "Okoro"),
    "lucia": ("Lucia", "Romano"),
}
# Title, status, priority, assignee, due in days, hours.
TASKS = [
    ("Collect ideas for the spring campaign", "BACKLOG", "LOW", None, None, None),
    ("Compare three providers of address checks", "BACKLOG", "MEDIUM", None, 20, 4),
    ("Offer invoices as a download", "BACKLOG", "MEDIUM", "mei", None, 6),
    ("Write the help page about returns", "TODO", "MEDIUM", "lucia", 6, 3),
    ("Make the search forgive typing errors", "TODO", "HIGH", "samuel", 4, 12),
    ("Shorten the order confirmation", "TODO", "LOW", "lucia", 9, 2),
    ("Test the checkout with a screen reader", "TODO", "HIGH", "nora", 1, 5),
    ("Remember the basket after signing in", "IN_PROGRESS", "HIGH", "nora", 0, 8),
    ("Show delivery times on the product page", "IN_PROGRESS", "MEDIUM", "mei", 3, 10),
    ("Orders are charged twice after a timeout", "IN_PROGRESS", "CRITICAL", "jonas", -1, 6),
    ("Move the product images to the new store", "REVIEW", "MEDIUM", "samuel", 2, 16),
    ("Translate the checkout into Italian", "REVIEW", "LOW", "lucia", 5, 7),
    ("Send a mail when a parcel is on its way", "DONE", "HIGH", "jonas", -3, 9),
    ("Agree on the wording of the start page", "DONE", "MEDIUM", "nora", -5, 2),
    ("Load the start page in under a second", "DONE", "HIGH", "samuel", -2, 14),
    ("Remove the old voucher codes", "DONE", "LOW", "mei", None, 1),
]
STORY = "Orders are charged twice after a timeout"
DESCRIPTION = (
    "The payment provider answers after our limit of 10 seconds; the page then offers “Try again”, "
    "and the second attempt is charged as well.\n\nWhat is needed:\n\n"
    "- send an idempotency key with every charge\n"
    "- show the state of the first attempt instead of the button\n"
    "- pay the eleven customers back whom support has listed"
)
COMMENTS = [
    ("lucia", "Support has the list: eleven orders since Monday, all paid by card."),
    ("jonas", "The provider keeps keys for a day. @mei could you check the log for the first one?"),
    ("mei", "Found it: the first attempt went through after 11.4 s. The key is in the branch now."),
    ("nora", "Thank you! I have told the customers that the money is on its way back."),
]


class Person:
    """Somebody of the team, talking to the API."""

    def __init__(self, base: str, username: str) -> None:
        self.base = f"{base}/api/v1"
        self.session = requests.Session()
        first, last = PEOPLE[username]
        names = {"username": username, "first_name": first, "last_name": last}
        mail = {"email": f"{username}@example.com", "password": PASSWORD}
        self.id = self.post("/auth/users/", **names, **mail)["id"]
        signed_in = self.post("/auth/login/", username=username, password=PASSWORD)
        self.session.headers["Authorization"] = f"Bearer {signed_in['access']}"

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Create something; returns it."""
        return self._send("POST", path, body)

    def patch(self, path: str, **body: Any) -> dict[str, Any]:
        """Change something; returns it."""
        return self._send("PATCH", path, body)

    def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        answer = self.session.get(self.base + path, params=query, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.session.request(method, self.base + path, json=body, timeout=30)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


def settle(base: str) -> dict[str, str]:
    """Fill the service at `base`; returns where the pictures are taken, by name."""
    team = {username: Person(base, username) for username in PEOPLE}
    nora = team["nora"]
    project = nora.post("/projects/", name="Online shop", description="Orders, from click to door")
    for username, person in team.items():
        if person is not nora:
            role = "MANAGER" if username == "jonas" else "MEMBER"
            nora.post(f"/projects/{project['id']}/members/", user=person.id, role=role)
    board = nora.get("/boards/", project=project["id"])["results"][0]
    nora.patch(f"/boards/{board['id']}/", name="Sprint 14")
    nora.post("/boards/", project=project["id"], name="Ideas")
    nora.post("/projects/", name="Office move")
    # Everyone is a member of the project that a new service has.
    default = nora.get("/projects/", search="Default project")["results"][0]
    nora.post(f"/projects/{default['id']}/leave/")
    _limit(nora, board["id"])
    tasks = {
        task[0]: _create(team, board["id"], task, timedelta(days=1.5 * (len(TASKS) - number)))
        for number, task in enumerate(TASKS, 1)
    }
    story = tasks[STORY]
    nora.patch(f"/tasks/{story}/", description=DESCRIPTION)
    for username, text in COMMENTS:
        team[username].post(f"/tasks/{story}/comments/", body=text)
    _address_nora(team, tasks)
    return {
        "board": f"#boards/{board['id']}",
        "task": f"#tasks/{story}",
        "tasks": f"#tasks?project={project['id']}&view=all",
        "report": "#reports",
        "inbox": "#inbox",
    }


def _limit(person: Person, board: int) -> None:
    columns = person.get(f"/boards/{board}/columns/")
    doing = next(column for column in columns if column["status"] == "IN_PROGRESS")
    person.patch(f"/boards/{board}/columns/{doing['id']}/", wip_limit=3)


def _create(team: Mapping[str, Person], board: int, task: tuple[Any, ...], age: timedelta) -> int:
    title, status, priority, assignee, due, hours = task
    body = {"title": title, "status": status, "priority": priority, "board": board}
    now = datetime.now(UTC)
    body["created_at"] = (now - age).isoformat()
    due_date = None if due is None else str((now + timedelta(days=due)).date())
    reporter = team["lucia" if priority in {"LOW", "CRITICAL"} else "nora"]
    created: int = reporter.post(
        "/tasks/", **body, assignee=assignee, due_date=due_date, estimated_hours=hours
    )["id"]
    return created


def _address_nora(team: Mapping[str, Person], tasks: Mapping[str, int]) -> None:
    """What stands in her inbox."""
    for username, title, text in [
        ("samuel", "Move the product images to the new store", "@nora ready for a last look."),
        ("mei", "Remember the basket after signing in", "The test for guests passes now."),
        ("lucia", "Agree on the wording of the start page", "@nora lovely, thank you."),
    ]:
        team[username].post(f"/tasks/{tasks[title]}/comments/", body=text)
    team["jonas"].patch(f"/tasks/{tasks['Offer invoices as a download']}/", assignee="nora")
