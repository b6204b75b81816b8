"""Whatever is sent: a 4xx that names what is wrong, at once, and nothing is written."""

import json
import time

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import func, select

from app.core.events import EventRecord
from app.extensions import db, limiter
from app.users.models import Role

TASKS = "/api/v1/tasks/"
MIB = 1024 * 1024
JSON = {"Content-Type": "application/json"}

# Method, path, whether the caller is the administrator, and a text field of the body.
BODIES = {
    "create task": ("post", TASKS, "title"),
    "replace task": ("put", f"{TASKS}{{task}}/", "title"),
    "change task": ("patch", f"{TASKS}{{task}}/", "title"),
    "register": ("post", "/api/v1/auth/users/", "username"),
    "profile": ("patch", "/api/v1/auth/users/me/", "first_name"),
    "account": ("patch", "/api/v1/users/{user}/", "role"),
    "sign in": ("post", "/api/v1/auth/login/", "username"),
    "refresh": ("post", "/api/v1/auth/refresh/", "refresh"),
    "password": ("post", "/api/v1/auth/users/me/password/", "new_password"),
}
READS = {
    "tasks": TASKS,
    "my tasks": f"{TASKS}mine/",
    "history": f"{TASKS}{{task}}/history/",
    "users": "/api/v1/users/",
}


@pytest.fixture
def caller(admin):
    """An administrator, for whom every route is open, with a task."""
    admin.task = admin.create_task()
    return admin


@pytest.fixture
def unchanged(app, caller):
    """Fails when the test wrote an event."""

    def count():
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(EventRecord))

    before = count()
    yield
    assert count() == before


@pytest.fixture
def patient_limits(app, monkeypatch):
    """Sign-in and registration take more attempts from one place than they do in earnest."""
    monkeypatch.setattr(limiter, "enabled", False)


def send(caller, route, data, headers=JSON):
    method, path, _ = BODIES[route]
    path = path.format(task=caller.task["id"], user=caller.id)
    return getattr(caller, method)(path, data=data, headers=headers)


def assert_refused(answer, status, *, names=None):
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["detail"]
    if names:
        assert names in answer.json.get("errors", {}), answer.text


def fragment(field, text):
    """A body whose `field` is the raw JSON `text`."""
    return f'{{"{field}": {text}}}'


UNREADABLE = {
    "nothing valid": "{",
    "a comment": '{"title": "x" // no\n}',
    "a trailing comma": '{"title": "x",}',
    "NaN": '{"estimated_hours": NaN}',
    "Infinity": '{"estimated_hours": -Infinity}',
    "1e999": '{"estimated_hours": 1e999}',
    "5000 digits": fragment("assignee", "9" * 5000),
    "5000 digits and a point": fragment("estimated_hours", "9" * 5000 + ".5"),
    "100,000 lists": fragment("title", "[" * 100_000 + "]" * 100_000),
    "100,000 objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "50 lists": fragment("title", "[" * 50 + "]" * 50),
    "no UTF-8": b'{"title": "\xff\xfe"}',
    "an encoded surrogate": b'{"title": "\xed\xa0\x80"}',
}


@pytest.mark.usefixtures("unchanged", "patient_limits")
@pytest.mark.parametrize("route", BODIES)
def test_an_unreadable_body_answers_400_at_once(caller, route):
    for name, body in UNREADABLE.items():
        started = time.thread_time()
        assert_refused(send(caller, route, body), 400)
        assert time.thread_time() - started < 1, name


@pytest.mark.usefixtures("unchanged", "patient_limits")
@pytest.mark.parametrize("route", BODIES)
def test_text_that_cannot_be_stored_is_refused_by_the_name_of_its_field(caller, route):
    field = BODIES[route][2]

    for text in (r'"a\u0000b"', r'"\ud800"', r'"a\udfffb"'):
        nested = f'{{"nested": {{"{field}": {text}}}}}'
        assert_refused(send(caller, route, fragment(field, text)), 400, names=field)
        assert_refused(send(caller, route, nested), 400, names=field)
    assert_refused(send(caller, route, fragment("x\\u0000", "1")), 400)


@pytest.mark.usefixtures("unchanged", "patient_limits")
@pytest.mark.parametrize("route", BODIES)
def test_a_value_of_another_type_is_refused_by_name(caller, route):
    field = BODIES[route][2]

    for text in ("5", "true", "null", "[]", "{}", '["a"]', '{"a": "b"}'):
        assert_refused(send(caller, route, fragment(field, text)), 422, names=field)


