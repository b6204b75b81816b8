"""The resuming code of the guide, in both languages: the same steps lead to the same calls."""

import runpy
from typing import Any

import pytest

Step = tuple[str, Any]

RUN = """
async ({ name, steps, fails }) => {
    const { Resume } = await import('/resume.js');
    const calls = [];
    const resume = new Resume(name, {
        ask: (asked, lastSeq) => calls.push(['ask', asked, structuredClone(lastSeq ?? null)]),
        read: async () => {
            calls.push(['read']);
            if (fails && fails--) throw new Error('no network');
        },
        hear: (message) => calls.push(['hear', message.stream, message.seq]),
    });
    for (const [method, given] of steps) {
        resume[method](given);
        await resume.work;
    }
    return calls;
}
"""


def answered(head: int, stream: str = "project:3", *, too_late: bool = False) -> Step:
    return ("answer", {"stream": stream, "head": head, "resync_required": too_late})


def answered_mine(**heads: int) -> Step:
    named = {name.replace("_", ":"): head for name, head in heads.items()}
    return ("answer", {"heads": named, "resync_required": False})


def message(seq: int, stream: str = "project:3") -> Step:
    return ("message", {"stream": stream, "seq": seq})


def beacon(**heads: int) -> Step:
    return ("beacon", {name.replace("_", ":"): head for name, head in heads.items()})


SUBSCRIBE: Step = ("subscribe", None)
WHOLE, PART, OTHER = "project:3", "board:7", "project:4"

CASES: dict[str, tuple[str, list[Step], list[list[Any]]]] = {
    "what comes twice is taken once": (
        WHOLE,
        [SUBSCRIBE, answered(5), message(6), message(6), message(5), message(7)],
        [["ask", WHOLE, None], ["read"], ["hear", WHOLE, 6], ["hear", WHOLE, 7]],
    ),
    "after a reconnect it asks from where it was, and takes only what follows the answer": (
        PART,
        [SUBSCRIBE, answered(5), message(8), SUBSCRIBE, message(12), answered(12)]
        + [message(seq) for seq in (10, 12, 13)],
        [["ask", PART, None], ["read"], ["hear", WHOLE, 8], ["ask", PART, 8]]
        + [["hear", WHOLE, seq] for seq in (10, 12, 13)],
    ),
    "a gap in a whole stream is filled": (
        WHOLE,
        [SUBSCRIBE, answered(5), message(7), message(8), answered(8)]
        + [message(seq) for seq in (6, 7, 8)],
        [["ask", WHOLE, None], ["read"], ["ask", WHOLE, 5]]
        + [["hear", WHOLE, seq] for seq in (6, 7, 8)],
    ),
    "the beacon shows a gap at the end of a whole stream": (
        WHOLE,
        [SUBSCRIBE, answered(5), beacon(project_3=5), beacon(project_3=6, user_2=9)],
        [["ask", WHOLE, None], ["read"], ["ask", WHOLE, 5]],
    ),
    "the number of a part is that of the beacon": (
        PART,
        [SUBSCRIBE, answered(5), message(9), beacon(project_3=20, user_2=4), SUBSCRIBE],
        [["ask", PART, None], ["read"], ["hear", WHOLE, 9], ["ask", PART, 20]],
    ),
    "a beacon ahead of the answer says nothing": (
        PART,
        [SUBSCRIBE, answered(5), SUBSCRIBE, beacon(project_3=20), SUBSCRIBE],
        [["ask", PART, None], ["read"], ["ask", PART, 5], ["ask", PART, 5]],
    ),
    "who was away for too long reads again": (
        PART,
        [SUBSCRIBE, answered(5), SUBSCRIBE, answered(900, too_late=True), message(7), message(901)],
        [["ask", PART, None], ["read"], ["ask", PART, 5], ["read"], ["hear", WHOLE, 901]],
    ),
    "a task that has moved to another project is read again": (
        "task:12",
        [
            SUBSCRIBE,
            answered(5),
            SUBSCRIBE,
            answered(40, "project:4"),
            message(40, "project:4"),
            message(6),
            message(41, "project:4"),
        ],
        [
            ["ask", "task:12", None],
            ["read"],
            ["ask", "task:12", 5],
            ["read"],
            ["hear", "project:4", 41],
        ],
    ),
    "mine counts in several streams, and takes in those that are new": (
        "mine",
        [
            SUBSCRIBE,
            answered_mine(user_2=5, project_3=17),
            message(6, "user:2"),
            message(20),
            message(8, "project:9"),
            beacon(user_2=6, project_3=25),
            SUBSCRIBE,
        ],
        [
            ["ask", "mine", None],
            ["read"],
            ["hear", "user:2", 6],
            ["hear", WHOLE, 20],
            ["hear", "project:9", 8],
            ["ask", "mine", {"user:2": 6, "project:3": 25, "project:9": 8}],
        ],
    ),
    "mine reads again where a project was joined while away": (
        "mine",
        [SUBSCRIBE, answered_mine(user_2=5), SUBSCRIBE, answered_mine(user_2=6, project_4=30)],
        [["ask", "mine", None], ["read"], ["ask", "mine", {"user:2": 5}], ["read"]],
    ),
    "what has no place in a stream is not about a subscription": (
        "mine",
        [
            SUBSCRIBE,
            answered_mine(user_2=5),
            ("message", {"stream": "user:2", "unread": 3}),
            ("message", {"board": 7, "people": []}),
        ],
        [["ask", "mine", None], ["read"]],
    ),
    "another subscription's messages are left to it": (
        PART,
        [SUBSCRIBE, answered(5), message(9, "user:2")],
        [["ask", PART, None], ["read"]],
    ),
}

FAILING = [SUBSCRIBE, answered(5), SUBSCRIBE, answered(6), message(7)]
"""With a list that cannot be read the first time."""
AFTER_FAILING = [["ask", PART, None], ["read"], ["ask", PART, None], ["read"], ["hear", WHOLE, 7]]


def in_python(folder: Any, name: str, steps: list[Step], *, fails: int = 0) -> list[list[Any]]:
    calls: list[list[Any]] = []
    left = [None] * fails

    def read() -> None:
        calls.append(["read"])
        if left:
            left.pop()
            raise OSError("no network")

    resume = runpy.run_path(str(folder / "resume.py"))["Resume"](
        name,
        lambda asked, last_seq: calls.append(
            ["ask", asked, dict(last_seq) if isinstance(last_seq, dict) else last_seq]
        ),
        read,
        lambda heard: calls.append(["hear", heard["stream"], heard["seq"]]),
    )
    for method, given in steps:
        try:
            getattr(resume, method)(*([] if given is None else [given]))
        except OSError:  # the program's loop connects anew then
            continue
    return calls


@pytest.mark.parametrize("case", CASES)
def test_in_python(files, case):
    name, steps, calls = CASES[case]
    assert in_python(files, name, steps) == calls


def test_in_python_a_list_that_could_not_be_read_is_read_later(files):
    assert in_python(files, PART, FAILING, fails=1) == AFTER_FAILING


@pytest.fixture(scope="module")
def page(chromium, front, files):
    opened = chromium.new_page()
    opened.goto(f"{front.origin}/resume.js")
    yield opened
    opened.close()


@pytest.mark.parametrize("case", CASES)
def test_in_javascript(page, case):
    name, steps, calls = CASES[case]
    assert page.evaluate(RUN, {"name": name, "steps": steps, "fails": 0}) == calls


def test_in_javascript_a_list_that_could_not_be_read_is_read_later(page):
    assert page.evaluate(RUN, {"name": PART, "steps": FAILING, "fails": 1}) == AFTER_FAILING
