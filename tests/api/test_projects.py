"""Projects: made, listed, changed, put away, given away and deleted."""

import pytest

from app.extensions import db
from app.users.models import Role
from benchmarks.plans import recorded
from tests.api.conftest import TASKS, at_once, twin

PROJECTS = "/api/v1/projects/"
BOARDS = "/api/v1/boards/"
USUAL = ["BACKLOG", "TODO", "IN_PROGRESS", "REVIEW", "DONE"]


def create(person, **fields):
    answer = person.post(PROJECTS, json={"name": "Apollo"} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json


def path_of(project):
    return f"{PROJECTS}{project['id']}/"


def join(owner, project, person, role="MEMBER"):
    body = {"user": person.id, "role": role}
    answer = owner.post(f"{path_of(project)}members/", json=body)
    assert answer.status_code == 201, answer.text


def board_of(person, project):
    return person.get(f"{BOARDS}?project={project['id']}").json["results"][0]["id"]


@pytest.fixture
def apollo(ada, bob):
    """Ada's project; bob is a member."""
    project = create(ada)
    join(ada, project, bob)
    return project


@pytest.fixture
def stream(rows):
    """What the stream of a project tells: places, and kinds of events."""

    def read(project):
        found = rows(
            "SELECT stream_entries.seq, events.type, events.actor_id FROM stream_entries"
            " JOIN streams ON streams.id = stream_id"
            " JOIN events ON events.id = stream_entries.event_id"
            " WHERE kind = 'project' AND ref_id = :id ORDER BY seq",
            id=project["id"],
        )
        assert [seq for seq, *_ in found] == list(range(1, len(found) + 1))
        return [kind for _, kind, _ in found]

    return read


@pytest.fixture
def events_written(rows):
    return lambda: rows("SELECT count(*) FROM events")[0][0]


def test_a_new_project_has_an_owner_a_member_and_a_board(ada, stream):
    project = create(ada, description="To the\nmoon", tracks_sla=False)

    assert project == ada.get(path_of(project)).json
    assert (project["name"], project["description"]) == ("Apollo", "To the\nmoon")
    assert (project["owner"], project["tracks_sla"]) == (ada.id, False)
    assert (project["is_archived"], project["version"]) == (False, 1)
    assert project["created_at"] == project["updated_at"]
    members = ada.get(f"{path_of(project)}members/").json
    assert members["count"] == 1
    only = members["results"][0]
    assert (only["user"], only["role"], only["is_owner"]) == (ada.id, "ADMIN", True)
    assert only["username"] == "ada"
    (board,) = ada.get(f"{BOARDS}?project={project['id']}").json["results"]
    assert (board["project"], board["position"]) == (project["id"], 1)
    columns = ada.get(f"{BOARDS}{board['id']}/columns/").json
    assert [column["status"] for column in columns] == USUAL
    assert [column["position"] for column in columns] == [1, 2, 3, 4, 5]
    assert stream(project) == ["project.created", "member.added", "board.created"]
    assert ada.create_task(board=board["id"])["board"] == board["id"]


def test_a_new_project_carries_its_etag(ada):
    answer = ada.post(PROJECTS, json={"name": "Apollo"})

    assert answer.headers["ETag"] == '"v1"'
    path = path_of(answer.json)
    assert ada.get(path, headers={"If-None-Match": '"v1"'}).status_code == 304


BAD = [
    ({}, "name"),
    ({"name": ""}, "name"),
    ({"name": "  "}, "name"),
    ({"name": None}, "name"),
    ({"name": 5}, "name"),
    ({"name": ["x"]}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"name": "two\nlines"}, "name"),
    ({"name": "x", "description": None}, "description"),
    ({"name": "x", "description": 1}, "description"),
    ({"name": "x", "description": "x" * 20_001}, "description"),
    ({"name": "x", "tracks_sla": None}, "tracks_sla"),
    ({"name": "x", "tracks_sla": "perhaps"}, "tracks_sla"),
    ({"name": "x", "tracks_sla": []}, "tracks_sla"),
    ({"name": "x", "owner": 1}, "owner"),
    ({"name": "x", "owner_id": 1}, "owner_id"),
    ({"name": "x", "is_archived": True}, "is_archived"),
    ({"name": "x", "id": 99}, "id"),
    ({"name": "x", "version": 99}, "version"),
    ({"name": "x", "deleted_at": None}, "deleted_at"),
    ({"name": "x", "role": "ADMIN"}, "role"),
    ({"name": "x", "members": [1]}, "members"),
]


