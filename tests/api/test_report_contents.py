"""What stands in reports: numbers that agree with the tasks, and texts that do no harm."""

import io
import json
import re

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from app.clients.s3 import S3Storage
from app.config import explicit_settings
from app.reports import rows as row_writers
from app.reports.fonts import BORROWED, GAPS
from tests.api.reporting import REPORTS, Page, asked, download, made, pdf_text, rows_of, show, work
from tests.clients import s3

HOSTILE = (
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-1",
    "@SUM(A1)",
    "'=quoted",
    "<script>alert(1)</script> & <b>bold",
    "</para></font><img src=x>",
    "{{ 7 * 7 }} {% raw %} ${x}",
    "שלום עולם – مرحبا",
    "👩‍💻🎉 four bytes",
    "日本語 报告 한국어",
    "Отчёт Ωμέγα ğüş",
    "http://example.com/ mailto:x@example.com",
    '"a","b";c',
    "x" * 500,
)
TASK = """
INSERT INTO tasks (title, description, status, priority, reporter_id, assignee_id, due_date_only,
                   sla_breached, version, created_at, updated_at, completed_at)
VALUES ('a task', '', CAST(:status AS task_status), 'LOW', :person, :assignee, false, false, 1,
        :created, :updated, :completed)
"""


@pytest.fixture
def add(ada, rows):
    """Adds a task of the past."""

    def run(created, status="TODO", completed=None, updated=None, assignee=None):
        rows(
            TASK, status=status, person=ada.id, assignee=assignee, created=created,
            completed=completed, updated=updated or completed or created,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("report_format", ["csv", "json", "xlsx"])
def test_hostile_titles_come_out_as_they_went_in_and_do_nothing(app, ada, report_format):
    for title in HOSTILE:
        ada.create_task(title=title, description=title)

    content = made(app, ada, report_format, query={"ordering": "id"})

    found = [row["title"] for row in rows_of(report_format, content)]
    if report_format == "csv":
        found = [title.removeprefix("'") for title in found[:5]] + found[5:]
    assert found == list(HOSTILE)
    if report_format == "xlsx":
        cells = [cell for row in load_workbook(io.BytesIO(content))["Tasks"] for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]


@pytest.mark.parametrize("title", HOSTILE[:-1])
def test_hostile_words_in_a_summary_are_words(app, ada, title):
    page = Page(made(app, ada, "html", title=title, query={"search": title[:30] + " x"}))

    assert title in page.text
    names = {name for name, _ in page.elements}
    assert not names & {"script", "img", "b", "a", "font", "iframe"}
    assert not [name for _, attrs in page.elements for name in attrs if name.startswith("on")]


def test_hostile_words_in_a_pdf_are_words_or_said_to_be_missing(app, ada):
    for title, notes in (
        (HOSTILE[6], []), ("שלום", [GAPS]), ("🎉", [GAPS]), ("日本語 한국어", [BORROWED]),
        ("Отчёт Ωμέγα ğüş", []),
    ):  # fmt: skip
        content = made(app, ada, "pdf", title=title, query={"search": f"x {title}"})
        text = re.sub(r"\s+", "", pdf_text(content))

        assert PdfReader(io.BytesIO(content)).metadata["/Title"] == title
        assert (title.replace(" ", "") in text) == (GAPS not in notes)
        told = [note for note in (GAPS, BORROWED) if note.replace(" ", "") in text]
        assert told == notes


@pytest.mark.parametrize("report_format", ["pdf", "html"])
def test_a_summary_of_nothing_is_a_summary(app, ada, report_format):
    content = made(app, ada, report_format, query={"status": "REVIEW"})

    text = pdf_text(content) if report_format == "pdf" else Page(content).text
    assert "Task report" in text
    assert "status: REVIEW" in text
    assert "Not assigned" in text


def test_a_summary_counts_what_the_tasks_say(app, ada, bob, add):
    add("2026-02-01T10:00Z", "DONE", "2026-02-03T10:00Z", assignee=bob.id)
    add("2026-02-02T10:00Z", assignee=bob.id)
    add("2026-02-02T11:00Z", "IN_PROGRESS", assignee=ada.id)
    add("2026-01-01T10:00Z", "CANCELLED", updated="2026-02-04T10:00Z")
    add("2026-01-01T10:00Z", "DONE", "2026-01-02T10:00Z")
    add("2026-02-09T10:00Z", "DONE", "2026-02-09T11:00Z")
    period = {"from": "2026-02-01", "to": "2026-02-05"}

    page = Page(made(app, ada, "html", **period))

    assert page.counts("By status") == {"Todo": 1, "In progress": 1, "Done": 3, "Cancelled": 1}
    assert page.counts("By priority") == {"Low": 6}
    assert page.counts("By assignee") == {"bob": 2, "ada": 1, "Not assigned": 3}
    assert page.steps() == {
        "2026-02-01": (1, 0, 2),
        "2026-02-02": (2, 0, 4),
        "2026-02-03": (0, 1, 3),
        "2026-02-04": (0, 0, 2),
        "2026-02-05": (0, 0, 2),
    }
    assert page.said == {
        "Period": "1 February 2026 – 5 February 2026 (UTC)",
        "Filter": "none: all tasks that ada may see", "Made": page.said["Made"],
        "Tasks": "6", "Open": "2", "Overdue": "0", "New in period": "3", "Done in period": "1",
        "Share done": "50%",
    }  # fmt: skip
    text = pdf_text(made(app, ada, "pdf", **period))
    for line in ("2026-02-02", "1 February 2026 – 5 February 2026 (UTC)", "bob", "In progress"):
        assert line in text
    assert re.search(r"By assignee\nbob\n2\n33%\nada", text)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", ("2026-03-28T23:00Z", "2026-03-29T21:59:59.999Z")),
        ("Europe/Berlin", "2025-10-26", ("2025-10-25T22:00Z", "2025-10-26T22:59:59.999Z")),
        ("America/New_York", "2026-03-08", ("2026-03-08T05:00Z", "2026-03-09T03:59:59.999Z")),
        ("Asia/Kathmandu", "2026-03-08", ("2026-03-07T18:15Z", "2026-03-08T18:14:59.999Z")),
    ],
)
def test_a_day_is_one_of_the_caller_also_where_clocks_are_changed(
    app, ada, add, rows, zone, day, hours
):
    rows("UPDATE users SET timezone = :zone", zone=zone)
    for moment in hours:
        add(moment, "DONE", moment)
    rows("UPDATE tasks SET created_at = created_at - interval '1 ms' WHERE id = 1")
    rows("UPDATE tasks SET completed_at = completed_at + interval '1 ms' WHERE id = 2")

    page = Page(made(app, ada, "html", **{"from": day, "to": day}))

    # The first was made just before that day, the second finished just after it.
    assert page.steps() == {day: (1, 1, 1)}


