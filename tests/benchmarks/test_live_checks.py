"""What is said of the sockets is checked by functions that find what is wrong."""

import math

import pytest

from benchmarks.live import plan
from benchmarks.live.checks import JOINED, LEFT, Entry, Log, Reader, Verdict, percentile
from benchmarks.live.clients import Heard
from benchmarks.live.dialects import RAW, SOCKETIO, Kind
from benchmarks.live.plan import Plan
from benchmarks.live.resuming import ResumingClient

ADA, BOB = Reader(1, frozenset({"project:1"})), Reader(2, frozenset())


def entry(position, stream="project:1", *, seq=0, kind="task.updated", tells=True, **more):
    at = float(position * 10)
    return Entry(position, stream, seq or position, f"e{position}", kind, tells, at, **more)


def moved(position, kind, person, *, project="project:1"):
    """Somebody joins or leaves: it is in the project's stream and in the person's."""
    about = {"kind": kind, "project": project, "person": person}
    return [entry(position, stream, **about) for stream in (project, f"user:{person}")]


def heard(of, **changed):
    return Heard(of.stream, of.seq, of.event, of.tells, of.at + 0.1)._replace(**changed)


def wrong(messages, log, reader=ADA, *, grace=0.0, across=True):
    verdict = Verdict.none()
    verdict.judge(messages, log.rights(reader, grace), reader.own, across=across)
    return {name: count for name, count in verdict.wrong.items() if count}


THREE = [entry(1), entry(2), entry(3)]


def test_everything_once_and_in_order_is_right():
    messages = [heard(each) for each in THREE]

    assert wrong(messages, Log(THREE)) == {}


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ([0, 2], {"missing": 1}),
        ([], {"missing": 3}),
        ([0, 1, 1, 2], {"doubled": 1}),
        ([1, 0, 2], {"out of order": 1}),
    ],
)
def test_what_is_missing_doubled_or_overtaken_is_found(order, found):
    messages = [heard(THREE[number]) for number in order]

    assert wrong(messages, Log(THREE)) == found


def test_the_order_of_two_streams_counts_only_where_it_is_asked_for():
    log = [entry(1), entry(2, "user:1")]
    messages = [heard(log[1]), heard(log[0])]

    assert wrong(messages, Log(log)) == {"out of order": 1}
    assert wrong(messages, Log(log), across=False) == {}


def test_what_a_stranger_hears_is_a_leak():
    assert wrong([heard(THREE[0])], Log(THREE), BOB) == {"leaked": 1}


def test_what_is_not_in_the_log_or_has_another_number_is_a_leak():
    messages = [heard(each) for each in THREE]
    invented = heard(THREE[0], event="e9")

    assert wrong([*messages, invented], Log(THREE)) == {"leaked": 1}
    assert wrong([*messages[:2], heard(THREE[2], seq=9)], Log(THREE)) == {"leaked": 1, "missing": 1}


def test_content_where_only_a_removal_may_be_told_is_a_leak():
    moved_away = entry(1, tells=False)

    assert wrong([heard(moved_away)], Log([moved_away])) == {}
    assert wrong([heard(moved_away, tells=True)], Log([moved_away])) == {"leaked": 1, "missing": 1}


def test_a_notification_is_for_one_person():
    own = Heard("user:1", None, "", True, 1.0)

    assert wrong([own], Log([])) == {}
    assert wrong([own], Log([]), BOB) == {"leaked": 1}


def test_who_leaves_must_hear_nothing_more_and_is_told_so_in_the_own_stream():
    log = [entry(1), *moved(2, LEFT, 1), entry(3)]
    messages = [heard(log[0]), heard(log[2])]

    assert wrong(messages, Log(log)) == {}
    assert wrong([*messages, heard(log[3])], Log(log)) == {"leaked": 1}
    assert wrong([*messages, heard(log[1])], Log(log)) == {"leaked": 1}


def test_what_came_shortly_before_a_removal_may_be_heard_or_not():
    log = [entry(1), entry(2), *moved(3, LEFT, 1)]
    messages = [heard(log[0]), heard(log[3])]

    assert wrong(messages, Log(log), grace=15) == {}
    assert wrong(messages, Log(log), grace=5) == {"missing": 1}
    assert wrong([messages[0], heard(log[1]), messages[1]], Log(log), grace=15) == {}