@pytest.mark.parametrize(("body", "field"), BAD, ids=lambda value: str(value)[:30])
def test_bad_input_is_refused_by_the_name_of_the_field(ada, events_written, body, field):
    project = create(ada)
    before = events_written()

    answers = [ada.post(PROJECTS, json=body)]
    if body:
        answers.append(ada.patch(path_of(project), json=body))

    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert field in answer.json["errors"]
    assert events_written() == before
    assert ada.get(path_of(project)).json == project


def test_the_longest_values_are_taken(ada):
    project = create(ada, name="ü" * 200, description="😀" * 20_000)

    assert project["name"] == "ü" * 200
    assert len(project["description"]) == 20_000


def test_everyone_lists_the_own_projects_and_an_administrator_all(ada, bob, eve, admin, apollo):
    hers = create(ada, name="Gemini")
    deleted = create(ada, name="Gone")
    ada.delete(path_of(deleted))

    def listed(person, query=""):
        found = person.get(f"{PROJECTS}{query}").json
        assert found["count"] == len(found["results"])
        return [(row["id"], row["role"], row["members"]) for row in found["results"]]

    assert listed(ada) == [(apollo["id"], "ADMIN", 2), (hers["id"], "ADMIN", 1)]
    assert listed(bob) == [(apollo["id"], "MEMBER", 2)]
    assert listed(eve) == []
    everything = [(1, None, 0), (apollo["id"], None, 2), (hers["id"], None, 1)]
    assert listed(admin) == everything


def test_the_role_in_the_list_is_the_one_that_counts(ada, make_person, apollo):
    manager = make_person(role=Role.MANAGER)
    join(ada, apollo, manager)

    (row,) = manager.get(PROJECTS).json["results"]

    assert row["role"] == "MANAGER"
    members = ada.get(f"{path_of(apollo)}members/").json["results"]
    assert members[-1]["role"] == "MEMBER"


def test_a_global_manager_sees_no_project_of_others(make_person, apollo):
    manager = make_person(role=Role.MANAGER)

    assert manager.get(PROJECTS).json["count"] == 0
    assert manager.get(path_of(apollo)).status_code == 404
    assert manager.patch(path_of(apollo), json={"name": "x"}).status_code == 404


def test_the_list_is_filtered_and_cut_into_pages(ada):
    names = ["Alpha", "Beta 100%", "Gamma_x", "alphabet"]
    made = {name: create(ada, name=name) for name in names}
    ada.post(f"{path_of(made['Beta 100%'])}archive/")

    def listed(query):
        return [row["name"] for row in ada.get(f"{PROJECTS}?{query}").json["results"]]

    assert listed("search=ALPHA") == ["Alpha", "alphabet"]
    assert listed("search=%25") == ["Beta 100%"]
    assert listed("search=_") == ["Gamma_x"]
    assert listed("search=nothing") == []
    assert listed("is_archived=true") == ["Beta 100%"]
    assert listed("is_archived=false&search=a") == ["Alpha", "Gamma_x", "alphabet"]
    assert listed("page_size=3&page=2") == ["alphabet"]
    first = ada.get(f"{PROJECTS}?page_size=3").json
    assert (first["count"], first["previous"]) == (4, None)
    assert "page=2" in first["next"]
    assert ada.get(f"{PROJECTS}?page=9").json["results"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=x", "page"),
        ("page_size=101", "page_size"),
        ("is_archived=perhaps", "is_archived"),
        ("search=" + "x" * 201, "search"),
        ("owner=1", "owner"),
    ],
)
def test_bad_filters_are_refused(ada, query, field):
    answer = ada.get(f"{PROJECTS}?{query}")

    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_the_lists_cost_the_same_few_queries_at_any_length(app, ada, make_person, apollo):
    def cost(path):
        with app.app_context(), recorded(db.engine) as found:
            assert ada.get(path).status_code == 200
        return len(found.statements)

    paths = (PROJECTS, f"{path_of(apollo)}members/", BOARDS)
    before = [cost(path) for path in paths]
    for _ in range(10):
        create(ada)
        join(ada, apollo, make_person())

    assert [cost(path) for path in paths] == before


