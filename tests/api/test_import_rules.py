"""An import refuses and creates exactly what the API does, row by row."""

import pytest

from tests.api.conftest import TASKS
from tests.api.importing import as_csv, faults, handed_in, imported, show, work

CASES = [
    {"title": "good"},
    {"title": "  padded  ", "description": "  kept  "},
    {"title": " "},
    {"title": "x" * 501},
    {"title": "a\x00b"},
    {"title": "a\nb"},
    {"title": "x", "description": "y" * 20_001},
    {"title": "x", "status": "SOMETHING"},
    {"title": "x", "status": "DONE"},
    {"title": "x", "status": "ARCHIVED", "due_date": "2020-01-01"},
    {"title": "x", "priority": "URGENT"},
    {"title": "x", "priority": "NONE"},
    {"title": "x", "due_date": "2020-01-01"},
    {"title": "x", "due_date": "2020-02-30"},
    {"title": "x", "due_date": "2020-01-01T10:00:00"},
    {"title": "x", "due_date": "1066-01-01"},
    {"title": "x", "due_date": "2020-01-01", "board": "untracked"},
    {"title": "x", "due_date": "2020-01-01", "board": "mine"},
    {"title": "x", "estimated_hours": "1e3"},
    {"title": "x", "estimated_hours": "nan"},
    {"title": "x", "estimated_hours": "100001"},
    {"title": "x", "created_at": "2025-04-06"},
    {"title": "x", "created_at": "2099-04-06"},
    {"title": "x", "assignee": "me"},
    {"title": "x", "assignee": "member"},
    {"title": "x", "assignee": "MEMBER"},
    {"title": "x", "assignee": "nobody"},
    {"title": "x", "assignee": "no body"},
    {"title": "x", "assignee": "disabled"},
    {"title": "x", "assignee": "999999"},
    {"title": "x", "board": "mine", "assignee": "member"},
    {"title": "x", "board": "mine", "assignee": "outsider"},
    {"title": "x", "board": "mine", "assignee": "nobody"},
    {"title": "x", "board": "mine", "status": "REVIEW"},
    {"title": "x", "board": "foreign"},
    {"title": "x", "board": "foreign", "assignee": "nobody"},
    {"title": "x", "board": "archived"},
    {"title": "x", "board": "deleted"},
    {"title": "x", "board": "0"},
    {"title": "x", "board": "99999999999999999999"},
    {"title": "x", "board": "one"},
    {"title": "", "status": "NO", "priority": "NO", "due_date": "NO", "board": "NO"},
]
APART = {"id", "created_at", "updated_at", "completed_at", "position"}


@pytest.fixture
def boards(make_person, make_project, ada, eve, rows):
    member, disabled = make_person("member"), make_person("disabled")
    make_person("outsider")
    rows("UPDATE users SET is_active = false WHERE id = :id", id=disabled.id)
    mine, foreign, archived, untracked, deleted = (
        make_project(owner, {member: "MEMBER"}) for owner in (ada, eve, ada, ada, ada)
    )
    mine.limit("REVIEW", 1)
    mine.task(status="REVIEW")
    archived.change(is_archived=True)
    untracked.change(tracks_sla=False)
    deleted.delete()
    made = {"mine": mine, "foreign": foreign, "archived": archived, "untracked": untracked}
    return {name: str(project.board_id) for name, project in (made | {"deleted": deleted}).items()}


def said_by_api(answer):
    problem = answer.json
    errors = problem.get("errors") or {None: [problem["detail"]]}
    return {(name, message) for name, messages in errors.items() for message in messages}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_row_is_judged_as_the_api_judges_it(app, ada, boards, case):
    row = case | ({"board": boards.get(case["board"], case["board"])} if "board" in case else {})
    found = imported(app, ada, as_csv([list(row), list(row.values())]), mode="valid")
    made = ada.get(f"{TASKS}?ordering=-id&page_size=1").json["results"]

    answer = ada.post(TASKS, json={name: value for name, value in row.items() if value != ""})

    wrong = {(fault["column"], fault["message"]) for fault in faults(ada, found["id"])}
    if answer.status_code == 201:
        assert wrong == set()
        assert {k: v for k, v in made[0].items() if k not in APART} == {
            k: v for k, v in answer.json.items() if k not in APART
        }
        assert (made[0]["completed_at"] is None) == (answer.json["completed_at"] is None)
    else:
        assert wrong == said_by_api(answer)
        assert found["imported"] == 0


def test_a_member_without_the_right_is_told_so_of_each_row(app, ada, bob, make_project):
    """The rights are read when the job runs, from the one table of permissions."""
    project = make_project(bob, {ada: "MEMBER"})
    number = handed_in(ada, as_csv([["title", "board"], ["x", project.board_id], ["y", ""]]))
    project.remove(ada)
    work(app)

    assert show(ada, number)["failed"] == 1
    assert [(f["row"], f["column"]) for f in faults(ada, number)] == [(2, "board")]
