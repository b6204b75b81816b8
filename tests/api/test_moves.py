import pytest

from app.boards.lifecycle import Status
from app.users.models import Role
from tests.api.conftest import TASKS, at_once, events_of, twin, versions

OPEN = ["BACKLOG", "TODO", "IN_PROGRESS", "REVIEW"]


def move(person, task, **body):
    task_id = task["id"] if isinstance(task, dict) else task
    return person.post(f"{TASKS}{task_id}/move/", json=body)


@pytest.fixture
def project(make_project, ada, bob):
    return make_project(ada, {bob: "MEMBER"})


@pytest.fixture
def cards(project):
    """Four cards in BACKLOG, from top to bottom."""
    return [project.task()["id"] for _ in range(4)]


def test_new_cards_go_to_the_end_of_their_column(ada, project, cards):
    assert project.cell(ada, "BACKLOG") == cards


@pytest.mark.parametrize(
    ("moved", "body", "expected"),
    [
        (0, {"after": 1}, [1, 0, 2, 3]),
        (0, {"after": 3}, [1, 2, 3, 0]),
        (3, {"before": 0}, [3, 0, 1, 2]),
        (3, {"before": 2}, [0, 1, 3, 2]),
        (2, {"after": 0, "before": 1}, [0, 2, 1, 3]),
        (1, {"after": 0, "before": 2}, [0, 1, 2, 3]),
        (2, {"after": None, "before": 0}, [2, 0, 1, 3]),
    ],
)
def test_a_card_goes_between_two_others_and_only_its_row_changes(
    bob, project, cards, rows, moved, body, expected
):
    before = versions(rows)
    body = {name: None if place is None else cards[place] for name, place in body.items()}

    answer = move(bob, cards[moved], **body)

    assert answer.status_code == 200, answer.text
    assert project.cell(bob, "BACKLOG") == [cards[place] for place in expected]
    changed = {task for task, version in versions(rows).items() if version != before[task]}
    assert changed == ({cards[moved]} if expected != [0, 1, 2, 3] else set())


def test_a_card_goes_into_another_column_at_a_place_or_at_the_end(ada, project, cards):
    first, second, third, fourth = cards

    assert move(ada, first, status="TODO").json["status"] == "TODO"
    assert move(ada, second, status="TODO").status_code == 200
    assert move(ada, third, status="TODO", before=second).status_code == 200
    assert move(ada, fourth, status="TODO", after=second).status_code == 200

    assert project.cell(ada, "TODO") == [first, third, second, fourth]
    assert project.cell(ada, "BACKLOG") == []


def test_a_card_goes_to_another_board_of_the_project(ada, project, cards):
    other = project.add_board()
    move(ada, cards[0], board=other)

    answer = move(ada, cards[1], board=other, before=cards[0], status="TODO")
    assert answer.status_code == 409
    answer = move(ada, cards[1], board=other, before=cards[0])

    assert (answer.json["board"], answer.json["project"]) == (other, project.id)
    assert project.cell(ada, "BACKLOG", other) == [cards[1], cards[0]]
    assert project.cell(ada, "BACKLOG") == cards[2:]


def test_the_order_of_a_column_survives_hundreds_of_moves_into_one_gap(ada, project, cards):
    top, one, other, _ = cards
    for _ in range(100):
        one, other = other, one
        answer = move(ada, one, after=top)

    assert project.cell(ada, "BACKLOG")[:3] == [top, one, other]
    assert len(answer.json["position"]) < 100


def test_a_neighbour_that_is_not_in_the_column_is_a_conflict(ada, project, cards, make_project):
    elsewhere = project.task(status="TODO")["id"]
    deleted = project.task()["id"]
    ada.delete(f"{TASKS}{deleted}/")
    foreign = make_project(ada).task()["id"]
    loose = ada.create_task()["id"]

    for neighbour in (elsewhere, deleted, foreign, loose, 999_999):
        for side in ("after", "before"):
            answer = move(ada, cards[0], **{side: neighbour})
            assert answer.status_code == 409, (side, neighbour)
            assert list(answer.json["errors"]) == [side]
    assert project.cell(ada, "BACKLOG") == cards


