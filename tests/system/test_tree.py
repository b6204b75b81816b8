"""The whole service as a user runs it: one process tree, real sockets, SMTP, Redis, PostgreSQL."""

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from tree import Listener, Tree, User, wait_until

from embedded import ValkeyServer

pytestmark = [pytest.mark.xdist_group("tree"), pytest.mark.timeout(240)]


def _subjects(tree: Tree, user: User) -> list[str]:
    return [str(message["Subject"]) for message in tree.mail.to(user.username)]


def test_a_change_reaches_sockets_mail_and_lambda(tree):
    ada, bob, eve = (tree.user(name) for name in ("ada", "bob", "eve"))
    ears = {user.username: Listener().listen(user) for user in (ada, bob, eve)}
    path = ""
    delays = []

    def changed(send: Any, count: int) -> Any:
        started = time.monotonic()
        answer = send()
        task_id = answer["id"] if isinstance(answer, dict) else int(path.split("/")[-2])
        for user in (ada, bob):
            heard = ears[user.username]
            wait_until(lambda heard=heard: len(heard.about(task_id)) == count, 10, "the message")
            delays.append(heard.heard[-1][0] - started)
        return answer

    task = changed(lambda: ada.create(title="Ship it", assignee=bob.id), 1)
    path = f"/tasks/{task['id']}/"
    changed(lambda: ada.send("PATCH", path, json={"priority": "HIGH"}).status_code, 2)
    changed(lambda: ada.send("PATCH", path, json={"status": "DONE"}).status_code, 3)
    # Of a deleted task nobody is mailed any more.
    wait_until(lambda: len(_subjects(tree, bob)) == 3, 15, "three mails")
    changed(lambda: ada.send("DELETE", path).status_code, 4)

    names = [name for name, _ in ears[bob.username].about(task["id"])]
    assert names == ["task.created", "task.updated", "task.updated", "task.deleted"]
    seqs = [seq for _, seq in ears[bob.username].about(task["id"])]
    assert seqs == list(range(seqs[0], seqs[0] + 4))
    assert ears[eve.username].heard == []
    # One of them may meet a moment in which the machine has other things to do.
    assert statistics.median(delays) < 1

    assert _subjects(tree, bob) == [
        f"{ada.username} assigned you: Ship it",
        "Task updated: Ship it",
        "Task updated: Ship it",
    ]
    assert tree.mail.to(ada.username) == []
    ids = [message["Message-ID"] for message in tree.mail.to(bob.username)]
    assert len(set(ids)) == 3
    wait_until(lambda: tree.lines("Lambda Notification: Task 'Ship it'"), 15, "the Lambda line")
    time.sleep(0.5)
    (line,) = tree.lines("Lambda Notification: Task 'Ship it'")
    assert f"assigned to {bob.username} is now completed" in line
    for ear in ears.values():
        ear.client.disconnect()


def test_whatever_the_transport_everybody_hears_the_same(tree):
    ada = tree.user("ada")
    transports = [["polling"], ["websocket"], ["polling", "websocket"]]
    ears = [Listener().listen(ada, kind) for kind in transports for _ in range(3)]
    tasks = [ada.create()["id"] for _ in range(3)]

    for ear in ears:
        wait_until(lambda ear=ear: len(ear.heard) == 3, 60, "three messages")
        assert [message["task_id"] for *_, message in ear.heard] == tasks
        ear.client.disconnect()


def test_one_id_leads_from_the_request_to_the_mail_and_the_lambda(tree):
    ada, bob = tree.user("ada"), tree.user("bob")
    sought = "follow-me-0001"
    headers = {"X-Request-ID": sought}
    body = {"title": "Follow", "assignee": bob.id, "status": "DONE"}
    answer = ada.send("POST", "/tasks/", json=body, headers=headers)
    assert answer.headers["X-Request-ID"] == sought

    (mail,) = wait_until(lambda: tree.mail.to(bob.username), 15, "the mail")
    assert mail["X-Request-ID"] == sought
    wanted = (
        r"app\.request: POST /api/v1/tasks/ 201",
        r"Delivery \d+ \(email to \d+\) is done",
        r"app\.job: notifications\.send_email done",
        r"Delivery \d+ \(lambda to .*\) is done",
        r"app\.job: notifications\.invoke_lambda done",
    )
    for line in wanted:
        wait_until(lambda line=line: tree.lines(rf"\[{sought}\].*{line}"), 15, line)


