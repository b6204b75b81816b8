"""CSV imports: what files are taken, what is said of each row, what is imported."""

import pytest

from tests.api.conftest import TASKS, at_once, twin
from tests.api.importing import IMPORTS, as_csv, faults, hand_in, handed_in, imported, show, work

ALL, VALID = {"mode": "all"}, {"mode": "valid"}


def listed(person, query=""):
    return person.get(f"{TASKS}?page_size=100&ordering=id{query}").json["results"]


def test_a_file_is_checked_first_and_imported_when_asked(app, ada, bob):
    content = "title,assignee,priority\nOne,bob,HIGH\nTwo,,LOW\n"
    answer = hand_in(ada, content)

    assert answer.status_code == 202
    assert answer.json["state"] == "waiting"
    assert (answer.json["mode"], answer.json["rows"]) == ("check", 2)
    number = answer.json["id"]
    work(app)
    found = show(ada, number)
    assert (found["state"], found["checked"], found["failed"]) == ("checked", 2, 0)
    assert listed(ada) == []

    started = ada.post(f"{IMPORTS}{number}/start/", json=ALL)

    assert (started.status_code, started.json["state"]) == (202, "waiting")
    work(app)
    found = show(ada, number)
    assert (found["state"], found["imported"], found["reason"]) == ("done", 2, None)
    assert found["finished_at"]
    tasks = listed(ada)
    assert [(t["title"], t["assignee"], t["priority"]) for t in tasks] == [
        ("One", bob.id, "HIGH"),
        ("Two", None, "LOW"),
    ]


def test_every_column_is_read_under_all_its_names(app, ada, bob, make_project):
    project = make_project(ada, {bob: "MEMBER"})
    header = "Task_Name;task_description;TASK_STATUS;Priority;assigned_user;board;Due Date;"
    header += "estimated_hours;created_at"
    rows = [
        f'A;"two\nlines";completed;urgent;BOB;{project.board_id};2030-01-02;2.5;2025-04-06',
        "B;;in progress;;me;;2030-01-02T10:00:00Z;;2025-04-06T10:00:00+02:00",
        "C;;Pending;;;;;;",
        "D;;cancelled;CRIT;;;;0;",
    ]

    found = imported(app, ada, "\ufeff" + "\r\n".join([header, *rows]) + "\r\n", **ALL)

    assert (found["state"], found["imported"]) == ("done", 4), found
    a, b, c, d = listed(ada)
    assert (a["title"], a["description"], a["status"]) == ("A", "two\nlines", "DONE")
    assert (a["priority"], a["assignee"], a["board"]) == ("CRITICAL", bob.id, project.board_id)
    assert (a["due_date"], a["due_date_only"]) == ("2030-01-02T23:59:59.000Z", True)
    assert (a["estimated_hours"], a["created_at"]) == (2.5, "2025-04-06T00:00:00.000Z")
    assert a["completed_at"]
    assert (b["status"], b["assignee"]) == ("IN_PROGRESS", ada.id)
    assert b["created_at"] == "2025-04-06T08:00:00.000Z"
    assert (c["status"], c["priority"], c["assignee"]) == ("BACKLOG", "MEDIUM", None)
    assert (d["status"], d["priority"], d["estimated_hours"]) == ("CANCELLED", "CRITICAL", 0)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_by_the_header(app, ada, delimiter):
    content = as_csv([["description", "title"], ["a, b; c\td", "One"]], delimiter)

    assert imported(app, ada, content, **ALL)["imported"] == 1
    assert listed(ada)[0]["description"] == "a, b; c\td"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"title\n", "has no rows"),
        (b"title\n\n , \n"[:7], "has no rows"),
        (b"description\nx\n", "the column title is missing"),
        (b"titel\nx\n", "there is no column 'titel'; did you mean title?"),
        (b"title,zzz\nx,y\n", "there is no column 'zzz'; there are id, title"),
        (b"title,task_name\nx,y\n", "the column title is there more than once"),
        ("title\nKäse\n".encode("latin-1"), "must be UTF-8"),
        ("title\nKäse\n".encode("utf-16"), "must be UTF-8"),
        (b'title\n"One"x\n', "cannot be read from row 2 on"),
        (b'title\nOne\n"Two\n', "cannot be read from row 3 on"),
        (b"title\n" + b"x" * 200_000, "cannot be read from row 2 on"),
        (b"title\n" + b"x\n" * 100_001, "has more than 100,000 rows"),
    ],
)
def test_a_file_that_is_no_table_of_tasks_is_refused_at_once(ada, content, says):
    answer = hand_in(ada, content)

    assert answer.status_code == 422
    assert says in answer.json["errors"]["file"][0]
    assert ada.get(IMPORTS).json["count"] == 0


