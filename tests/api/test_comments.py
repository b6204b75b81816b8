import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, select

from app.comments.markdown import usernames_in
from app.comments.models import Comment
from app.comments.queries import MAX_LEVELS, MAX_MENTIONS
from app.core.db import unit_of_work
from app.core.events import EventRecord, Stream, StreamEntry
from app.extensions import db
from app.projects.models import ProjectMember, ProjectRole
from app.users.schemas import USERNAME
from tests.workers.support import execute

API = "/api/v1"


def path_of(task):
    return f"{API}/tasks/{task['id']}/comments/"


def comment_path(comment):
    return f"{API}/comments/{comment['id']}/"


def say(person, task, body="Hello", **fields):
    answer = person.post(path_of(task), json={"body": body} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json


def join(app, person, role=ProjectRole.MEMBER):
    with app.app_context(), unit_of_work() as session:
        session.add(ProjectMember(project_id=1, user_id=person.id, role=role))


def put_into_project(app, task):
    execute(
        app,
        "UPDATE tasks SET project_id = 1, board_id = 1, position = 'a0' WHERE id = :id",
        id=task["id"],
    )


def leave(app, person):
    execute(app, "DELETE FROM project_members WHERE user_id = :id", id=person.id)


@pytest.fixture
def task(app, ada, bob):
    """A task in project 1 that ada reported; she and bob are members."""
    join(app, ada)
    join(app, bob)
    task = ada.create_task()
    put_into_project(app, task)
    return task


def recorded(app, kind):
    with app.app_context():
        return db.session.scalars(
            select(EventRecord).where(EventRecord.type == kind).order_by(EventRecord.id)
        ).all()


def test_a_comment_is_kept_as_it_was_written(app, ada, bob, task):
    body = "  **Hi** <script>alert(1)</script>\r\n\n`code`\t\n"
    made = say(ada, task, body)

    assert made["body"] == body
    assert (made["task"], made["author"], made["parent"]) == (task["id"], ada.id, None)
    assert (made["mentions"], made["edited_at"], made["deleted_at"]) == ([], None, None)
    assert bob.get(comment_path(made)).json == made
    assert bob.get(path_of(task)).json == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [made],
    }


def test_each_change_is_one_event_in_the_stream_of_the_project(app, ada, bob, task):
    made = say(ada, task, "First")
    edited = ada.patch(comment_path(made), json={"body": "Second"}).json
    ada.delete(comment_path(made))

    (created,), (updated,), (deleted,) = (
        recorded(app, f"comment.{kind}") for kind in ("created", "updated", "deleted")
    )
    assert created.snapshot == made
    assert updated.snapshot == edited
    assert updated.changes["body"] == ["First", "Second"]
    assert "Second" not in str([deleted.snapshot, deleted.changes])
    for record in (created, updated, deleted):
        assert (record.entity, record.entity_id) == ("comment", made["id"])
        assert (record.task_id, record.project_id, record.task_version) == (task["id"], 1, None)
        with app.app_context():
            streams = select(Stream.kind, Stream.ref_id).join(StreamEntry)
            entered = db.session.execute(streams.where(StreamEntry.event_id == record.id)).all()
        assert entered == [("project", 1)]
    assert ada.get(f"{API}/tasks/{task['id']}/").json["version"] == task["version"]


def test_the_history_of_a_task_is_without_its_comments(app, ada, task):
    ada.delete(comment_path(say(ada, task, "A secret")))

    history = ada.get(f"{API}/tasks/{task['id']}/history/").json["results"]
    assert [entry["type"] for entry in history] == ["task.created"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"body": ""}, "body"),
        ({"body": " \n\t"}, "body"),
        ({"body": None}, "body"),
        ({"body": 5}, "body"),
        ({"body": "x" * 10_001}, "body"),
        ({"body": "a\u0007b"}, "body"),
        ({"body": "Hi", "author": 1}, "author"),
        ({"body": "Hi", "parent": 0}, "parent"),
        ({"body": "Hi", "parent": True}, "parent"),
        ({"body": "Hi", "parent": 999}, "parent"),
    ],
)
def test_what_is_wrong_with_a_comment_is_named(ada, task, body, field):
    answer = ada.post(path_of(task), json=body)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_a_body_of_ten_thousand_characters_is_taken(ada, task):
    assert len(say(ada, task, "ä" * 10_000)["body"]) == 10_000


def test_only_living_comments_of_the_same_task_are_answered(app, ada, task):
    elsewhere = say(ada, ada.create_task())
    gone = say(ada, task)
    assert ada.delete(comment_path(gone)).status_code == 204

    for parent, word in ((elsewhere, "same task"), (gone, "deleted")):
        answer = ada.post(path_of(task), json={"body": "Hi", "parent": parent["id"]})
        assert answer.status_code == 422
        assert word in answer.json["errors"]["parent"][0]