def test_of_two_patches_with_one_etag_one_is_refused(tree):
    ada, bob = tree.user("ada"), tree.user("bob")
    task = ada.create(assignee=bob.id)
    path, seen = f"/tasks/{task['id']}/", {"If-Match": '"v1"'}
    barrier = threading.Barrier(2)

    def patch(user: User) -> int:
        barrier.wait()
        return user.send("PATCH", path, json={"title": user.username}, headers=seen).status_code

    for _ in range(1):
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(patch, [ada, bob])) == [200, 412]


def test_without_redis_everything_answers_and_afterwards_everything_goes_out_once(
    tree: Tree, valkey: ValkeyServer
):
    ada, bob = tree.user("ada"), tree.user("bob")
    ear = Listener().listen(bob)
    valkey.process.kill()
    valkey.process.wait()
    took: list[float] = []

    def timed(method: str, path: str, **kwargs: Any) -> requests.Response:
        started = time.monotonic()
        answer = ada.send(method, path, **kwargs)
        took.append(time.monotonic() - started)
        return answer

    tasks = []
    for number in range(20):
        answer = timed("POST", "/tasks/", json={"title": f"t{number}", "assignee": bob.id})
        assert answer.status_code == 201, answer.text
        tasks.append(answer.json())
        path = f"/tasks/{tasks[-1]['id']}/"
        assert timed("PATCH", path, json={"status": "DONE"}).status_code == 200
        day = tasks[-1]["created_at"][:10]
        for read in (path, "/tasks/", f"/tasks/by-date/{day}/", "/reports/insight/"):
            assert timed("GET", read).status_code == 200
    assert requests.get(f"{tree.base}/readyz", timeout=5).json()["failing"] == ["redis"]
    p99 = statistics.quantiles(took, n=100)[98]
    print(
        f"Redis stopped: {len(took)} requests, p50 {statistics.median(took) * 1000:.0f} ms, "
        f"p99 {p99 * 1000:.0f} ms"
    )
    # Sockets follow the log, so they go on without Redis; mail and Lambda wait.
    wait_until(lambda: len(ear.heard) == 40, 5, "40 messages")
    assert _subjects(tree, bob) == []

    valkey.start()  # It comes back empty.

    wait_until(lambda: len(_subjects(tree, bob)) == 40, 60, "40 mails")
    wait_until(lambda: len(tree.lines(f"assigned to {bob.username} is now")) == 20, 30, "20 calls")
    time.sleep(2)
    assert len({m["Message-ID"] for m in tree.mail.to(bob.username)}) == 40
    assert len(_subjects(tree, bob)) == 40
    assert len(tree.lines(f"assigned to {bob.username} is now")) == 20
    assert len(ear.heard) == 40
    ear.client.disconnect()


@pytest.mark.parametrize("name", ["gunicorn", "workers.relay", "celery", "beat", "postgres"])
def test_a_killed_process_comes_back_and_no_acknowledged_write_is_lost(tree: Tree, name: str):
    ada, bob = tree.user("ada"), tree.user("bob")
    ear = Listener().listen(bob)
    acknowledged: list[int] = []
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            try:
                acknowledged.append(ada.create(assignee=bob.id)["id"])
            except requests.RequestException:
                time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    wait_until(lambda: len(acknowledged) >= 5, 10, "the first writes")
    victims = tree.children(name)
    assert victims, tree.log[-2000:]
    victims[0].kill()
    killed = time.monotonic()
    wait_until(
        lambda: any(child.pid not in [v.pid for v in victims] for child in tree.children(name)),
        10,
        f"{name} being back",
    )
    wait_until(tree.is_ready, 10, "readiness")
    print(f"{name} back after {time.monotonic() - killed:.1f} s")
    before = len(acknowledged)
    wait_until(lambda: len(acknowledged) >= before + 5, 15, "writes afterwards")
    stop.set()
    writer.join()

    missing = [n for n in acknowledged if ada.send("GET", f"/tasks/{n}/").status_code != 200]
    assert missing == []
    # A killed worker's mail is tried again when its lease ends; others may come twice meanwhile.
    wait_until(
        lambda: len({m["Message-ID"] for m in tree.mail.to(bob.username)}) >= len(acknowledged),
        90,
        "every mail",
    )
    listed = _everything(bob)
    assert set(acknowledged) <= listed
    if name not in ("gunicorn", "postgres"):  # Those take the socket or its log along.
        wait_until(lambda: {m["task_id"] for *_, m in ear.heard} >= set(acknowledged), 10)
        assert len(ear.heard) == len(listed)
    ear.client.disconnect()


def _everything(user: User) -> set[int]:
    found: set[int] = set()
    path: str | None = "/tasks/?page_size=100"
    while path:
        page = user.send("GET", path).json()
        found |= {task["id"] for task in page["results"]}
        path = page["next"] and page["next"].partition("/api/v1")[2]
    return found