def test_a_change_raises_the_version_and_is_told_once(ada, bob, apollo, stream):
    before = stream(apollo)
    body = {"name": "  Gemini ", "description": "x", "tracks_sla": False}

    answer = ada.patch(path_of(apollo), json=body, headers={"If-Match": '"v1"'})

    assert answer.status_code == 200, answer.text
    assert (answer.headers["ETag"], answer.json["version"]) == ('"v2"', 2)
    assert answer.json["name"] == "Gemini"
    assert bob.get(path_of(apollo)).json == answer.json
    assert stream(apollo) == [*before, "project.updated"]


@pytest.mark.parametrize("body", [{}, {"name": "Apollo"}, {"name": " Apollo "}], ids=str)
def test_no_change_no_event(ada, apollo, events_written, body):
    before, project = events_written(), ada.get(path_of(apollo)).json

    answer = ada.patch(path_of(apollo), json=body)

    assert answer.status_code == 200
    assert answer.json == project
    assert events_written() == before


def test_an_old_version_is_refused(ada, apollo, events_written):
    ada.patch(path_of(apollo), json={"name": "Gemini"})
    before = events_written()

    for headers, code in [
        ({"If-Match": '"v1"'}, 412),
        ({"If-Match": '"v3"'}, 412),
        ({"If-Match": "nonsense"}, 400),
    ]:
        for answer in (
            ada.patch(path_of(apollo), json={"name": "x"}, headers=headers),
            ada.delete(path_of(apollo), headers=headers),
        ):
            assert answer.status_code == code, answer.text
            if code == 412:
                assert answer.json["current_version"] == 2
    assert events_written() == before
    answer = ada.patch(path_of(apollo), json={"name": "x"}, headers={"If-Match": '"v2"'})
    assert answer.status_code == 200


def test_of_two_changes_to_one_version_one_is_refused(ada, apollo):
    calls = [
        lambda p=twin(ada), n=n: (
            p.patch(
                path_of(apollo), json={"name": f"Name {n}"}, headers={"If-Match": '"v1"'}
            ).status_code
        )
        for n in range(4)
    ]

    assert sorted(at_once(calls)) == [200, 412, 412, 412]
    assert ada.get(path_of(apollo)).json["version"] == 2


def test_only_an_admin_changes_and_archives(ada, bob, eve, admin, apollo, make_person):
    manager = make_person("mia")
    join(ada, apollo, manager, "MANAGER")
    writes = [
        ("patch", "", {"name": "x"}),
        ("post", "archive/", None),
        ("post", "unarchive/", None),
    ]

    for verb, path, body in writes:
        for person in (bob, manager):
            answer = getattr(person, verb)(path_of(apollo) + path, json=body)
            assert answer.status_code == 403
            assert "ADMIN of the project" in answer.json["detail"]
        assert getattr(eve, verb)(path_of(apollo) + path, json=body).status_code == 404
        assert getattr(admin, verb)(path_of(apollo) + path, json=body).status_code == 200


def test_archiving_twice_is_one_change(ada, apollo, stream):
    before = stream(apollo)
    for path, archived, version in [
        ("archive/", True, 2),
        ("archive/", True, 2),
        ("unarchive/", False, 3),
        ("unarchive/", False, 3),
    ]:
        answer = ada.post(path_of(apollo) + path)
        assert answer.status_code == 200
        assert (answer.json["is_archived"], answer.json["version"]) == (archived, version)

    assert stream(apollo) == [*before, "project.updated", "project.updated"]


