"""Reports as jobs: what can be asked for, by whom, and what becomes of it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.reports.expiry import expire_reports
from tests.api.conftest import TASKS, at_once
from tests.api.reporting import REPORTS, ask, asked, download, local, made, rows_of, show, work

MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "html": "text/html",
}
BEGINS = {"csv": b"id,title", "json": b"[\n{", "xlsx": b"PK", "pdf": b"%PDF", "html": b"<!doctype"}
ROWS = ("csv", "json", "xlsx")


@pytest.mark.parametrize("report_format", MEDIA_TYPES)
def test_a_report_is_asked_for_made_and_downloaded(app, ada, report_format):
    ada.create_task()

    answer = ask(ada, report_format, title="Mine", query={"status": ["TODO", "BACKLOG"]})

    assert answer.status_code == 202
    number = answer.json["id"]
    assert answer.headers["Location"] == answer.json["links"]["self"] == f"{REPORTS}{number}/"
    assert answer.json["state"] == "waiting"
    assert answer.json["progress"] == {"done": 0, "total": None}
    assert (answer.json["title"], answer.json["format"]) == ("Mine", report_format)
    assert answer.json["query"] == {"status": ["TODO", "BACKLOG"]}

    assert len(work(app)) == 1

    found = show(ada, number)
    assert found["state"] == "done"
    assert found["progress"] == {"done": 1, "total": 1}
    lasts = datetime.fromisoformat(found["expires_at"])
    assert lasts - datetime.fromisoformat(found["finished_at"]) == timedelta(hours=72)
    with ada.get(found["links"]["download"]) as file:
        assert file.mimetype == MEDIA_TYPES[report_format]
        disposition = f'attachment; filename="report-{number}.{report_format}"'
        assert file.headers["Content-Disposition"] == disposition
        assert int(file.headers["Content-Length"]) == len(file.data) == found["size"]
        assert file.data.startswith(BEGINS[report_format])


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({}, "format", "required"),
        ({"format": "doc"}, "format", "csv, json, xlsx, pdf, html"),
        ({"format": "csv", "formt": 1}, "formt", "Unknown"),
        ({"format": "csv", "query": []}, "query", "mapping"),
        ({"format": "csv", "query": {"statsu": "TODO"}}, "query.statsu", "status"),
        ({"format": "csv", "query": {"status": "TOD"}}, "query.status", "TODO"),
        ({"format": "csv", "query": {"status": {"a": 1}}}, "query.status", "TODO"),
        ({"format": "csv", "query": {"status": []}}, "query.status", "at least one"),
        (
            {"format": "csv", "query": {"created_at_gte": 5}},
            "query.created_at_gte",
            "must be a date",
        ),
        ({"format": "csv", "query": {"created_at_gte": []}}, "query.created_at_gte", "must be a"),
        ({"format": "csv", "query": {"ordering": "nonsense"}}, "query.ordering", "created_at"),
        ({"format": "csv", "query": {"search": "-x"}}, "query.search", ""),
        ({"format": "csv", "query": {"due_date": "+9999y"}}, "query.due_date", "years"),
        ({"format": "csv", "query": {"page": 2}}, "query.page", "no such parameter"),
        ({"format": "csv", "query": {"filter": 9}}, "query.filter", "no filter with the id 9"),
        ({"format": "csv", "title": "x" * 201}, "title", "200"),
        ({"format": "csv", "title": "a\nb"}, "title", "line breaks"),
        ({"format": "csv", "from": "2026-01-01"}, "from", "pdf and html"),
        ({"format": "pdf", "from": "2026-1-1"}, "from", "YYYY-MM-DD"),
        ({"format": "pdf", "from": 7}, "from", "YYYY-MM-DD"),
        ({"format": "pdf", "to": "2026-02-30"}, "to", "YYYY-MM-DD"),
        ({"format": "pdf", "to": "1899-12-31"}, "to", "1900"),
        ({"format": "pdf", "to": "2999-01-01"}, "to", "after today"),
        ({"format": "pdf", "from": "2026-02-02", "to": "2026-02-01"}, "from", "2026-02-01"),
        ({"format": "pdf", "from": "2025-01-31", "to": "2026-02-01"}, "from", "366"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(ada, body, field, said):
    answer = ada.post(REPORTS, json=body)

    assert answer.status_code == 422, answer.text
    assert list(answer.json["errors"]) == [field]
    assert said in " ".join(answer.json["errors"][field])
    assert ada.get(REPORTS).json["count"] == 0


def test_a_period_may_have_366_days_and_ends_today_unless_it_is_said(ada, make_person):
    year = ask(ada, "html", **{"from": "2025-02-01", "to": "2026-02-01"}).json
    alone = ask(ada, "html", to="2026-03-31").json
    far = ask(make_person("far", timezone="Pacific/Kiritimati"), "pdf").json

    today = (datetime.now(UTC) + timedelta(hours=14)).date()
    assert (year["from"], year["to"]) == ("2025-02-01", "2026-02-01")
    assert (alone["from"], alone["to"]) == ("2026-03-02", "2026-03-31")
    assert (far["from"], far["to"]) == (str(today - timedelta(days=29)), str(today))
    assert ask(ada, "csv").json["from"] is None


def test_a_report_finds_what_the_list_finds_in_its_order(app, ada, bob, eve, make_project):
    project = make_project(ada)
    for number, status in enumerate(["TODO", "DONE", "TODO", "REVIEW", "TODO"]):
        project.task(title=f"word {number}", status=status)
    bob.create_task(title="word of others")
    ada.create_task(title="to bob", assignee=bob.id)
    ada.delete(f"{TASKS}1/")

    for person, query in (
        (ada, {}), (bob, {}), (eve, {}), (ada, {"status": ["TODO", "DONE"]}),
        (ada, {"ordering": "-status,id"}), (ada, {"search": "word"}), (bob, {"assignee": "me"}),
        (bob, {"overdue": False, "involves": "me", "created_at_gte": "today"}),
    ):  # fmt: skip
        listed = person.get(TASKS, query_string=query).json
        rows = rows_of("json", made(app, person, "json", query=query))
        assert [row["id"] for row in rows] == [task["id"] for task in listed["results"]], query
        assert listed["count"] == len(rows)


def test_a_saved_filter_counts_as_it_was_when_the_report_was_asked_for(app, ada, bob):
    for status in ("TODO", "DONE"):
        ada.create_task(status=status)
        ada.create_task(status=status, title="needle")
    saved = ada.post("/api/v1/filters/", json={"name": "f", "query": {"status": "TODO"}}).json

    number = asked(ada, "json", query={"filter": saved["id"], "search": "needle"})
    ada.delete(f"/api/v1/filters/{saved['id']}/")
    work(app)

    assert show(ada, number)["query"] == {"status": "TODO", "search": "needle"}
    (row,) = rows_of("json", download(ada, number))
    assert (row["title"], row["status"]) == ("needle", "TODO")
    assert ask(bob, query={"filter": saved["id"]}).status_code == 422


@pytest.mark.parametrize("report_format", ROWS)
def test_rows_say_what_the_task_says(app, ada, bob, make_project, report_format):
    project = make_project(ada, {bob: "MEMBER"})
    task = project.task(
        bob, title="One", description="two\nlines, \"quoted\"", assignee=ada.id, status="DONE",
        priority="HIGH", due_date="2030-03-31", estimated_hours=2.5,
    )  # fmt: skip

    (row,) = rows_of(report_format, made(app, ada, report_format))

    same = ("title", "description", "status", "priority")
    assert {name: row[name] for name in same} == {name: task[name] for name in same}
    assert (row["assignee"], row["reporter"]) == ("ada", "bob")
    wanted = {
        "csv": (str(task["id"]), "2.5", "false", "2030-03-31", task["created_at"]),
        "json": (task["id"], 2.5, False, "2030-03-31", task["created_at"]),
        "xlsx": (
            task["id"],
            2.5,
            False,
            datetime.combine(date(2030, 3, 31), time()),
            local(task["created_at"]),
        ),
    }[report_format]
    found = [row[name] for name in ("id", "estimated_hours", "sla_breached", "due_date")]
    moment = row["created_at"]
    if report_format == "xlsx":
        moment = moment.replace(second=0, microsecond=0)
    assert (*found, moment) == wanted


@pytest.mark.parametrize("report_format", ROWS)
def test_no_tasks_make_an_empty_table(app, ada, report_format):
    assert rows_of(report_format, made(app, ada, report_format)) == []


def test_a_report_shows_what_its_owner_may_see_when_it_is_made(
    app, ada, bob, eve, admin, make_project
):
    project = make_project(ada, {bob: "MEMBER", eve: "MEMBER"})
    project.task(title="in the project")
    numbers = {person: asked(person, "json") for person in (ada, bob, eve, admin)}
    project.remove(eve)

    work(app)

    seen = {person.username: rows_of("json", download(person, n)) for person, n in numbers.items()}
    assert {name: len(rows) for name, rows in seen.items()} == {
        "ada": 1, "bob": 1, "eve": 0, "root": 1
    }  # fmt: skip


def test_a_disabled_account_gets_no_report(app, ada, admin, rows):
    number = asked(ada)
    rows("UPDATE users SET is_active = false WHERE id = :id", id=ada.id)

    work(app)

    found = show(admin, number)
    assert (found["state"], found["error"]) == (
        "failed",
        "The account that asked for it is disabled.",
    )
    assert admin.get(f"{REPORTS}{number}/download/").status_code == 409


def test_everybody_sees_their_own_and_administrators_all(app, ada, bob, admin):
    first, second, third = asked(ada), asked(bob), asked(ada, "html")
    work(app)

    def listed(person, query=""):
        return [each["id"] for each in person.get(f"{REPORTS}{query}").json["results"]]

    assert (listed(ada), listed(bob)) == ([third, first], [second])
    assert listed(admin) == [third, second, first]
    assert listed(admin, "?page=2&page_size=2") == [first]
    assert ada.get(f"{REPORTS}?pgae=1").status_code == 422
    for method, path in (("get", ""), ("get", "download/"), ("delete", "")):
        assert getattr(bob, method)(f"{REPORTS}{first}/{path}").status_code == 404
    assert show(ada, first)["state"] == "done"
    assert admin.get(f"{REPORTS}{first}/download/").status_code == 200
    assert admin.delete(f"{REPORTS}{first}/").status_code == 204
    assert listed(ada) == [third]


def test_there_is_nothing_to_download_until_it_is_done(app, ada):
    number = asked(ada)

    answer = ada.get(f"{REPORTS}{number}/download/")

    assert answer.status_code == 409
    assert "waiting" in answer.json["detail"]


def test_five_may_be_unfinished_at_a_time(app, ada, bob):
    answers = at_once([lambda: ask(ada)] * 7)

    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [409] * 2
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "5 unfinished reports" in refused.json["detail"]
    assert ask(bob).status_code == 202
    work(app)
    assert ask(ada).status_code == 202


def test_a_hundred_may_wait_to_be_downloaded(app, ada, bob, rows):
    asked(ada)
    work(app)
    rows(
        "INSERT INTO report_jobs (user_id, format, title, query, state, rows_done, run, attempts,"
        " created_at) SELECT user_id, format, title, query, state, 0, 1, 1, now()"
        " FROM report_jobs, generate_series(1, 99)"
    )

    refused = ask(ada)
    assert refused.status_code == 409
    assert "delete some of them" in refused.json["detail"]
    assert ask(bob).status_code == 202
    assert ada.delete(f"{REPORTS}1/").status_code == 204
    assert ask(ada).status_code == 202


def test_a_waiting_report_is_cancelled_and_then_deleted(app, ada):
    number = asked(ada)

    assert ada.delete(f"{REPORTS}{number}/").status_code == 204
    assert show(ada, number)["state"] == "cancelled"
    assert work(app) == []
    assert ada.get(f"{REPORTS}{number}/download/").status_code == 409
    assert ada.delete(f"{REPORTS}{number}/").status_code == 204
    assert ada.get(f"{REPORTS}{number}/").status_code == 404


def files(settings):
    return sorted(path.name for path in (settings.DATA_DIR / "reports").glob("*.*"))


@pytest.fixture(autouse=True)
def no_files_of_others(settings):
    for path in (settings.DATA_DIR / "reports").glob("*.*"):
        path.unlink()


def test_deleting_a_finished_report_deletes_its_file(app, ada, settings):
    number = asked(ada)
    work(app)
    assert files(settings) == [f"{number}-1.csv"]

    assert ada.delete(f"{REPORTS}{number}/").status_code == 204

    assert files(settings) == []


def test_an_expired_report_says_so_and_its_file_is_gone(app, ada, rows, settings):
    old, new = asked(ada), asked(ada)
    work(app)
    rows("UPDATE report_jobs SET expires_at = now() - interval '1 second' WHERE id = :id", id=old)

    with app.app_context():
        said = expire_reports()
        again = expire_reports()

    assert said == "1 reports expired, 0 abandoned files removed"
    assert again == "0 reports expired, 0 abandoned files removed"
    assert show(ada, old)["state"] == "expired"
    assert ada.get(f"{REPORTS}{old}/download/").status_code == 410
    assert show(ada, new)["state"] == "done"
    assert files(settings) == [f"{new}-1.csv"]
    assert ada.delete(f"{REPORTS}{old}/").status_code == 204


def test_a_file_that_somebody_took_away_is_gone(app, ada, settings):
    number = asked(ada)
    work(app)
    (settings.DATA_DIR / "reports" / f"{number}-1.csv").unlink()

    assert ada.get(f"{REPORTS}{number}/download/").status_code == 410
    assert ada.delete(f"{REPORTS}{number}/").status_code == 204


def test_its_owner_alone_hears_of_every_change(app, ada, admin, rows):
    number = asked(ada)
    work(app)
    admin.delete(f"{REPORTS}{number}/")

    told = rows(
        """
        SELECT e.type, e.changes -> 'state', s.kind, s.ref_id
        FROM events e JOIN stream_entries n ON n.event_id = e.id
             JOIN streams s ON s.id = n.stream_id
        WHERE e.entity = 'report' ORDER BY e.id
        """
    )
    assert told == [
        ("report.created", None, "user", ada.id),
        ("report.updated", ["waiting", "running"], "user", ada.id),
        ("report.updated", ["running", "done"], "user", ada.id),
        ("report.deleted", None, "user", ada.id),
    ]