def test_who_joins_must_hear_everything_from_then_on():
    log = [entry(1), *moved(2, JOINED, 2), entry(3), *moved(4, LEFT, 2), entry(5)]
    messages = [heard(log[number]) for number in (1, 2, 3, 5)]

    assert wrong(messages, Log(log), BOB) == {}
    assert wrong(messages[1:], Log(log), BOB) == {"missing": 1}
    assert wrong([*messages, heard(log[6])], Log(log), BOB) == {"leaked": 1}


def test_who_has_to_subscribe_first_need_not_hear_of_other_things_than_tasks():
    log = [*moved(1, JOINED, 2), entry(2, kind="comment.created"), entry(3)]
    reader = Reader(2, frozenset(), joins_fully=False)

    assert wrong([heard(log[1]), heard(log[3])], Log(log), reader) == {}
    assert wrong([heard(log[1])], Log(log), reader) == {"missing": 1}


def test_a_verdict_counts_what_was_expected_and_how_long_it_took():
    verdict, log = Verdict.none(), Log(THREE)
    verdict.judge([heard(each) for each in THREE], log.rights(ADA, 0), ADA.own, across=True)

    assert verdict.expected == 3
    assert all(math.isclose(delay, 0.1, abs_tol=1e-6) for delay in verdict.delays)


@pytest.mark.parametrize(("share", "value"), [(0, 1), (0.5, 51), (0.99, 100), (1, 100)])
def test_percentiles(share, value):
    assert percentile(range(1, 101), share) == value
    assert percentile([], share) == 0


def test_every_step_of_a_plan_is_possible_after_those_before_it():
    drawn = Plan(100, seed=5)
    members = {project: drawn.members(project) for project in range(drawn.projects)}
    places = [task % drawn.projects for task in range(drawn.tasks)]

    for step in drawn.draw(3000):
        if step.kind == plan.REMOVE:
            members[step.project].remove(step.person)
        elif step.kind == plan.ADD:
            assert step.person not in members[step.project]
            members[step.project].add(step.person)
        elif step.kind == plan.MOVE:
            assert places[step.task] != step.project
            places[step.task] = step.project

    assert members == {project: drawn.members(project) for project in members}
    assert all(members.values())


def test_a_plan_is_the_same_again_and_does_everything():
    drawn = Plan(100, seed=5).draw(1000)

    assert drawn == Plan(100, seed=5).draw(1000)
    assert {step.kind for step in drawn} == plan.SHARES.keys()
    assert plan.ADD not in {step.kind for step in Plan(100, seed=5, joins=False).draw(1000)}


@pytest.mark.parametrize(
    ("dialect", "text", "kind"),
    [
        (RAW, '{"subscribed": "user:1", "head": 1, "resync_required": false}', Kind.ANSWER),
        (RAW, '{"error": "no"}', Kind.ANSWER),
        (RAW, '{"action": "head", "heads": {"user:1": 4}}', Kind.HEADS),
        (RAW, '{"task_id": 1, "stream": "user:1", "seq": 1}', Kind.MESSAGE),
        (RAW, '{"connected": "user:1"}', Kind.OTHER),
        (SOCKETIO, "2", Kind.PING),
        (SOCKETIO, '40{"sid": "x"}', Kind.READY),
        (SOCKETIO, '430[{"head": 1, "resync_required": false}]', Kind.ANSWER),
        (SOCKETIO, '42["head", {"action": "head", "heads": {"user:1": 4}}]', Kind.HEADS),
        (
            SOCKETIO,
            '42["task.updated", {"stream": "user:1", "seq": 1}]',
            Kind.MESSAGE,
        ),
        (SOCKETIO, '0{"sid": "x"}', Kind.OTHER),
    ],
)
def test_both_kinds_of_socket_are_understood(dialect, text, kind):
    assert dialect.read(text).kind is kind


def test_what_a_resuming_client_keeps_has_no_gap_and_no_repetition():
    client = ResumingClient(0, 1, "", RAW)
    client.known = {"project:1": 0}
    client._asked = {"project:1"}

    for seq in (3, 1, 2, 2, 3, 4):
        client.take(Heard("project:1", seq, f"e{seq}", True, 0.0))

    kept = [each.seq for each in client.heard]
    assert kept == [1, 2, 3, 4]
    assert client.met == {"messages that came again": 1}