def test_an_archived_project_is_read_but_not_written(ada, bob, eve, apollo, events_written):
    path, board = path_of(apollo), board_of(ada, apollo)
    column = ada.get(f"{BOARDS}{board}/columns/").json[0]["id"]
    task = ada.create_task(board=board, title="kept")
    deleted = ada.create_task(board=board)
    loose = ada.create_task()
    ada.delete(f"{TASKS}{deleted['id']}/")
    comment = ada.post(f"{TASKS}{task['id']}/comments/", json={"body": "Hi"}).json
    mine = f"{TASKS}{task['id']}/"
    ada.post(f"{path}archive/")
    before = events_written()

    for verb, target, body in [
        ("patch", path, {"name": "x"}),
        ("patch", path, {}),
        ("post", f"{path}members/", {"user": eve.id}),
        ("patch", f"{path}members/{bob.id}/", {"role": "ADMIN"}),
        ("delete", f"{path}members/{bob.id}/", None),
        ("post", BOARDS, {"project": apollo["id"], "name": "x"}),
        ("patch", f"{BOARDS}{board}/", {"name": "x"}),
        ("delete", f"{BOARDS}{board}/", None),
        ("post", f"{BOARDS}{board}/columns/", {"name": "x", "status": "CANCELLED"}),
        ("patch", f"{BOARDS}{board}/columns/{column}/", {"name": "x"}),
        ("delete", f"{BOARDS}{board}/columns/{column}/", None),
        ("post", TASKS, {"title": "x", "board": board}),
        ("patch", mine, {"title": "x"}),
        ("put", mine, {"title": "x"}),
        ("delete", mine, None),
        ("post", f"{mine}move/", {"status": "DONE"}),
        ("post", f"{mine}assign/", {"assignee": bob.id}),
        ("post", f"{TASKS}bulk/", {"tasks": [task["id"]], "changes": {"status": "DONE"}}),
        ("post", f"{TASKS}{deleted['id']}/restore/", None),
        ("patch", f"{TASKS}{loose['id']}/", {"board": board}),
        ("post", f"{mine}comments/", {"body": "x"}),
        ("patch", f"/api/v1/comments/{comment['id']}/", {"body": "x"}),
        ("delete", f"/api/v1/comments/{comment['id']}/", None),
    ]:
        answer = getattr(ada, verb)(target, json=body)
        assert answer.status_code == 409, (verb, target, answer.text)
    assert bob.post(f"{path}leave/").status_code == 409
    assert events_written() == before
    for target in (
        path,
        f"{path}members/",
        f"{BOARDS}?project={apollo['id']}",
        f"{BOARDS}{board}/",
        f"{BOARDS}{board}/columns/",
        mine,
        f"{mine}history/",
        f"{mine}comments/",
        f"{TASKS}?search=kept",
    ):
        assert bob.get(target).status_code == 200, target
    assert bob.get(PROJECTS).json["results"][0]["is_archived"] is True
    ada.post(f"{path}unarchive/")
    assert ada.patch(mine, json={"title": "x"}).status_code == 200


def test_an_archived_project_can_be_given_away_and_deleted(ada, bob, apollo):
    ada.post(f"{path_of(apollo)}archive/")

    answer = ada.post(f"{path_of(apollo)}transfer/", json={"user": bob.id})

    assert (answer.status_code, answer.json["owner"]) == (200, bob.id)
    assert ada.delete(path_of(apollo)).status_code == 403
    assert bob.delete(path_of(apollo)).status_code == 204


def test_nothing_is_written_into_a_project_while_it_is_archived(ada, apollo, rows):
    board = board_of(ada, apollo)
    for _ in range(5):
        other = twin(ada)
        created, _ = at_once(
            [
                lambda p=other: p.post(TASKS, json={"title": "x", "board": board}).status_code,
                lambda: ada.post(f"{path_of(apollo)}archive/"),
            ]
        )
        assert created in {201, 409}
        types = rows(
            "SELECT type FROM events WHERE project_id = :id ORDER BY id DESC LIMIT 1",
            id=apollo["id"],
        )
        assert types == [("project.updated",)]
        ada.post(f"{path_of(apollo)}unarchive/")