def test_a_long_period_is_told_by_weeks_from_monday_on(app, ada, add):
    add("2026-01-01T10:00Z")
    add("2026-01-04T23:00Z")
    add("2026-01-05T00:00Z", "DONE", "2026-02-01T12:00Z")

    page = Page(made(app, ada, "html", **{"from": "2026-01-01", "to": "2026-02-02"}))

    assert page.steps() == {
        "2026-01-01": (2, 0, 2),
        "2026-01-05": (1, 0, 3),
        "2026-01-12": (0, 0, 3),
        "2026-01-19": (0, 0, 3),
        "2026-01-26": (0, 1, 2),
        "2026-02-02": (0, 0, 2),
    }
    assert "Created and completed per week" in page.text


def test_only_the_ten_busiest_are_named(app, ada, make_person, add):
    for number in range(12):
        person = make_person(f"person{number:02}")
        for _ in range(14 - number):
            add("2026-01-01T10:00Z", assignee=person.id)

    found = Page(made(app, ada, "html")).counts("By assignee")

    assert list(found.items())[-2:] == [("person09", 5), ("All others", 4 + 3)]
    assert len(found) == 11


def test_a_summary_is_of_those_tasks_that_are_found_and_seen(app, ada, bob, make_project):
    project = make_project(ada)
    for title in ("needle one", "needle two", "hay"):
        project.task(title=title)
    bob.create_task(title="needle of bob")

    mine = Page(made(app, ada, "html", query={"search": "needle", "ordering": "title"}))
    theirs = Page(made(app, bob, "html", query={"search": "needle"}))

    assert (mine.said["Tasks"], theirs.said["Tasks"]) == ("2", "1")


