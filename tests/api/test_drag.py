"""People drag the cards of one board at the same time."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import TASKS, at_once, twin

COLUMNS = ["BACKLOG", "TODO", "DONE"]
CARDS = 6
ANSWERS = {200, 409, 412}

card = st.integers(0, CARDS - 1)
a_move = st.fixed_dictionaries(
    {"card": card},
    optional={
        "status": st.sampled_from(COLUMNS),
        "after": card,
        "before": card,
        "board": st.integers(0, 1),
        "if_match": st.integers(1, 4),
    },
)
a_bulk = st.fixed_dictionaries(
    {"tasks": st.lists(card, min_size=1, max_size=CARDS, unique=True)},
    optional={"status": st.sampled_from(COLUMNS), "board": st.integers(0, 1)},
)
scripts = st.lists(st.lists(a_move, min_size=1, max_size=6), min_size=2, max_size=4)
mixed_scripts = st.lists(
    st.lists(st.one_of(a_move, a_bulk), min_size=1, max_size=6), min_size=2, max_size=4
)
by_property = settings(
    max_examples=12,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Table:
    """One project with its boards and cards, and the people around it."""

    def __init__(self, project, people, boards):
        self.project, self.people, self.boards = project, people, boards
        self.cards = [project.task(board=boards[n % len(boards)])["id"] for n in range(CARDS)]

    def play(self, person, script):
        """The answers to one person's moves, made one after another."""
        return [self._send(person, step) for step in script]

    def _send(self, person, step):
        body = {name: step[name] for name in ("status",) if name in step}
        if "board" in step:
            body["board"] = self.boards[step["board"] % len(self.boards)]
        if "tasks" in step:
            tasks = [self.cards[each] for each in step["tasks"]]
            body = {"tasks": tasks, "changes": body or {"status": "TODO"}}
            return person.post(f"{TASKS}bulk/", json=body)
        body |= {side: self.cards[step[side]] for side in ("after", "before") if side in step}
        headers = {"If-Match": f'"v{step["if_match"]}"'} if "if_match" in step else {}
        path = f"{TASKS}{self.cards[step['card']]}/move/"
        return person.post(path, json=body or {"status": "TODO"}, headers=headers)

    def look(self, person, times):
        """What the board page shows while the others move, board by board."""
        return [self.page(person, board) for _ in range(times) for board in self.boards]

    def page(self, person, board):
        answer = person.get(f"/api/v1/boards/{board}/")
        assert answer.status_code == 200
        return answer.json

    def check(self, rows):
        """Nothing is lost, nothing is double, all see the same."""
        seen = [[self.page(person, board) for board in self.boards] for person in self.people]
        orders = [[_order(page) for page in pages] for pages in seen]
        assert all(order == orders[0] for order in orders)
        shown = [task for order in orders[0] for column in order.values() for task in column]
        assert sorted(shown) == self.cards
        for board, order in zip(self.boards, orders[0], strict=True):
            for status, tasks in order.items():
                assert all(self.project.cell(p, status, board) == tasks for p in self.people)
        self._check_rows(rows)

    def _check_rows(self, rows):
        places = rows(
            "SELECT board_id, status, position FROM tasks WHERE project_id = :p", p=self.project.id
        )
        assert max(Counter(map(tuple, places)).values()) == 1
        counted = rows(
            "SELECT t.id, t.version, count(e.id), count(DISTINCT e.task_version) FROM tasks t"
            " JOIN events e ON e.task_id = t.id WHERE t.project_id = :p GROUP BY t.id",
            p=self.project.id,
        )
        assert len(counted) == CARDS
        assert all(version == events == steps for _, version, events, steps in counted)
        gaps = rows(
            "SELECT s.id FROM streams s JOIN stream_entries e ON e.stream_id = s.id"
            " GROUP BY s.id, s.last_seq HAVING count(*) <> s.last_seq"
        )
        assert gaps == []


def _order(page):
    for column in page["columns"]:
        places = [task["position"] for task in column["tasks"]]
        assert places == sorted(set(places))
        assert column["count"] == len(places)
    return {c["status"]: [t["id"] for t in c["tasks"]] for c in page["columns"]}


def _check_answers(answers):
    for answer in answers:
        assert answer.status_code in ANSWERS | {422}, answer.text
        assert answer.status_code != 422 or "itself" in answer.text, answer.text
        # What the unique index alone would have to refuse, the lock has let through.
        assert "contradicts" not in answer.text, answer.text


