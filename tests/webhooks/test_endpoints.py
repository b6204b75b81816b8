"""Endpoints by the API: what may be made of them, by whom, and what is refused."""

import pytest
from sqlalchemy import event

from app.extensions import db
from tests.api.conftest import at_once, twin
from tests.webhooks.conftest import WEBHOOKS, owed, path_of, send
from tests.workers.support import execute, relay

PUBLIC = "https://hooks.example.com/x"
FIELDS = {
    "id", "project", "user", "created_by", "url", "description", "events", "is_active",
    "disabled_at", "disabled_reason", "failing_since", "failures", "retry_at", "version",
    "created_at", "updated_at",
}  # fmt: skip


def test_a_secret_is_shown_once_and_never_again(ada, project, rows):
    made = ada.post(WEBHOOKS, json={"url": PUBLIC, "project": project.id, "description": " Chat "})
    assert made.status_code == 201
    secret = made.json["secret"]
    assert set(made.json) == FIELDS | {"secret"}
    assert (made.json["events"], made.json["description"]) == (["*"], "Chat")
    assert (made.json["project"], made.json["user"]) == (project.id, None)

    path = path_of(made.json)
    shown = ada.get(path)
    assert set(shown.json) == FIELDS
    for text in (
        shown.text,
        ada.get(f"{WEBHOOKS}?project={project.id}").text,
        ada.patch(path, json={"description": "x"}).text,
        ada.get(f"/api/v1/audit/logs/?project={project.id}").text,
        *(str(row) for row in rows("SELECT changes, snapshot FROM events")),
    ):
        assert secret not in text
        assert "whsec_" not in text


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({}, "url", "required"),
        ({"url": ""}, "url", "blank"),
        ({"url": 7}, "url", "string"),
        ({"url": "x" * 2001}, "url", "2000"),
        ({"url": "file:///etc/passwd"}, "url", "http"),
        ({"url": "ftp://example.com/"}, "url", "http"),
        ({"url": "https://user:pw@example.com/"}, "url", "user"),
        ({"url": "http://127.0.0.1/"}, "url", "not a public"),
        ({"url": "http://localhost/"}, "url", "not a public"),
        ({"url": "http://[::1]/"}, "url", "not a public"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "url", "not a public"),
        ({"url": "http://169.254.169.254/latest"}, "url", "not a public"),
        ({"url": "http://10.1.2.3/"}, "url", "not a public"),
        ({"url": "http://2130706433/"}, "url", "usual way"),
        ({"url": "http://0x7f.1/"}, "url", "usual way"),
        ({"url": "http://example.com:0/"}, "url", "port"),
        ({"url": PUBLIC, "events": []}, "events", "1 to 50"),
        ({"url": PUBLIC, "events": ["task.*"] * 51}, "events", "1 to 50"),
        ({"url": PUBLIC, "events": ["task.created"]}, "events", "notification.assigned"),
        ({"url": PUBLIC, "events": "*"}, "events", "list"),
        ({"url": PUBLIC, "description": "x" * 201}, "description", "200"),
        ({"url": PUBLIC, "project": 0}, "project", "id"),
        ({"url": PUBLIC, "is_active": True}, "is_active", "Unknown"),
        ({"url": PUBLIC, "secret": "whsec_x"}, "secret", "Unknown"),
    ],
)
def test_bad_input_is_refused_with_the_field_and_the_reason(ada, body, field, says):
    answer = ada.post(WEBHOOKS, json=body)

    assert answer.status_code == 422, answer.text
    assert set(answer.json["errors"]) == {field}
    assert says in str(answer.json["errors"][field])
    assert ada.get(WEBHOOKS).json["count"] == 0


@pytest.mark.parametrize("events", [["notification.*"], ["task.made"], ["tas*"], ["webhook.ping"]])
def test_events_that_a_project_does_not_have_are_refused(ada, project, events):
    body = {"url": PUBLIC, "project": project.id, "events": ["task.*", *events]}
    answer = ada.post(WEBHOOKS, json=body)

    assert answer.status_code == 422
    (message,) = answer.json["errors"]["events"]
    assert message.startswith(f"there is no event {events[0]}; allowed are: *, task.*, comment.*")