def test_an_html_report_stands_alone_and_can_be_heard(app, ada):
    ada.create_task(assignee=ada.id)

    page = Page(made(app, ada, "html", title="Mine"))

    tags = [name for name, _ in page.elements]
    assert tags.count("svg") == 5
    assert all(
        attrs["role"] == "img" and attrs["aria-labelledby"]
        for name, attrs in page.elements
        if name == "svg"
    )
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids)) == 10
    assert not {"src", "href"} & {name for _, attrs in page.elements for name in attrs}
    assert ("html", {"lang": "en"}) in page.elements
    assert set(page.tables) == {"By status", "By priority", "By assignee", "The numbers over time"}
    assert "Tasks by assignee: ada 1." in page.text


def test_a_worksheet_that_is_too_small_is_refused_before_it_is_written(app, ada, monkeypatch):
    monkeypatch.setattr(row_writers, "MAX_SHEET_ROWS", 3)
    for _ in range(2):
        ada.create_task()
    fits = asked(ada, "xlsx")
    work(app)
    ada.create_task()
    number = asked(ada, "xlsx")
    work(app)

    found = show(ada, number)
    assert show(ada, fits)["state"] == "done"
    assert (found["state"], found["progress"]["done"]) == ("failed", 0)
    assert "room for 2 tasks, and there are 3" in found["error"]
    assert "csv" in found["error"]


def test_long_texts_are_cut_to_what_a_cell_holds(app, ada, rows):
    ada.create_task(description="🎉" * 20_000)
    rows("UPDATE tasks SET due_at = '1900-01-01T00:00Z'")

    (row,) = rows_of("xlsx", made(app, ada, "xlsx"))

    assert row["description"] == "🎉" * 16_383
    assert row["due_date"] == "1900-01-01T00:00:00"


def test_moments_in_a_worksheet_are_those_of_the_caller(app, ada, rows):
    rows("UPDATE users SET timezone = 'Asia/Tokyo'")
    ada.create_task(due_date="2030-01-02")
    ada.create_task(due_date="2030-01-02T20:00:00Z")

    content = made(app, ada, "xlsx", query={"ordering": "id"})

    day, moment = [row["due_date"] for row in rows_of("xlsx", content)]
    assert (str(day), str(moment)) == ("2030-01-02 00:00:00", "2030-01-03 05:00:00")
    book = load_workbook(io.BytesIO(content))
    assert book.properties.description == "Times are those of Asia/Tokyo."
    assert book["Tasks"].freeze_panes == "A2"


def test_a_report_goes_to_the_bucket_and_comes_from_it(app, ada, settings, monkeypatch):
    ada.create_task(title="far away")
    with s3.serving() as bucket:
        values = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "b"}
        elsewhere = explicit_settings(
            **settings.model_dump(include={"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DATA_DIR"}),
            REPORTS_S3_BUCKET="mine", AWS_ENDPOINT_URL_S3=bucket.url, **values,
        )  # fmt: skip
        monkeypatch.setitem(app.extensions, "report_storage", S3Storage(elsewhere))
        number = asked(ada, "json")
        work(app)

        assert json.loads(download(ada, number))[0]["title"] == "far away"
        assert list(bucket.objects) == [f"/mine/reports/{number}-1.json"]
        bucket.status = 403
        assert ada.get(f"{REPORTS}{number}/download/").status_code == 503
        bucket.status = 200
        ada.delete(f"{REPORTS}{number}/")
        assert bucket.objects == {}