@pytest.mark.usefixtures("unchanged", "patient_limits")
@pytest.mark.parametrize("route", BODIES)
def test_a_body_that_is_no_object_is_refused(caller, route):
    for body in ("[]", '"text"', "5", "null", "true", '[{"title": "x"}]'):
        assert_refused(send(caller, route, body), 422)


@pytest.mark.usefixtures("unchanged", "patient_limits")
@pytest.mark.parametrize("route", BODIES)
def test_an_unknown_field_is_refused_by_name(caller, route):
    for name in ("unknown", "__proto__", "__class__", "ID", "titl\u0435"):
        assert_refused(send(caller, route, json.dumps({name: 1})), 422, names=name)


@pytest.mark.usefixtures("unchanged", "patient_limits")
@pytest.mark.parametrize("route", BODIES)
def test_a_body_of_two_megabytes_answers_413(caller, route):
    field = BODIES[route][2]
    started = time.thread_time()

    answer = send(caller, route, fragment(field, json.dumps("x" * 2 * MIB)))

    assert_refused(answer, 413)
    assert time.thread_time() - started < 1


@pytest.mark.usefixtures("unchanged", "patient_limits")
@pytest.mark.parametrize("route", BODIES)
def test_a_body_that_is_not_declared_as_json_is_told_what_to_send(caller, route):
    for kind in (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "text/plain",
    ):
        answer = send(caller, route, "title=x", {"Content-Type": kind})
        assert_refused(answer, 415)
        assert "Content-Type: application/json" in answer.json["detail"]


BAD_TASK_FIELDS = [
    ("title", ""),
    ("title", "   "),
    ("title", "x" * 501),
    ("title", "a\r\nBcc: x"),
    ("title", "a\x1b[31m"),
    ("title", "a\u2028b"),
    ("description", "x" * 20_001),
    ("description", "a\x00"[:1] + "\x07"),
    ("description", None),
    ("status", "done"),
    ("status", "NOPE"),
    ("status", ""),
    ("priority", "urgent!"),
    ("priority", 3),
    ("assignee", 0),
    ("assignee", -1),
    ("assignee", 2**63),
    ("assignee", 2**63 - 1),
    ("assignee", 10**29),
    ("assignee", 1.5),
    ("assignee", True),
    ("assignee", "one"),
    ("assignee", "٣"),
    ("assignee", []),
    ("estimated_hours", -1),
    ("estimated_hours", -0.001),
    ("estimated_hours", 1e300),
    ("estimated_hours", "NaN"),
    ("estimated_hours", "Infinity"),
    ("estimated_hours", "1e999"),
    ("estimated_hours", 2**63),
    ("due_date", "0000-01-01"),
    ("due_date", "0001-01-01"),
    ("due_date", "9999-12-31"),
    ("due_date", "9999-12-31T23:59:59-12:00"),
    ("due_date", "0001-01-01T00:00:00+14:00"),
    ("due_date", "2026-02-30"),
    ("due_date", "2026-W10-1"),
    ("due_date", "2026-03-31T17:00:00"),
    ("due_date", "2026-03-31T25:00:00Z"),
    ("due_date", "2026-03-31T17:00:00+99:00"),
    ("due_date", "tomorrow"),
    ("due_date", ""),
    ("due_date", 1_774_915_200),
    ("due_date", "2" * 5000),
]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("route", ["create task", "replace task", "change task"])
def test_a_task_names_the_field_that_is_wrong(caller, route):
    rest = {} if route == "change task" else {"title": "x"}

    for field, value in BAD_TASK_FIELDS:
        body = json.dumps(rest | {field: value})
        assert_refused(send(caller, route, body), 422, names=field)


def test_the_alias_of_the_assignee_may_not_contradict_it(caller):
    body = json.dumps({"title": "x", "assignee": caller.id, "assigned_to": 99})

    assert_refused(send(caller, "create task", body), 422, names="assigned_to")