@pytest.mark.parametrize("side", ["after", "before"])
def test_a_card_is_no_neighbour_of_itself(ada, cards, side):
    other = "before" if side == "after" else "after"

    for body in ({side: cards[0]}, {side: cards[0], other: cards[2]}):
        answer = move(ada, cards[0], **body)
        assert answer.status_code == 422
        assert list(answer.json["errors"]) == [side]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"override_wip_limit": True}, "status"),
        ({"status": "DOING"}, "status"),
        ({"status": None}, "status"),
        ({"board": None}, "board"),
        ({"board": "x"}, "board"),
        ({"board": 0}, "board"),
        ({"after": -1}, "after"),
        ({"before": 2**63}, "before"),
        ({"position": "a0"}, "position"),
        ({"status": "TODO", "override_wip_limit": "perhaps"}, "override_wip_limit"),
    ],
)
def test_bad_bodies_are_refused_by_field(ada, cards, body, field):
    answer = move(ada, cards[0], **body)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_a_task_on_no_board_has_no_neighbours_but_can_change_its_status(ada, project, cards):
    task = ada.create_task()

    assert move(ada, task, after=cards[0]).status_code == 422
    assert list(move(ada, task, before=cards[0]).json["errors"]) == ["board"]
    assert move(ada, task, status="DONE").json["completed_at"] is not None


def test_a_task_from_outside_enters_a_project_and_leaves_it(ada, bob, project, cards, wrong_counts):
    task = ada.create_task()

    inside = move(ada, task, board=project.board_id, after=cards[0])

    assert inside.json["project"] == project.id
    assert project.cell(bob, "BACKLOG") == [cards[0], task["id"], *cards[1:]]
    assert wrong_counts() == 0
    outside = ada.patch(f"{TASKS}{task['id']}/", json={"board": None})
    assert [outside.json[name] for name in ("project", "board", "position")] == [None] * 3
    assert bob.get(f"{TASKS}{task['id']}/").status_code == 404
    assert wrong_counts() == 0


def test_a_foreign_board_answers_as_one_that_does_not_exist(
    ada, bob, eve, project, cards, make_project, rows
):
    foreign = make_project(eve)
    archived = make_project(eve)
    archived.change(is_archived=True)
    deleted = project.add_board()
    rows("UPDATE boards SET deleted_at = now() WHERE id = :id", id=deleted)
    ways = [
        lambda who, board: move(who, cards[0], board=board),
        lambda who, board: move(who, cards[0], board=board, after=999),
        lambda who, board: who.patch(f"{TASKS}{cards[0]}/", json={"board": board}),
        lambda who, board: who.patch(
            f"{TASKS}{cards[0]}/", json={"board": board}, headers={"If-Match": '"v77"'}
        ),
        lambda who, board: who.put(f"{TASKS}{cards[0]}/", json={"title": "x", "board": board}),
        lambda who, board: who.post(TASKS, json={"title": "x", "board": board}),
        lambda who, board: who.post(
            f"{TASKS}bulk/", json={"tasks": cards, "changes": {"board": board}}
        ),
    ]

    for way in ways:
        for person in (ada, bob):
            for board in (foreign.board_id, archived.board_id, deleted, 999_999):
                answer = way(person, board)
                assert answer.status_code == 404, answer.text
                assert answer.json["detail"] == "There is no such board."
                assert answer.json["errors"] == {"board": [f"there is no board {board}"]}
                assert not {"task", "missing"} & answer.json.keys()


def test_an_archived_project_takes_and_gives_nothing(ada, bob, project, cards, make_project):
    archived = make_project(ada)
    inside = archived.task()
    archived.change(is_archived=True)

    assert move(ada, cards[0], board=archived.board_id).status_code == 409
    assert move(ada, inside, status="TODO").status_code == 409
    assert move(ada, inside, board=project.board_id).status_code == 409
    assert ada.post(TASKS, json={"title": "x", "board": archived.board_id}).status_code == 409
    for verb, body in [("patch", {"title": "x"}), ("put", {"title": "x"}), ("delete", None)]:
        answer = getattr(ada, verb)(f"{TASKS}{inside['id']}/", json=body)
        assert answer.status_code == 409
        assert "archived" in answer.json["detail"]
    assert ada.post(f"{TASKS}{inside['id']}/assign/", json={"assignee": None}).status_code == 409
    assert ada.get(f"{TASKS}{inside['id']}/").json == inside