def test_answers_nest_so_deep_and_no_deeper(ada, task):
    last = say(ada, task)
    for _ in range(MAX_LEVELS - 1):
        last = say(ada, task, parent=last["id"])

    answer = ada.post(path_of(task), json={"body": "Hi", "parent": last["id"]})
    assert answer.status_code == 422
    assert str(MAX_LEVELS) in answer.json["errors"]["parent"][0]


def test_the_same_text_is_no_change(app, ada, task):
    made = say(ada, task, "Same")

    assert ada.patch(comment_path(made), json={"body": "Same"}).json == made
    assert recorded(app, "comment.updated") == []


def test_an_edit_is_marked_and_needs_a_text(ada, task):
    made = say(ada, task)

    edited = ada.patch(comment_path(made), json={"body": "Better"}).json
    assert edited["body"] == "Better"
    assert edited["edited_at"] >= made["created_at"]
    for body in ({}, {"body": " "}, {"body": "x", "parent": 1}):
        assert ada.patch(comment_path(made), json=body).status_code == 422


def test_a_deleted_comment_leaves_its_place_and_nothing_else(app, ada, bob, task):
    made = say(ada, task, "Gone, @bob")
    answered = say(bob, task, "Why?", parent=made["id"])
    for _ in range(2):
        assert ada.delete(comment_path(made)).status_code == 204

    first, second = ada.get(path_of(task)).json["results"]
    assert (first["body"], first["mentions"]) == ("", [])
    assert first["deleted_at"]
    assert second == answered
    assert len(recorded(app, "comment.deleted")) == 1
    assert ada.patch(comment_path(made), json={"body": "Back"}).status_code == 409
    with app.app_context():
        assert db.session.get_one(Comment, made["id"]).body == ""


def status_of(person, verb, path):
    body = None if verb in ("get", "delete") else {"body": "Changed"}
    return getattr(person, verb)(path, json=body).status_code


def test_members_read_and_comment_and_strangers_know_of_nothing(app, ada, bob, eve, admin, task):
    made = say(ada, task)
    for person, expected in ((bob, 200), (eve, 404), (admin, 200)):
        assert person.get(path_of(task)).status_code == expected
        assert person.get(comment_path(made)).status_code == expected
    assert status_of(bob, "post", path_of(task)) == 201
    assert status_of(admin, "post", path_of(task)) == 201
    assert status_of(eve, "post", path_of(task)) == 404
    for verb in ("get", "patch", "delete"):
        assert status_of(eve, verb, comment_path(made)) == 404
        assert status_of(eve, verb, f"{API}/comments/999/") == 404
    refused = eve.get(comment_path(made)).json
    assert refused["detail"] == eve.get(f"{API}/comments/999/").json["detail"]


@pytest.mark.parametrize(
    ("role", "edits", "deletes"),
    [
        (ProjectRole.MEMBER, 403, 403),
        (ProjectRole.MANAGER, 403, 204),
        (ProjectRole.ADMIN, 403, 204),
    ],
)
def test_who_may_change_the_comment_of_another(app, ada, eve, task, role, edits, deletes):
    made = say(ada, task)
    join(app, eve, role)

    assert status_of(eve, "patch", comment_path(made)) == edits
    assert status_of(eve, "delete", comment_path(made)) == deletes


def test_who_lost_sight_of_a_task_lost_the_own_comments(app, ada, bob, eve, task):
    in_project = say(bob, task)
    leave(app, bob)
    outside = ada.create_task(assignee=eve.id)
    of_eve = say(eve, outside)
    ada.patch(f"{API}/tasks/{outside['id']}/", json={"assignee": None})

    for verb in ("get", "patch", "delete"):
        assert status_of(bob, verb, comment_path(in_project)) == 404
        assert status_of(eve, verb, comment_path(of_eve)) == 404
    assert status_of(bob, "get", path_of(task)) == 404


def test_an_archived_project_can_be_read_only(app, ada, task):
    made = say(ada, task)
    execute(app, "UPDATE projects SET is_archived = true")

    assert status_of(ada, "get", path_of(task)) == 200
    assert status_of(ada, "post", path_of(task)) == 409
    assert status_of(ada, "patch", comment_path(made)) == 409
    assert status_of(ada, "delete", comment_path(made)) == 409


def test_comments_of_a_deleted_task_are_not_there(app, ada, task):
    made = say(ada, task)
    assert ada.delete(f"{API}/tasks/{task['id']}/").status_code == 204

    for verb in ("get", "patch", "delete"):
        assert status_of(ada, verb, comment_path(made)) == 404
    for verb in ("get", "post"):
        assert status_of(ada, verb, path_of(task)) == 404


def add_many(app, ada, task, count):
    with app.app_context(), unit_of_work() as session:
        row = {"task_id": task["id"], "author_id": ada.id, "mentions": []}
        session.execute(insert(Comment), [row | {"body": f"Number {n}"} for n in range(count)])