BAD_PARAMETERS = [
    ("page_size", "1000000000"),
    ("page_size", "0"),
    ("page_size", "-1"),
    ("page_size", "9" * 5000),
    ("page_size", "1.5"),
    ("page_size", "1_0"),
    ("page_size", "+1"),
    ("page_size", "NaN"),
    ("page_size", ""),
    ("unknown", "1"),
    ("Page", "1"),
]
BAD_PAGES = [("page", "1000000000000"), ("page", "0"), ("page", "-1"), ("page", "9" * 5000)]
BAD_FILTERS = [
    *BAD_PAGES,
    ("cursor", "forged"),
    ("cursor", "x" * 3000),
    ("status", "NOPE"),
    ("status", ",".join(["TODO"] * 101)),
    ("priority", "5"),
    ("assignee", "0"),
    ("assignee", str(2**63)),
    ("assignee", "9" * 5000),
    ("assignee", "1,two"),
    ("reporter", "-1"),
    ("due_date", "0000-01-01"),
    ("due_date_gte", "9999-12-31"),
    ("due_date_lt", "0001-01-01T00:00:00%2B14:00"),
    ("due_date_gt", "soon"),
    ("due_date_lte", "2026-02-30"),
    ("overdue", "perhaps"),
    ("sla_breached", "2"),
    ("ordering", "password_hash"),
    ("ordering", "x" * 300),
]
BAD_QUERIES = {
    "tasks": BAD_PARAMETERS + BAD_FILTERS,
    "my tasks": [*BAD_PARAMETERS, *BAD_FILTERS, ("assignee", "1")],
    "users": [
        *BAD_PARAMETERS,
        *BAD_PAGES,
        ("role", "KING"),
        ("is_active", "perhaps"),
        ("search", "x" * 151),
    ],
    "history": [*BAD_PARAMETERS, ("before", "0"), ("before", str(2**63)), ("before", "x")],
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("read", READS)
def test_a_bad_parameter_is_refused_by_name(caller, read):
    path = READS[read].format(task=caller.task["id"])

    for name, value in BAD_QUERIES[read]:
        assert_refused(caller.get(f"{path}?{name}={value}"), 422, names=name)


@pytest.mark.parametrize("read", READS)
def test_a_parameter_that_no_column_can_hold_is_refused(caller, read):
    path = READS[read].format(task=caller.task["id"])

    assert_refused(caller.get(f"{path}?search=a%00b"), 400, names="search")
    assert_refused(caller.get(f"{path}?a%00b=1"), 400)


@pytest.mark.parametrize(
    "number", ["0", "-1", "1.5", "x", str(2**63), "9" * 30, "9" * 5000, "%00", "٣", "1%20"]
)
def test_an_id_that_cannot_be_is_no_such_thing(caller, number):
    for path in (f"{TASKS}{number}/", f"{TASKS}{number}/history/", f"/api/v1/users/{number}/"):
        answer = caller.get(path)
        assert answer.status_code in (400, 404), answer.text
        assert answer.mimetype == "application/problem+json"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("value", ["v1", '"1"', '"v1", "v2"', '"v9999999999"', "", "W/", '"v-1"'])
def test_an_if_match_that_is_none_of_ours_is_refused(caller, value):
    path = f"{TASKS}{caller.task['id']}/"
    for method in ("patch", "put"):
        answer = getattr(caller, method)(path, json={"title": "y"}, headers={"If-Match": value})
        assert_refused(answer, 400, names="If-Match")
    assert_refused(caller.delete(path, headers={"If-Match": value}), 400, names="If-Match")


def test_what_does_not_exist_answers_with_a_problem_too(client, ada):
    assert_refused(client.get("/api/v1/nothing/"), 404)
    assert_refused(client.delete("/api/v1/auth/login/"), 405)
    assert "POST" in client.delete("/api/v1/auth/login/").headers["Allow"]
    assert_refused(ada.post("/api/v1/reports/insight/"), 405)


def test_the_largest_and_strangest_good_values_are_stored_as_they_are(caller):
    body = {
        "title": "é🙂" * 250,
        "description": "\u202eright to left\n\ttab <script>" + "x" * 19_970,
        "estimated_hours": 100_000,
        "due_date": "2999-12-31",
    }

    answer = caller.post(TASKS, json=body)

    assert answer.status_code == 201, answer.text
    found = caller.get(f"{TASKS}{answer.json['id']}/").json
    assert (found["title"], found["description"]) == (body["title"], body["description"])
    assert found == caller.get(TASKS).json["results"][0]


# What the OpenAPI document allows, and what it does not, made up by schemathesis.

ENDS_THE_SESSION = ("/api/v1/auth/logout/", "/api/v1/auth/logout-all/")
EXAMPLES = 12


def test_generated_requests_get_documented_answers_and_never_a_5xx(app, make_person, monkeypatch):
    monkeypatch.setattr("app.users.passwords.hash_password", lambda _: "$argon2id$")
    monkeypatch.setattr("app.users.passwords.verify_password", lambda *_: False)
    caller = make_person("tester", role=Role.ADMIN)
    for _ in range(3):
        caller.create_task()
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:
        if operation.path not in ENDS_THE_SESSION:
            _try(operation, caller)


def _try(operation, caller):
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def check(case):
        response = case.call(headers=caller.headers)
        assert response.status_code < 500, f"{case.method} {case.formatted_path}: {case.body!r}"
        case.validate_response(
            response,
            checks=[status_code_conformance, content_type_conformance, response_schema_conformance],
            headers=caller.headers,
        )

    check()