def test_only_the_owner_or_an_administrator_deletes(ada, bob, eve, admin, apollo, make_person):
    second = make_person("mia")
    join(ada, apollo, second, "ADMIN")

    for person in (bob, second):
        answer = person.delete(path_of(apollo))
        assert answer.status_code == 403
        assert "owner" in answer.json["detail"]
    assert eve.delete(path_of(apollo)).status_code == 404
    assert admin.delete(path_of(apollo)).status_code == 204
    assert ada.get(path_of(apollo)).status_code == 404


def test_a_deleted_project_is_gone_for_everyone(
    ada, bob, admin, apollo, stream, wrong_counts, rows
):
    path, board = path_of(apollo), board_of(ada, apollo)
    task = bob.create_task(board=board, assignee=bob.id, title="unfindable")
    comment = bob.post(f"{TASKS}{task['id']}/comments/", json={"body": "Hi"}).json
    column = ada.get(f"{BOARDS}{board}/columns/").json[0]["id"]
    assert bob.get(f"/api/v1/users/{ada.id}/").status_code == 200

    assert ada.delete(path).status_code == 204

    for person in (ada, bob, admin):
        for verb, target, body in [
            ("get", path, None),
            ("patch", path, {"name": "x"}),
            ("delete", path, None),
            ("post", f"{path}archive/", None),
            ("post", f"{path}unarchive/", None),
            ("post", f"{path}transfer/", {"user": bob.id}),
            ("post", f"{path}leave/", None),
            ("get", f"{path}members/", None),
            ("post", f"{path}members/", {"user": bob.id}),
            ("patch", f"{path}members/{bob.id}/", {"role": "ADMIN"}),
            ("delete", f"{path}members/{bob.id}/", None),
            ("get", f"{BOARDS}?project={apollo['id']}", None),
            ("post", BOARDS, {"project": apollo["id"], "name": "x"}),
            ("get", f"{BOARDS}{board}/", None),
            ("patch", f"{BOARDS}{board}/", {"name": "x"}),
            ("delete", f"{BOARDS}{board}/", None),
            ("get", f"{BOARDS}{board}/columns/", None),
            ("patch", f"{BOARDS}{board}/columns/{column}/", {"name": "x"}),
            ("get", f"{TASKS}{task['id']}/", None),
            ("patch", f"{TASKS}{task['id']}/", {"title": "x"}),
            ("post", f"{TASKS}{task['id']}/restore/", None),
            ("get", f"{TASKS}{task['id']}/comments/", None),
            ("get", f"/api/v1/comments/{comment['id']}/", None),
            ("post", TASKS, {"title": "x", "board": board}),
        ]:
            answer = getattr(person, verb)(target, json=body)
            assert answer.status_code == 404, (person.username, verb, target, answer.text)
        listed = [row["id"] for row in person.get(PROJECTS).json["results"]]
        assert apollo["id"] not in listed
        boards = [row["id"] for row in person.get(BOARDS).json["results"]]
        assert board not in boards
        assert person.get(f"{TASKS}?search=unfindable").json["count"] == 0
    assert bob.get(f"{TASKS}mine/").json["count"] == 0
    assert bob.get(f"/api/v1/users/{ada.id}/").status_code == 404
    assert stream(apollo)[-1] == "project.deleted"
    assert rows("SELECT * FROM project_members WHERE project_id = :id", id=apollo["id"]) == []
    assert wrong_counts() == 0


def test_no_task_survives_that_is_created_while_the_project_is_deleted(ada, bob, rows):
    for _ in range(5):
        project = create(ada)
        join(ada, project, bob)
        board = board_of(ada, project)
        body = {"title": "x", "board": board}
        created, _ = at_once(
            [
                lambda b=body: bob.post(TASKS, json=b).status_code,
                lambda p=project: ada.delete(path_of(p)),
            ]
        )
        assert created in {201, 404}
    assert rows("SELECT id FROM tasks WHERE deleted_at IS NULL") == []


def test_of_two_who_delete_at_once_one_is_told_that_it_is_gone(ada, apollo, stream):
    calls = [lambda p=twin(ada): p.delete(path_of(apollo)).status_code for _ in range(3)]

    assert sorted(at_once(calls)) == [204, 404, 404]
    assert stream(apollo).count("project.deleted") == 1