def test_who_may_take_a_task_out_of_its_project(
    ada, bob, eve, admin, make_person, make_project, wrong_counts
):
    manager, boss = make_person("mia"), make_person("max")
    source = make_project(ada, {bob: "MEMBER", eve: "MEMBER", manager: "MANAGER", boss: "ADMIN"})
    target = make_project(ada, {bob: "MEMBER", eve: "MEMBER", manager: "MEMBER", boss: "MEMBER"})

    for person, allowed in [(bob, True), (eve, False), (manager, True), (boss, True), (ada, True)]:
        for board in (target.board_id, None):
            task = source.task(bob)
            answer = person.patch(f"{TASKS}{task['id']}/", json={"board": board})
            assert answer.status_code == (200 if allowed else 403), (person.username, board)
            if not allowed:
                assert "MANAGER" in answer.json["detail"]
                assert person.get(f"{TASKS}{task['id']}/").json == task
    task = source.task(bob)
    assert move(admin, task, board=target.board_id).json["project"] == target.id
    assert wrong_counts() == 0


def test_outsiders_and_former_members_move_nothing(ada, bob, eve, project, cards):
    project.remove(bob)

    for person in (bob, eve):
        for body in ({"status": "TODO"}, {"after": cards[1]}, {"board": project.board_id}):
            assert move(person, cards[0], **body).status_code == 404
        assert person.get(f"{TASKS}{cards[0]}/transitions/").status_code == 404
        path = f"{TASKS}{cards[0]}/assign/"
        assert person.post(path, json={"assignee": person.id}).status_code == 404
    assert project.cell(ada, "BACKLOG") == cards


def test_an_assignee_who_is_no_member_there_does_not_come_along(ada, bob, project, make_project):
    other = make_project(ada)
    task = project.task(assignee=bob.id)
    path = f"{TASKS}{task['id']}/"

    answer = move(ada, task, board=other.board_id)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["assignee"])
    answer = ada.patch(path, json={"board": other.board_id, "assignee": None})
    assert (answer.json["project"], answer.json["assignee"]) == (other.id, None)
    assert ada.get(path).json["version"] == 2


def test_a_task_from_outside_comes_without_an_assignee_who_is_no_member(ada, eve, project):
    task = ada.create_task(assignee=eve.id)

    assert move(ada, task, board=project.board_id).status_code == 422
    assert move(eve, task, board=project.board_id).status_code == 404


def test_a_move_wants_the_version_that_it_names(ada, project, cards):
    path = f"{TASKS}{cards[0]}/move/"

    stale = ada.post(path, json={"after": cards[2]}, headers={"If-Match": '"v7"'})
    fresh = ada.post(path, json={"after": cards[2]}, headers={"If-Match": '"v1"'})
    again = ada.post(path, json={"after": cards[3]}, headers={"If-Match": '"v1"'})

    assert (stale.status_code, fresh.status_code, again.status_code) == (412, 200, 412)
    assert fresh.headers["ETag"] == '"v2"'
    assert again.json["current_version"] == 2


def test_a_move_to_where_the_card_is_writes_no_event(ada, project, cards):
    task = ada.get(f"{TASKS}{cards[1]}/").json
    bodies = [
        {"status": "BACKLOG"},
        {"board": project.board_id},
        {"after": cards[0]},
        {"before": cards[2]},
        {"after": None, "before": None},
        {"after": cards[0], "before": cards[2], "status": "BACKLOG"},
    ]

    for body in bodies:
        answer = move(ada, cards[1], **body)
        assert (answer.status_code, answer.json) == (200, task), body
    assert len(events_of(ada, cards[1])) == 1


def test_a_move_is_one_event_with_what_changed(ada, bob, project, cards):
    moved = move(bob, cards[0], status="DONE").json

    event = events_of(ada, cards[0])[0]
    assert (event["type"], event["actor"], event["version"]) == ("task.updated", bob.id, 2)
    assert event["changes"]["status"] == ["BACKLOG", "DONE"]
    assert set(event["changes"]) <= {"status", "position", "completed_at"}
    assert moved["completed_at"] is not None


def test_completed_at_follows_the_moves(ada, project, cards):
    done = move(ada, cards[0], status="DONE").json
    stays = move(ada, cards[0], status="DONE").json
    reopened = move(ada, cards[0], status="REVIEW").json
    cancelled = move(ada, cards[0], status="CANCELLED").json

    assert done["completed_at"] == stays["completed_at"] is not None
    assert reopened["completed_at"] is cancelled["completed_at"] is None


def test_a_board_is_taken_by_create_patch_and_put(ada, project):
    task = ada.create_task()
    path = f"{TASKS}{task['id']}/"

    patched = ada.patch(path, json={"board": project.board_id}).json
    put = ada.put(path, json={"title": "Without a board"}).json
    done = ada.put(path, json={"title": "Over", "status": "DONE"}).json
    out = ada.put(path, json={"title": "Out", "board": None}).json

    assert patched["board"] == put["board"] == done["board"] == project.board_id
    assert put["position"] == patched["position"]
    assert (out["board"], out["project"], out["position"]) == (None, None, None)


