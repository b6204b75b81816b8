"""The filters of the task list agree with what they say, and say what there is."""

import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.tasks.query_schema import TaskQuerySchema

TASKS = "/api/v1/tasks/"
STATUSES = ["BACKLOG", "TODO", "IN_PROGRESS", "REVIEW", "DONE", "CANCELLED", "ARCHIVED"]
PRIORITIES = ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
DAYS = ["2026-01-01", "2026-01-02", "2026-01-03"]
LISTS = [
    "/api/v1/tasks/", "/api/v1/tasks/mine/", "/api/v1/projects/", "/api/v1/boards/",
    "/api/v1/users/", "/api/v1/audit/logs/", "/api/v1/projects/{project}/members/",
    "/api/v1/tasks/{task}/comments/", "/api/v1/tasks/{task}/history/",
    "/api/v1/boards/{board}/",
]  # fmt: skip


@pytest.fixture
def tasks(ada, bob, make_project):
    chance = random.Random(7)
    boards = [make_project(ada, members={bob: "MEMBER"}).board_id for _ in range(2)]
    made = []
    for _ in range(40):
        board = chance.choice([None, *boards])
        body = {
            "title": "x",
            "board": board,
            "status": chance.choice(STATUSES),
            "priority": chance.choice(PRIORITIES),
            "assignee": chance.choice([None, ada.id, bob.id]),
            "due_date": chance.choice([None, *DAYS]),
            "estimated_hours": chance.choice([None, 0, 1, 2.5]),
        }
        answer = ada.post(TASKS, json=body)
        assert answer.status_code == 201, answer.text
        made.append(answer.json)
    return made


def some(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


def queries(tasks, ada, bob):
    boards = sorted({task["board"] for task in tasks if task["board"]})
    projects = sorted({task["project"] for task in tasks if task["project"]})
    values = {
        "status": some(STATUSES),
        "priority": some(PRIORITIES),
        "assignee": some(["null", "me", ada.id, bob.id]),
        "reporter": some(["me", ada.id, bob.id]),
        "board": some(["null", *boards, 999]),
        "project": some(["null", *projects, 999]),
        "due_date": some(["null", *DAYS]),
        "estimated_hours": some(["null", 0, 1, 2.5, 7]),
        "id": some([task["id"] for task in tasks]),
    }
    bounds = {
        f"{name}_{suffix}": st.sampled_from(found).map(lambda value: [value])
        for name, found in (("due_date", DAYS), ("estimated_hours", [0, 1, 2]), ("id", [5, 20, 35]))
        for suffix in ("gte", "gt", "lte", "lt")
    }
    negated = {f"{name}_not": chosen for name, chosen in values.items()}
    every = values | bounds | negated
    names = st.lists(st.sampled_from(sorted(every)), min_size=1, max_size=3, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({n: every[n] for n in chosen}))


def holds(task, parameter, wanted, me):
    """Whether a task has what one parameter asks for, said in plain Python."""
    for suffix, compare in (
        ("_gte", lambda a, b: a >= b), ("_gt", lambda a, b: a > b),
        ("_lte", lambda a, b: a <= b), ("_lt", lambda a, b: a < b),
    ):  # fmt: skip
        if parameter.endswith(suffix):
            value = shown(task, parameter.removesuffix(suffix))
            return value is not None and compare(value, wanted[0])
    if parameter.endswith("_not"):
        return not holds(task, parameter.removesuffix("_not"), wanted, me)
    meant = [None if each == "null" else me if each == "me" else each for each in wanted]
    return shown(task, parameter) in meant


def shown(task, name):
    value = task[name]
    return value[:10] if name == "due_date" and value else value


def test_any_filters_find_exactly_what_they_say(ada, bob, tasks):
    @settings(
        max_examples=120, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(queries(tasks, ada, bob))
    def check(query):
        asked = {name: ",".join(map(str, values)) for name, values in query.items()}
        answer = ada.get(TASKS, query_string=asked | {"page_size": 100, "ordering": "id"})
        assert answer.status_code == 200, answer.text
        expected = [
            task["id"]
            for task in tasks
            if all(holds(task, name, values, ada.id) for name, values in query.items())
        ]
        assert [task["id"] for task in answer.json["results"]] == expected, asked
        assert answer.json["count"] == len(expected)

    check()


@pytest.mark.parametrize("path", LISTS)
def test_an_unknown_parameter_is_told_what_there_is(ada, make_project, path):
    project = make_project(ada)
    ids = {"project": project.id, "board": project.board_id, "task": project.task()["id"]}

    answer = ada.get(path.format(**ids), query_string={"page_sise": "1"})

    assert answer.status_code == 422
    (message,) = answer.json["errors"]["page_sise"]
    assert message.startswith("There is no such parameter")
    assert "Allowed are: " in message


def test_a_misspelt_filter_is_told_which_was_meant(ada):
    message = ada.get(f"{TASKS}?asignee=1").json["errors"]["asignee"][0]

    assert "did you mean assignee" in message


@pytest.mark.parametrize("parameter", sorted(TaskQuerySchema().load_fields))
def test_a_value_that_cannot_be_names_its_parameter(ada, parameter):
    bad = "" if parameter == "search" else "!"

    answer = ada.get(TASKS, query_string={parameter: bad})

    assert answer.status_code == 422, answer.text
    assert list(answer.json["errors"]) == [parameter]


def test_an_unknown_value_names_those_that_are_allowed(ada):
    assert "CRITICAL" in ada.get(f"{TASKS}?priority=HUGE").json["errors"]["priority"][0]
    assert "me" in ada.get(f"{TASKS}?assignee=you").json["errors"]["assignee"][0]
    assert "relevance" in ada.get(f"{TASKS}?ordering=relevance").json["errors"]["ordering"][0]
    assert "created_at" in ada.get(f"{TASKS}?ordering=x").json["errors"]["ordering"][0]