def test_several_things_wrong_with_the_header_are_told_together(ada):
    answer = hand_in(ada, "titel,descripton\nx,y\n")

    assert len(answer.json["errors"]["file"]) == 3


def test_the_form_is_checked(ada, make_project, eve):
    project = make_project(eve)

    assert ada.post(IMPORTS).json["errors"].keys() == {"file"}
    assert ada.post(IMPORTS, json={"file": "x"}).status_code == 422
    assert hand_in(ada, "title\nx\n", mode="some").json["errors"].keys() == {"mode"}
    assert hand_in(ada, "title\nx\n", colour="red").json["errors"].keys() == {"colour"}
    answer = hand_in(ada, "title\nx\n", board=str(project.board_id))
    assert (answer.status_code, answer.json["errors"].keys()) == (404, {"board"})
    assert hand_in(ada, "title\nx\n", board="x").status_code == 422


def test_a_file_may_be_larger_than_other_bodies_but_not_than_its_own_limit(app, ada, monkeypatch):
    settings = app.config["SETTINGS"]
    row = "x" * 1000 + "\n"
    assert len(row) * 1100 > settings.MAX_BODY_BYTES
    accepted = hand_in(ada, "description,title\n" + f"{'x' * 1000},t\n" * 1100)
    monkeypatch.setitem(
        app.config, "SETTINGS", settings.model_copy(update={"MAX_IMPORT_BYTES": 2_000_000})
    )
    refused = [hand_in(ada, "title\n" + "x" * size) for size in (2_000_000, 2_100_000, 40_000_000)]

    assert accepted.status_code == 202, accepted.text
    assert [answer.status_code for answer in refused] == [413] * 3
    assert refused[0].mimetype == "application/problem+json"
    assert ada.post(TASKS, json={"title": "x" * 1_100_000}).status_code == 413


BAD = """title,status,priority,assignee,board,due_date,estimated_hours,created_at
good,,,,,,,
,,LOW,,,,,
x,NEVER,,,,,,
x,,HUGE,,,,,
x,,,nobody,,,,
x,,,,999,,,
x,,,,,tomorrow,,
x,,,,,,-1,
x,,,,,,,2999-01-01

x,,,,,,,,extra
x,,,a b,,,lots,
"""


def test_each_bad_row_is_named_with_its_number_column_and_value(app, ada):
    found = imported(app, ada, BAD)

    assert (found["state"], found["checked"], found["failed"]) == ("checked", 11, 10)
    said = [(f["row"], f["column"], f["value"]) for f in faults(ada, found["id"])]
    assert said == [
        (3, "title", ""),
        (4, "status", "NEVER"),
        (5, "priority", "HUGE"),
        (6, "assignee", "nobody"),
        (7, "board", "999"),
        (8, "due_date", "tomorrow"),
        (9, "estimated_hours", "-1"),
        (10, "created_at", "2999-01-01"),
        (12, None, "extra"),
        (13, "assignee", "a b"),
        (13, "estimated_hours", "lots"),
    ]
    page = ada.get(f"{IMPORTS}{found['id']}/errors/?page=2&page_size=4").json
    assert (page["count"], page["results"][0]["row"]) == (11, 7)
    table = ada.get(f"{IMPORTS}{found['id']}/errors/export/")
    assert table.mimetype == "text/csv"
    assert table.text.splitlines()[0] == "row,column,message,value"
    assert len(table.text.splitlines()) == 12