def test_a_status_changed_by_patch_goes_to_the_end_of_the_other_column(ada, project, cards):
    for card in (cards[2], cards[0]):
        ada.patch(f"{TASKS}{card}/", json={"status": "REVIEW"})

    assert project.cell(ada, "REVIEW") == [cards[2], cards[0]]


def test_a_restored_card_goes_to_the_end(ada, project, cards):
    ada.delete(f"{TASKS}{cards[0]}/")
    assert project.cell(ada, "BACKLOG") == cards[1:]

    restored = ada.post(f"{TASKS}{cards[0]}/restore/")

    assert (restored.status_code, restored.json["version"]) == (200, 3)
    assert project.cell(ada, "BACKLOG") == [*cards[1:], cards[0]]


def test_a_card_is_restored_to_the_first_board_when_its_own_is_gone(ada, project, rows):
    other = project.add_board()
    task = ada.create_task(board=other)
    ada.delete(f"{TASKS}{task['id']}/")
    rows("UPDATE boards SET deleted_at = now() WHERE id = :id", id=other)

    assert ada.post(f"{TASKS}{task['id']}/restore/").json["board"] == project.board_id
    ada.delete(f"{TASKS}{task['id']}/")
    rows("UPDATE boards SET deleted_at = now() WHERE id = :id", id=project.board_id)
    assert ada.post(f"{TASKS}{task['id']}/restore/").status_code == 409


@pytest.fixture
def full(project, cards):
    """TODO holds its limit of one; the cards are in BACKLOG."""
    project.limit("TODO", 1)
    project.task(status="TODO")
    return cards


def test_a_full_column_takes_no_card_by_any_way(ada, bob, project, full, wrong_counts):
    project.task(status="REVIEW")
    deleted = project.task(bob)["id"]
    bob.delete(f"{TASKS}{deleted}/")
    path = f"{TASKS}{full[0]}/"
    other = ada.create_task(board=project.add_board(), status="TODO")

    answers = [
        move(ada, full[0], status="TODO"),
        move(ada, other, board=project.board_id),
        ada.patch(path, json={"status": "TODO"}),
        ada.put(path, json={"title": "x", "status": "TODO"}),
        ada.post(TASKS, json={"title": "x", "status": "TODO", "board": project.board_id}),
        ada.post(f"{TASKS}bulk/", json={"tasks": full, "changes": {"status": "TODO"}}),
    ]

    for answer in answers:
        assert answer.status_code == 409, answer.text
        assert answer.json["wip_limit"] == 1
        assert "1" in answer.json["errors"]["status"][0]
    assert len(project.cell(ada, "TODO")) == 1
    assert wrong_counts() == 0


def test_within_a_full_column_cards_still_move(ada, project, cards):
    project.limit("BACKLOG", 2)

    assert move(ada, cards[0], after=cards[1]).status_code == 200
    assert ada.patch(f"{TASKS}{cards[0]}/", json={"title": "x"}).status_code == 200
    assert move(ada, cards[0], status="TODO").status_code == 200


def test_only_managers_exceed_a_limit(ada, bob, admin, make_person, project, full):
    mia, max_ = make_person("mia"), make_person("max", role=Role.MANAGER)
    project.add(mia, "MANAGER")
    project.add(max_, "MEMBER")

    refused = move(bob, full[0], status="TODO", override_wip_limit=True)
    assert refused.status_code == 403
    assert "MANAGER" in refused.json["detail"]
    assert move(mia, full[0], status="TODO", override_wip_limit=False).status_code == 409
    for person, card in zip((mia, max_, admin, ada), full, strict=True):
        assert move(person, card, status="TODO", override_wip_limit=True).status_code == 200
    assert len(project.cell(ada, "TODO")) == 5
    body = {"title": "x", "status": "TODO", "board": project.board_id, "override_wip_limit": True}
    assert ada.post(TASKS, json=body).status_code == 201
    assert bob.post(TASKS, json=body).status_code == 403
    assert "override_wip_limit" not in ada.post(TASKS, json=body).json


def test_deleting_makes_no_way_around_a_limit(ada, bob, project):
    project.limit("TODO", 1)
    task = project.task(bob, status="TODO")
    bob.delete(f"{TASKS}{task['id']}/")
    project.task(bob, status="TODO")

    assert bob.post(f"{TASKS}{task['id']}/restore/").status_code == 409
    assert ada.post(f"{TASKS}{task['id']}/restore/").status_code == 200