def _play_at_once(table, given_scripts, rows):
    players = [twin(table.people[n % len(table.people)]) for n in range(len(given_scripts))]
    watcher = twin(table.people[0])
    calls = [lambda p=p, s=s: table.play(p, s) for p, s in zip(players, given_scripts, strict=True)]
    *answers, pages = at_once([*calls, lambda: table.look(watcher, 3)])
    _check_answers(answer for of_one in answers for answer in of_one)
    for page in pages:
        order = _order(page)
        if len(table.boards) == 1:
            assert sorted(task for column in order.values() for task in column) == table.cards
    table.check(rows)


@pytest.mark.timeout(300)
def test_nothing_is_lost_or_doubled_when_people_drag_cards_of_one_board(
    ada, bob, eve, make_project, rows
):
    @by_property
    @given(scripts)
    def play(given_scripts):
        project = make_project(ada, {bob: "MEMBER", eve: "MANAGER"})
        table = Table(project, [ada, bob, eve], [project.board_id])
        _play_at_once(table, given_scripts, rows)

    play()


@pytest.mark.timeout(300)
def test_nobody_waits_in_a_circle_when_many_cards_of_two_boards_change(
    ada, bob, eve, make_project, rows, wrong_counts
):
    @by_property
    @given(mixed_scripts)
    def play(given_scripts):
        project = make_project(ada, {bob: "MEMBER", eve: "MANAGER"})
        table = Table(project, [ada, bob, eve], [project.board_id, project.add_board()])
        _play_at_once(table, given_scripts, rows)

    play()
    assert wrong_counts() == 0


def test_bulk_changes_that_meet_boards_in_opposite_order_both_succeed(ada, bob, make_project, rows):
    project = make_project(ada, {bob: "MEMBER"})
    boards = [project.board_id, project.add_board()]
    hers = [project.task(board=board)["id"] for board in boards for _ in range(20)]
    his = [project.task(board=board)["id"] for board in reversed(boards) for _ in range(20)]

    def change(person, tasks, status):
        body = {"tasks": tasks, "changes": {"status": status}}
        return person.post(f"{TASKS}bulk/", json=body).status_code

    for status in ("TODO", "REVIEW", "BACKLOG", "IN_PROGRESS", "TODO", "REVIEW"):
        calls = [
            lambda p=p, tasks=tasks, status=status: change(twin(p), tasks, status)
            for p, tasks in ((ada, hers), (bob, his))
        ]
        assert at_once(calls) == [200, 200]


def test_two_people_who_drag_one_card_move_it_to_one_place(ada, bob, make_project):
    project = make_project(ada, {bob: "MEMBER"})
    cards = [project.task()["id"] for _ in range(5)]

    def drag(person, after):
        headers = {"If-Match": '"v1"'}
        return person.post(f"{TASKS}{cards[0]}/move/", json={"after": after}, headers=headers)

    answers = at_once(
        [lambda p=p, a=a: drag(twin(p), a) for p, a in ((ada, cards[2]), (bob, cards[4]))]
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert sorted(project.cell(bob, "BACKLOG")) == cards


def test_members_leave_and_projects_go_while_cards_are_dragged(
    ada, bob, eve, make_project, rows, wrong_counts
):
    source = make_project(ada, {bob: "MEMBER", eve: "MEMBER"})
    target = make_project(ada, {bob: "MEMBER", eve: "MEMBER"})
    cards = [source.task(bob, assignee=eve.id)["id"] for _ in range(8)]

    def shuttle(person):
        answers = []
        for card_id in cards:
            for board in (target.board_id, source.board_id):
                path = f"{TASKS}{card_id}/move/"
                answers.append(person.post(path, json={"board": board}))
        return answers

    *answers, _ = at_once(
        [
            lambda: shuttle(twin(bob)),
            lambda: shuttle(twin(ada)),
            lambda: (target.remove(eve), target.delete()),
        ]
    )

    for answer in [each for of_one in answers for each in of_one]:
        assert answer.status_code in (200, 404, 409, 422), answer.text
        assert "contradicts" not in answer.text
    assert wrong_counts() == 0
    left = rows(
        "SELECT count(*) FROM tasks WHERE project_id = :p AND deleted_at IS NULL", p=target.id
    )
    assert left[0][0] == 0