def test_what_the_database_cannot_hold_is_told_as_any_other_fault(app, ada):
    content = (
        "title,assignee,status,board\n" + "a\x00b,a\x00b,a\x00b,a\x00b\n" + "x,,," + "9" * 5000
    )

    found = imported(app, ada, content, **VALID)

    said = {(f["row"], f["column"]): f["value"] for f in faults(ada, found["id"])}
    assert said.keys() == {
        (2, "title"), (2, "assignee"), (2, "status"), (2, "board"), (3, "board"),
    }  # fmt: skip
    assert said[2, "title"] == "a\ufffdb"
    assert said[3, "board"] == "9" * 99 + "…"


def test_all_imports_nothing_where_one_row_is_bad(app, ada):
    found = imported(app, ada, BAD, **ALL)

    assert (found["state"], found["imported"], found["failed"]) == ("failed", 0, 10)
    assert found["reason"] == "10 of 11 rows have errors; nothing was imported."
    assert len(faults(ada, found["id"])) == 11
    assert listed(ada) == []


def test_valid_imports_the_rest(app, ada):
    found = imported(app, ada, BAD, **VALID)

    assert (found["state"], found["imported"], found["failed"]) == ("done", 1, 10)
    assert len(faults(ada, found["id"])) == 11
    assert [task["title"] for task in listed(ada)] == ["good"]


def test_a_checked_file_can_be_imported_only_once_and_only_by_its_owner(app, ada, admin):
    number = handed_in(ada, "title\nOne\n")
    early = ada.post(f"{IMPORTS}{number}/start/", json=ALL)
    work(app)
    by_admin = admin.post(f"{IMPORTS}{number}/start/", json=ALL)
    people = [twin(ada) for _ in range(4)]

    answers = at_once([lambda p=p: p.post(f"{IMPORTS}{number}/start/", json=ALL) for p in people])

    assert (early.status_code, by_admin.status_code) == (409, 403)
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    work(app)
    assert len(listed(ada)) == 1
    assert ada.post(f"{IMPORTS}{number}/start/", json={"mode": "check"}).status_code == 422


def test_each_task_is_created_as_the_api_creates_it(app, ada, bob, rows, wrong_counts):
    imported(app, ada, "title,assignee\nOne,bob\nTwo,bob\n", **ALL)
    ada.create_task(title="Three", assignee=bob.id)

    events = rows(
        "SELECT type, actor_id, task_version, snapshot, changes FROM events"
        " WHERE entity = 'task' ORDER BY id"
    )

    assert [event[:3] for event in events] == [("task.created", ada.id, 1)] * 3
    assert [set(event[3]) for event in events] == [set(events[2][3])] * 3
    assert [event[3] for event in events] == listed(bob)
    assert wrong_counts() == 0


def test_the_import_itself_is_in_the_log(app, ada):
    number = handed_in(ada, "title\nOne\n")
    work(app)
    ada.post(f"{IMPORTS}{number}/start/", json=VALID)
    work(app)

    log = ada.get(f"/api/v1/audit/logs/?entity=import&entity_id={number}").json["results"]
    states = [entry["changes"]["state"][1] for entry in reversed(log)]
    assert states == ["waiting", "checking", "checked", "waiting", "importing", "done"]


def test_tasks_stand_in_their_column_in_the_order_of_the_file(app, ada, make_project):
    project = make_project(ada)
    first = project.task(status="TODO")
    content = "title,status\n" + "".join(f"t{n},TODO\n" for n in range(30))

    found = imported(app, ada, content, board=str(project.board_id), **VALID)

    assert found["imported"] == 30
    ids = [task["id"] for task in listed(ada)]
    assert project.cell(ada, "TODO") == [first["id"], *ids[1:]]