def test_pages_go_on_and_back_without_gaps(app, ada, task):
    add_many(app, ada, task, 7)
    pages, path = [], f"{path_of(task)}?page_size=3"
    while path:
        pages.append(ada.get(path).json)
        path = pages[-1]["next"]

    bodies = [[comment["body"] for comment in page["results"]] for page in pages]
    assert [body for page in bodies for body in page] == [f"Number {n}" for n in range(7)]
    assert [len(page) for page in bodies] == [3, 3, 1]
    assert {page["count"] for page in pages} == {7}
    back = ada.get(pages[2]["previous"]).json
    assert back["results"] == pages[1]["results"]
    assert ada.get(back["previous"]).json["previous"] is None
    for wrong in ("cursor=made-up", "page_size=101", "page=1"):
        assert ada.get(f"{path_of(task)}?{wrong}").status_code == 422


def test_a_list_takes_the_same_few_queries_at_any_length(app, ada, task):
    counts = []
    for more in (10, 10_000):
        add_many(app, ada, task, more)
        ada.get(path_of(task))
        statements = []
        with app.app_context():
            engine = db.engine

        def note(_connection, _cursor, statement, *_rest, into=statements):
            into.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        answer = ada.get(f"{path_of(task)}?page_size=10")
        event.remove(engine, "before_cursor_execute", note)
        assert len(answer.json["results"]) == 10
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 6


def test_edits_and_deletions_at_once_end_deleted_with_no_text(app, ada, bob, task):
    made = say(ada, task)
    answers = []

    def edit(number):
        answers.append(ada.patch(comment_path(made), json={"body": f"@bob {number}"}).status_code)

    threads = [threading.Thread(target=edit, args=(n,)) for n in range(6)]
    threads.insert(3, threading.Thread(target=lambda: ada.delete(comment_path(made))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    final = ada.get(comment_path(made)).json
    assert set(answers) <= {200, 409}
    assert (final["body"], final["mentions"]) == ("", [])
    assert len(recorded(app, "comment.updated")) == answers.count(200)


def test_only_who_sees_the_task_is_mentioned(app, ada, bob, eve, admin, make_person, task):
    sleeping = make_person("sleeping")
    join(app, sleeping)
    execute(app, "UPDATE users SET is_active = false WHERE id = :id", id=sleeping.id)
    body = "@BOB @eve @root @sleeping @nobody @ada, @bob."

    assert say(ada, task, body)["mentions"] == [bob.id, admin.id, ada.id]
    outside = ada.create_task(assignee=eve.id)
    assert say(ada, outside, body)["mentions"] == [eve.id, admin.id, ada.id]


def test_so_many_are_mentioned_and_no_more(app, ada, make_person, task):
    people = [make_person() for _ in range(MAX_MENTIONS + 2)]
    for person in people:
        join(app, person)
    made = say(ada, task, " ".join(f"@{person.username}" for person in people))

    assert made["mentions"] == [person.id for person in people[:MAX_MENTIONS]]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("@bob", ["bob"]),
        ("Hi @Bob, @ada. And @eve-! (@x_y) @a.b.c...", ["bob", "ada", "eve", "x_y", "a.b.c"]),
        ("**@bob** _@ada_ ~~@eve~~ > @x", ["bob", "ada", "eve", "x"]),
        ("@bob @bob @BOB", ["bob"]),
        ("mail bob@example.com, ä@bob, @bob@example.com, a_@bob", []),
        ("https://example.com/@bob \\@bob @ @@bob @-bob", []),
        ("`@bob` ``a ` @bob`` ```x @bob```", []),
        ("`open @bob", ["bob"]),
        ("`a\n@bob` @ada", ["ada"]),
        ("- `a\n- @bob `", ["bob"]),
        ("`a\n\n@bob `", ["bob"]),
        ("```\n@bob\n```\n@ada", ["ada"]),
        ("~~~~ python\n@bob\n~~~\n@bob\n~~~~\n@ada", ["ada"]),
        ("```\n@bob", []),
        ("> ```\n> @bob\n> ```\n> @ada", ["ada"]),
        ("- x\n  ```\n  @bob\n  ```\n  @ada", ["ada"]),
        ("    @bob\n\n@ada", ["ada"]),
        ("text\n    @bob", ["bob"]),
        ("- item\n\n    @bob", ["bob"]),
        ("@" + "b" * 150, ["b" * 150]),
        ("@" + "b" * 151, []),
    ],
)
def test_mentions_in_markdown(body, names):
    assert usernames_in(body) == names


@given(name=st.from_regex(USERNAME, fullmatch=True).filter(lambda n: n[-1] not in ".-"))
def test_every_username_can_be_mentioned_in_a_sentence(name):
    for body in (f"@{name}", f"Hi @{name}, you", f"(@{name}).", f"@{name}.", f"**@{name}**"):
        assert usernames_in(body) == [name.lower()]
    for body in (f"`@{name}`", f"```\n@{name}\n```", f"x@{name}"):
        assert usernames_in(body) == []


@given(st.text(alphabet="ab@.-_`~> \n\t1*\\", max_size=300))
@settings(max_examples=300)
def test_no_text_is_too_strange_to_be_read(text):
    for name in usernames_in(text):
        assert USERNAME.fullmatch(name)
        assert f"@{name}" in text.lower()