def test_what_is_left_out_of_a_change_stays(ada, project, app):
    made = ada.post(WEBHOOKS, json={"url": PUBLIC, "project": project.id}).json
    path = path_of(made)

    changed = ada.patch(path, json={"events": ["task.*", "task.*"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == '"v2"'
    assert changed.json["events"] == ["task.*"]
    assert changed.json["url"] == PUBLIC
    assert ada.patch(path, json={"events": ["task.*"]}).json["version"] == 2, "nothing changed"
    assert ada.patch(path, json={"url": "http://10.0.0.1/"}).status_code == 422
    assert ada.patch(path, json={"events": ["nope"]}).status_code == 422
    assert ada.patch(path, json={"project": 1}).status_code == 422

    late = ada.patch(path, json={"description": "x"}, headers={"If-Match": '"v1"'})
    assert (late.status_code, late.json["current_version"]) == (412, 2)
    assert (
        ada.patch(path, json={"description": "x"}, headers={"If-Match": '"v2"'}).status_code == 200
    )

    seen = ada.get(f"/api/v1/audit/logs/?entity=webhook&project={project.id}").json["results"]
    assert [each["action"] for each in seen] == ["updated", "updated", "created"]
    assert seen[1]["changes"]["events"] == [["*"], ["task.*"]]


def test_there_are_ten_of_a_project_and_ten_of_a_user_also_when_they_are_made_at_once(ada, project):
    for where in ({"project": project.id}, {}):
        body = {"url": PUBLIC} | where
        statuses = [ada.post(WEBHOOKS, json=body).status_code for _ in range(8)]
        statuses += [
            each.status_code
            for each in at_once([lambda: twin(ada).post(WEBHOOKS, json=body)] * 4)  # noqa: B023
        ]
        assert sorted(statuses) == [201] * 10 + [409] * 2


def test_one_lists_ones_own_or_those_of_a_project(ada, bob, make_project):
    project = make_project(ada, {bob: "ADMIN"})
    own = ada.post(WEBHOOKS, json={"url": PUBLIC}).json
    of_project = ada.post(WEBHOOKS, json={"url": PUBLIC, "project": project.id}).json

    assert [each["id"] for each in ada.get(WEBHOOKS).json["results"]] == [own["id"]]
    assert bob.get(WEBHOOKS).json["count"] == 0
    listed = bob.get(f"{WEBHOOKS}?project={project.id}&page_size=1").json
    assert ([each["id"] for each in listed["results"]], listed["count"]) == ([of_project["id"]], 1)
    assert ada.get(f"{WEBHOOKS}?projct=1").status_code == 422


def test_nobody_else_sees_the_webhooks_of_a_user_not_even_an_administrator(ada, eve, admin):
    made = ada.post(WEBHOOKS, json={"url": PUBLIC}).json

    for person in (eve, admin):
        for verb, rest, body in (
            ("get", "", None), ("patch", "", {}), ("delete", "", None), ("post", "test/", None),
            ("post", "secrets/", {}), ("get", "attempts/", None), ("get", "deliveries/", None),
            ("post", "deliveries/1/redeliver/", None), ("post", "replay/", {"from_seq": 1}),
        ):  # fmt: skip
            more = {} if body is None else {"json": body}
            answer = getattr(person, verb)(path_of(made, rest), **more)
            assert (answer.status_code, rest) == (404, rest)
    assert ada.get(path_of(made)).json["version"] == 1


def test_in_an_archived_project_webhooks_can_be_read_but_not_changed(ada, project):
    made = ada.post(WEBHOOKS, json={"url": PUBLIC, "project": project.id}).json
    project.change(is_archived=True)

    assert ada.get(path_of(made)).status_code == 200
    assert ada.post(WEBHOOKS, json={"url": PUBLIC, "project": project.id}).status_code == 409
    assert ada.patch(path_of(made), json={"description": "x"}).status_code == 409
    assert ada.post(path_of(made, "test/")).status_code == 409
    assert ada.delete(path_of(made)).status_code == 409


def test_with_its_project_a_webhook_is_gone(ada, project):
    made = ada.post(WEBHOOKS, json={"url": PUBLIC, "project": project.id}).json
    project.delete()

    assert ada.get(path_of(made)).status_code == 404
    assert ada.patch(path_of(made), json={}).status_code == 404
    assert ada.post(WEBHOOKS, json={"url": PUBLIC, "project": project.id}).status_code == 404


def test_one_that_is_off_is_neither_tested_nor_sent_anything_again(ada, project):
    made = ada.post(WEBHOOKS, json={"url": PUBLIC, "project": project.id}).json
    off = ada.patch(path_of(made), json={"is_active": False}).json
    assert (off["is_active"], off["disabled_reason"]) == (False, "ada switched it off.")

    for rest, body in (("test/", None), ("replay/", {"from_seq": 1})):
        answer = ada.post(path_of(made, rest), **({"json": body} if body else {}))
        assert answer.status_code == 409
        assert '{"is_active": true}' in answer.json["detail"]


@pytest.mark.parametrize("hours", [-1, 169, "1", 1.5, None])
def test_an_overlap_that_is_no_number_of_hours_is_refused(ada, hours):
    made = ada.post(WEBHOOKS, json={"url": PUBLIC}).json
    answer = ada.post(path_of(made, "secrets/"), json={"overlap_hours": hours})

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"overlap_hours"}


def test_the_log_is_filtered_and_paged(app, ada, project, hook, receiver):
    made = hook(ada, project, events=["task.*"])
    task = project.task()
    send(app)
    receiver.status = 418
    ada.patch(f"/api/v1/tasks/{task['id']}/", json={"title": "x"})
    send(app)

    def found(query):
        answer = ada.get(path_of(made, f"attempts/?{query}"))
        assert answer.status_code == 200, answer.text
        return [each["status"] for each in answer.json["results"]]

    assert found("") == [418, 200], "newest first"
    assert found("ok=true") == [200]
    assert found("ok=false") == found("status=418") == found("event_type=task.updated") == [418]
    assert found("page_size=1&page=2") == [200]
    assert ada.get(path_of(made, "attempts/?state=x")).status_code == 422
    assert ada.get(path_of(made, "attempts/?status=1")).status_code == 422

    states = ada.get(path_of(made, "deliveries/")).json["results"]
    assert [(each["state"], each["attempts"]) for each in states] == [("pending", 1), ("done", 1)]
    assert states[0]["next_at"] > states[0]["created_at"]
    assert (states[1]["next_at"], states[1]["last_error"]) == (None, None)
    assert states[0]["last_error"] == "The answer was 418."
    assert ada.get(path_of(made, "deliveries/?state=done")).json["count"] == 1
    assert ada.get(path_of(made, "deliveries/?state=sent")).status_code == 422


def test_the_relay_asks_for_webhooks_once_per_round_and_not_once_per_event(app, ada):
    for _ in range(5):
        ada.create_task()
    asked = []
    with app.app_context():
        engine = db.engine

    def note(_connection, _cursor, statement, *_):
        asked.append("webhook_endpoints" in statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        relay(app)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert asked.count(True) == 1
    assert owed(app) == []


def test_old_attempts_are_forgotten(app, ada, project, hook, receiver, rows):
    made = hook(ada, project, events=["task.*"])
    project.task()
    project.task()
    send(app)
    execute(app, "UPDATE webhook_attempts SET at = at - interval '30 days' WHERE id = 1")
    for said in ("1 attempts", "0 attempts"):
        run = app.test_cli_runner().invoke(args=["jobs", "run", "purge_webhook_attempts"])
        assert run.output.startswith(said)

    assert ada.get(path_of(made, "attempts/")).json["count"] == 1