def test_of_two_cards_for_the_last_place_one_gets_it(ada, bob, project, cards):
    project.limit("TODO", 1)
    for _ in range(5):
        answers = at_once(
            [
                lambda person=person, card=card: move(twin(person), card, status="TODO")
                for person, card in zip((ada, bob, ada, bob), cards, strict=True)
            ]
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        (taken,) = project.cell(ada, "TODO")
        move(ada, taken, status="BACKLOG")


def test_of_two_new_cards_for_the_last_place_one_gets_it(ada, bob, project):
    project.limit("TODO", 1)
    body = {"title": "x", "status": "TODO", "board": project.board_id}

    answers = at_once([lambda p=p: twin(p).post(TASKS, json=body) for p in (ada, bob, ada)])

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


@pytest.mark.parametrize("limit", [None, 1])
def test_transitions_tell_what_a_write_answers(
    ada, bob, eve, admin, make_person, make_project, limit
):
    mia = make_person("mia")
    project = make_project(ada, {bob: "MEMBER", mia: "MANAGER"})
    if limit:
        for status in ("TODO", "DONE"):
            project.limit(status, limit)
            project.task(status=status)

    for person in (bob, mia, ada, admin):
        for status in Status:
            body = {"status": status.value, "override_wip_limit": True}
            task = project.task(**body)
            path = f"{TASKS}{task['id']}/"
            shown = person.get(f"{path}transitions/").json
            assert shown["status"] == status.value
            wanted = [each["status"] for each in shown["transitions"]]
            assert wanted == [each.value for each in Status if each is not status]
            for entry in shown["transitions"]:
                override = {"override_wip_limit": True} if entry["can_override"] else {}
                plain = move(person, task, status=entry["status"])
                assert (plain.status_code == 200) == entry["allowed"], entry
                assert (entry["reason"] is None) == entry["allowed"]
                if entry["can_override"]:
                    forced = move(person, task, status=entry["status"], **override)
                    assert forced.status_code == 200
                elif not entry["allowed"]:
                    forced = move(person, task, status=entry["status"], override_wip_limit=True)
                    assert forced.status_code in (403, 409)
                ada.delete(path)
                task = project.task(**body)
                path = f"{TASKS}{task['id']}/"
            ada.delete(path)


def test_transitions_in_an_archived_project_are_all_refused(ada, project, cards):
    project.change(is_archived=True)

    shown = ada.get(f"{TASKS}{cards[0]}/transitions/").json["transitions"]

    assert len(shown) == 6
    assert not any(each["allowed"] or each["can_override"] for each in shown)
    assert all("archived" in each["reason"] for each in shown)


def test_transitions_of_a_task_outside_any_project(ada, bob, eve):
    task = ada.create_task(assignee=bob.id, status="DONE")
    path = f"{TASKS}{task['id']}/transitions/"

    for person in (ada, bob):
        allowed = {e["status"] for e in person.get(path).json["transitions"] if e["allowed"]}
        assert allowed == {*OPEN, "ARCHIVED"}
    assert eve.get(path).status_code == 404


def test_assign_and_unassign(ada, bob, eve, project, cards):
    path = f"{TASKS}{cards[0]}/assign/"

    assert ada.post(path, json={"assigned_to": bob.id}).json["assignee"] == bob.id
    assert ada.post(path, json={"assignee": eve.id}).status_code == 422
    assert ada.post(path, json={"assignee": 999_999}).status_code == 422
    assert ada.post(path, json={}).status_code == 422
    stale = ada.post(path, json={"assignee": None}, headers={"If-Match": '"v1"'})
    assert stale.status_code == 412
    assert bob.post(path, json={"assignee": None}).json["assignee"] is None
    assert [e["version"] for e in events_of(ada, cards[0])] == [3, 2, 1]


def test_an_assignee_cannot_take_a_task_from_its_reporter_into_a_project(ada, bob, make_project):
    project = make_project(bob)
    task = ada.create_task(assignee=bob.id)
    path = f"/api/v1/tasks/{task['id']}/"

    answers = [
        bob.patch(path, json={"board": project.board_id}),
        bob.post(f"{path}move/", json={"board": project.board_id}),
        bob.post(
            "/api/v1/tasks/bulk/",
            json={"tasks": [task["id"]], "changes": {"board": project.board_id}},
        ),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert ada.get(path).json == task