@pytest.mark.parametrize("mode", ["all", "valid"])
def test_a_wip_limit_counts_the_rows_before(app, ada, make_project, mode):
    project = make_project(ada)
    project.limit("TODO", 3)
    project.task(status="TODO")
    content = "title,status\n" + "x,TODO\n" * 4 + "y,REVIEW\n"

    checked = imported(app, ada, content, board=str(project.board_id))
    found = imported(app, ada, content, board=str(project.board_id), mode=mode)

    assert [(f["row"], f["column"]) for f in faults(ada, checked["id"])] == [
        (4, "status"),
        (5, "status"),
    ]
    assert faults(ada, found["id"]) == faults(ada, checked["id"])
    assert found["imported"] == {"all": 0, "valid": 3}[mode]


def test_others_do_not_see_an_import_and_administrators_do(app, ada, eve, admin):
    number = handed_in(ada, "title\nOne\n")

    for verb, path in (
        ("get", ""), ("delete", ""), ("get", "errors/"), ("get", "errors/export/"),
        ("post", "start/"),
    ):  # fmt: skip
        body = {"json": ALL} if verb == "post" else {}
        assert getattr(eve, verb)(f"{IMPORTS}{number}/{path}", **body).status_code == 404
    assert eve.get(IMPORTS).json["count"] == 0
    assert admin.get(f"{IMPORTS}{number}/").status_code == 200
    assert admin.get(IMPORTS).json["count"] == 1
    assert admin.delete(f"{IMPORTS}{number}/").status_code == 204


def test_a_cancelled_import_does_nothing_more_and_forgets_its_file(app, ada, rows):
    number = handed_in(ada, "title\nOne\n", **ALL)

    assert ada.delete(f"{IMPORTS}{number}/").status_code == 204
    work(app)

    assert show(ada, number)["state"] == "cancelled"
    assert listed(ada) == []
    assert rows("SELECT * FROM import_files") == []
    assert ada.delete(f"{IMPORTS}{number}/").status_code == 204
    done = imported(app, ada, "title\nOne\n", **ALL)
    assert ada.delete(f"{IMPORTS}{done['id']}/").status_code == 409
    assert rows("SELECT * FROM import_files") == []


def test_nobody_has_more_than_three_unfinished_imports(app, ada, bob):
    people = [twin(ada) for _ in range(6)]

    answers = at_once([lambda p=p: hand_in(p, "title\nOne\n") for p in people])

    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [409] * 3
    assert hand_in(bob, "title\nOne\n").status_code == 202
    work(app)
    assert hand_in(ada, "title\nOne\n").status_code == 409
    first = ada.get(IMPORTS).json["results"][-1]
    ada.delete(f"{IMPORTS}{first['id']}/")
    assert hand_in(ada, "title\nOne\n").status_code == 202


def test_the_rights_are_those_at_the_time_of_the_import(app, ada, bob, make_project, rows):
    project = make_project(bob, {ada: "MEMBER"})
    numbers = [
        handed_in(ada, "title\nOne\n", board=str(project.board_id), **mode) for mode in (ALL, VALID)
    ]
    project.remove(ada)
    work(app)

    for number in numbers:
        found = show(ada, number)
        assert found["state"] == "failed"
        assert "There is no such board." in found["reason"]
    rows("UPDATE users SET is_active = false WHERE id = :id", id=bob.id)
    assert rows("SELECT * FROM tasks") == []


def test_a_disabled_account_imports_nothing(app, ada, admin, rows):
    number = handed_in(ada, "title\nOne\n", **ALL)
    rows("UPDATE users SET is_active = false WHERE id = :id", id=ada.id)
    work(app)

    found = show(admin, number)
    assert (found["state"], found["reason"]) == (
        "failed",
        "The account that handed the file in is disabled.",
    )
    assert rows("SELECT * FROM tasks") == []


def test_a_checked_file_is_dropped_after_a_week(app, ada, rows):
    number = handed_in(ada, "title\nOne\n")
    job = app.test_cli_runner()
    assert "import 1: checked" in job.invoke(args=["jobs", "run", "carry_on_imports"]).output
    rows("UPDATE task_imports SET updated_at = updated_at - interval '8 days'")

    assert "1 imports expired" in job.invoke(args=["jobs", "run", "carry_on_imports"]).output

    found = show(ada, number)
    assert (found["state"], found["reason"]) == ("cancelled", "It was not started for 7 days.")
    assert rows("SELECT * FROM import_files") == []
