"""Filters that are kept under a name."""

import pytest

from tests.api.conftest import at_once, twin

FILTERS = "/api/v1/filters/"
TASKS = "/api/v1/tasks/"


def save(person, name="Mine", **query):
    return person.post(FILTERS, json={"name": name, "query": query or {"status": "TODO"}})


def test_a_filter_is_saved_listed_changed_applied_and_deleted(ada):
    ada.create_task(title="todo", status="TODO")
    ada.create_task(title="done", status="DONE")
    saved = save(ada, "Open work", status="TODO", due_date_lte="+7d").json
    assert saved["query"] == {"status": "TODO", "due_date_lte": "+7d"}
    path = f"{FILTERS}{saved['id']}/"

    changed = ada.patch(path, json={"query": {"status": ["TODO", "REVIEW"]}}).json

    assert changed["name"] == "Open work"
    assert ada.get(path).json == changed
    assert ada.get(FILTERS).json["results"] == [changed]
    listed = ada.get(f"{TASKS}?filter={saved['id']}").json["results"]
    assert [task["title"] for task in listed] == ["todo"]
    listed = ada.get(f"{TASKS}?filter={saved['id']}&status=DONE").json["results"]
    assert [task["title"] for task in listed] == ["done"]
    assert ada.delete(path).status_code == 204
    assert ada.get(path).status_code == 404
    answer = ada.get(f"{TASKS}?filter={saved['id']}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["filter"])


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"serch": "x"}, "query.serch"),
        ({"status": "TOD"}, "query.status"),
        ({"ordering": "nonsense"}, "query.ordering"),
        ({"search": "-x"}, "query.search"),
        ({"due_date": "+9999y"}, "query.due_date"),
        ({"page": "2"}, "query.page"),
        ({"filter": "1"}, "query.filter"),
        ({}, "query"),
    ],
)
def test_what_the_list_would_refuse_is_refused_by_the_name_of_the_parameter(ada, query, named):
    saved = save(ada, "Good").json

    answers = [
        ada.post(FILTERS, json={"name": "Bad", "query": query}),
        ada.patch(f"{FILTERS}{saved['id']}/", json={"query": query}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert all(next(iter(answer.json["errors"])).startswith(named) for answer in answers)
    assert ada.get(FILTERS).json["results"] == [saved]


def test_a_name_is_ones_own_and_only_once_whatever_its_case(ada, bob):
    assert save(ada, "Mine").status_code == 201
    answer = save(ada, "mINE")

    assert (answer.status_code, list(answer.json["errors"])) == (409, ["name"])
    assert save(bob, "Mine").status_code == 201


def test_nobody_reads_changes_or_applies_anothers_filter(ada, bob, admin):
    saved = save(ada).json
    path = f"{FILTERS}{saved['id']}/"

    for person in (bob, admin):
        assert person.get(path).status_code == 404
        assert person.patch(path, json={"name": "x"}).status_code == 404
        assert person.delete(path).status_code == 404
        assert person.get(f"{TASKS}?filter={saved['id']}").status_code == 422
    assert ada.get(path).json == saved


def test_there_are_at_most_a_hundred_also_when_two_come_at_once(ada):
    for number in range(98):
        assert save(ada, f"F{number}").status_code == 201
    calls = [lambda n=n, p=twin(ada): save(p, f"Last {n}").status_code for n in range(4)]

    assert sorted(at_once(calls)) == [201, 201, 409, 409]
    assert ada.get(FILTERS).json["count"] == 100


def test_writing_what_is_there_is_no_change(ada):
    saved = save(ada).json
    body = {"name": saved["name"], "query": saved["query"]}

    for again in (body, {}):
        assert ada.patch(f"{FILTERS}{saved['id']}/", json=again).json == saved
    log = ada.get("/api/v1/audit/logs/?entity=filter").json["results"]
    assert [entry["action"] for entry in log] == ["created"]
