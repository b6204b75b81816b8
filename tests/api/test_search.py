"""What a search finds, in which order, for whom, and what it shows of it."""

import random

import pytest

TASKS = "/api/v1/tasks/"


def found(person, search, **more):
    answer = person.get(TASKS, query_string={"search": search, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json["count"] == len(answer.json["results"]) or "cursor" in more
    return [task["title"] for task in answer.json["results"]]


@pytest.mark.parametrize(
    "search",
    ["café", "cafe", "CAFE", "caf", "creme", "crème café", '"cafe creme"', "zzz or cafe",
     "cafe -tea", "cafe -crem", "(cafe)", "cafe!!!"],
)  # fmt: skip
def test_a_word_is_found_without_its_accents_by_its_beginning_and_in_phrases(ada, search):
    ada.create_task(title="Café crème", description="for two")
    ada.create_task(title="Tea")

    assert found(ada, search) == ["Café crème"]


@pytest.mark.parametrize(
    "search", ["cafés", "afe", '"creme cafe"', "cafe tea", "cafe -creme", '"cafe crem"']
)
def test_what_is_not_there_is_not_found(ada, search):
    ada.create_task(title="Café crème")
    ada.create_task(title="Tea")

    assert found(ada, search) == []


def test_the_title_counts_for_more_than_the_description_and_that_for_more_than_comments(ada):
    ada.create_task(title="third", description="")
    ada.create_task(title="second", description="all about rockets")
    ada.create_task(title="rockets first")
    third = ada.get(f"{TASKS}?ordering=id").json["results"][0]
    comments = f"{TASKS}{third['id']}/comments/"
    said = ada.post(comments, json={"body": "rockets, too"}).json

    assert found(ada, "rockets") == ["rockets first", "second", "third"]
    assert found(ada, "rockets", ordering="id") == ["third", "second", "rockets first"]
    assert ada.delete(f"/api/v1/comments/{said['id']}/").status_code == 204
    assert found(ada, "rockets") == ["rockets first", "second"]


def test_a_snippet_marks_what_was_found_and_is_inert(ada):
    ada.create_task(
        title="Tom & <b>rocket</b> 1 < 2",
        description='a "quoted" & <img src=x> \ue000rocketry\ue001',
    )

    (task,) = ada.get(f"{TASKS}?search=rocket").json["results"]

    assert "<mark>rocket</mark>" in task["snippet"]
    assert "<mark>rocketry</mark>" in task["snippet"]
    bare = task["snippet"].replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare
    assert ">" not in bare
    assert '"' not in bare
    assert "snippet" not in ada.get(TASKS).json["results"][0]


def test_a_snippet_of_a_comment_shows_the_comment(ada):
    task = ada.create_task(title="plain")
    ada.post(f"{TASKS}{task['id']}/comments/", json={"body": "the rocket is <b>red</b>"})

    (hit,) = ada.get(f"{TASKS}?search=rocket").json["results"]

    assert hit["snippet"].startswith("the <mark>rocket</mark> is")


def test_only_what_one_sees_is_found_and_counted(ada, bob, eve, admin, make_project):
    project = make_project(ada, members={bob: "MEMBER"})
    project.task(title="rocket in the project")
    ada.create_task(title="rocket outside")

    assert sorted(found(bob, "rocket")) == ["rocket in the project"]
    assert found(eve, "rocket") == []
    assert len(found(admin, "rocket")) == len(found(ada, "rocket")) == 2
    project.remove(bob)
    assert found(bob, "rocket") == []


def test_pages_by_relevance_have_no_gap_and_no_repeat(ada):
    chance = random.Random(3)
    for number in range(30):
        words = " ".join(["rocket"] * chance.randint(1, 3) + ["x"] * chance.randint(0, 3))
        ada.create_task(title=f"{number}", description=words)
    whole = found(ada, "rocket", page_size=100)

    paged, url = [], f"{TASKS}?search=rocket&page_size=7"
    while url:
        page = ada.get(url).json
        paged += [task["title"] for task in page["results"]]
        url = page["next"]

    assert paged == whole
    assert len(set(paged)) == 30
    numbered = [
        task["title"]
        for page in range(1, 6)
        for task in ada.get(f"{TASKS}?search=rocket&page_size=7&page={page}").json["results"]
    ]
    assert numbered == whole


def test_a_search_is_combined_with_every_filter_and_order(ada):
    ada.create_task(title="rocket low", priority="LOW", status="TODO")
    ada.create_task(title="rocket high", priority="HIGH", status="TODO")
    ada.create_task(title="rocket done", priority="HIGH", status="DONE")

    assert found(ada, "rocket", status="TODO", ordering="-priority") == [
        "rocket high",
        "rocket low",
    ]
    assert found(ada, "rocket", priority="HIGH", status_not="DONE") == ["rocket high"]


@pytest.mark.parametrize("search", ["", "   ", "-rocket", "!!!", "-", "or", "a or -b", '""', '"!"'])
def test_a_search_for_nothing_is_refused(ada, search):
    answer = ada.get(TASKS, query_string={"search": search})

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["search"]


@pytest.mark.parametrize(
    "search",
    ['"unbalanced', "a & !b:*", "a\\", "a' OR 1=1 --", "(" * 199 + "a", "🚀", "火箭", "x" * 200,
     "a:* | b", "<->", "a <-> b", "'':*", "it's", "foo-bar", "1.5e-7", "http://x.y/z?q=1",
     "a or or b", "ß", "'", "a''b", ":a", "a:", "%", "_", "٣", "é" * 200],
)  # fmt: skip
def test_no_text_breaks_a_search(ada, search):
    ada.create_task(title="rocket")

    assert ada.get(TASKS, query_string={"search": search}).status_code in (200, 422)


def test_a_search_that_is_too_long_is_refused(ada):
    answer = ada.get(TASKS, query_string={"search": "x" * 201})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["search"])