def roles_in(person, project):
    found = person.get(f"{path_of(project)}members/").json["results"]
    return {row["username"]: (row["role"], row["is_owner"]) for row in found}


def test_a_project_goes_to_a_member_and_the_old_owner_stays_admin(ada, bob, apollo, stream):
    before = stream(apollo)

    answer = ada.post(f"{path_of(apollo)}transfer/", json={"user": bob.id})

    assert answer.status_code == 200
    assert (answer.json["owner"], answer.json["version"]) == (bob.id, 2)
    assert answer.headers["ETag"] == '"v2"'
    assert roles_in(ada, apollo) == {"ada": ("ADMIN", False), "bob": ("ADMIN", True)}
    assert stream(apollo) == [*before, "member.updated", "project.updated"]
    assert ada.post(f"{path_of(apollo)}transfer/", json={"user": ada.id}).status_code == 403
    assert ada.post(f"{path_of(apollo)}leave/").status_code == 204


def test_giving_a_project_to_its_owner_changes_nothing(ada, apollo, events_written):
    before = events_written()

    answer = ada.post(f"{path_of(apollo)}transfer/", json={"user": ada.id})

    assert (answer.status_code, answer.json["version"]) == (200, 1)
    assert events_written() == before


def test_a_project_goes_to_active_members_only(ada, bob, eve, admin, apollo):
    admin.patch(f"/api/v1/users/{bob.id}/", json={"is_active": False})

    for user in (eve.id, admin.id, bob.id, 999_999, 0, -1, "x", None, True, 1.5, 2**63):
        answer = ada.post(f"{path_of(apollo)}transfer/", json={"user": user})
        assert answer.status_code == 422, user
        assert list(answer.json["errors"]) == ["user"]
    for body in ({}, {"user": ada.id, "role": "ADMIN"}, {"owner": ada.id}):
        assert ada.post(f"{path_of(apollo)}transfer/", json=body).status_code == 422
    assert ada.get(path_of(apollo)).json["owner"] == ada.id


def test_only_the_owner_or_an_administrator_gives_it_away(
    ada, bob, eve, admin, apollo, make_person
):
    second = make_person("mia")
    join(ada, apollo, second, "ADMIN")
    path = f"{path_of(apollo)}transfer/"

    for person in (bob, second):
        answer = person.post(path, json={"user": person.id})
        assert answer.status_code == 403
        assert "owner" in answer.json["detail"]
    assert eve.post(path, json={"user": eve.id}).status_code == 404
    assert admin.post(path, json={"user": second.id}).json["owner"] == second.id


def test_the_default_project_has_no_owner_until_an_administrator_gives_it_one(
    ada, bob, admin, stream
):
    default = {"id": 1}
    for person, role in ((ada, "MEMBER"), (bob, "ADMIN")):
        join(admin, default, person, role)
    assert admin.get(path_of(default)).json["owner"] is None
    assert bob.delete(path_of(default)).status_code == 403
    assert bob.post(f"{path_of(default)}transfer/", json={"user": bob.id}).status_code == 403
    assert bob.post(f"{path_of(default)}leave/").status_code == 204

    answer = admin.post(f"{path_of(default)}transfer/", json={"user": ada.id})

    assert (answer.status_code, answer.json["owner"]) == (200, ada.id)
    assert roles_in(ada, default) == {"ada": ("ADMIN", True)}
    assert stream(default)[-2:] == ["member.updated", "project.updated"]


@pytest.mark.parametrize("project_id", ["0", "x", "-1", str(2**63), "9" * 30, "999999"])
def test_what_is_no_project_is_not_found(ada, admin, project_id):
    for person in (ada, admin):
        assert person.get(f"{PROJECTS}{project_id}/").status_code == 404


def test_nothing_goes_without_a_token(client, apollo):
    for path in (PROJECTS, path_of(apollo), f"{path_of(apollo)}members/", BOARDS, "/api/v1/users/"):
        assert client.get(path).status_code == 401
