"""The board and the panel of a task, in the windows of people who work on the same things."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from browsing import WAIT_MS, Complaints, assert_accessible
from playwright.sync_api import Locator, Page, Response, expect
from tree import User

Enter = Callable[..., Page]

expect.set_options(timeout=WAIT_MS)

# The first request that changes something sets out half a second after the page sent it.
DELAY_THE_FIRST = """() => {
  const send = window.fetch;
  window.fetch = async (url, options) => {
    if (options?.method === "POST") {
      window.fetch = send;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return send(url, options);
  };
}"""
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@dataclass
class Ground:
    """A project with one board of the usual columns, and who works on it."""

    ada: User
    bob: User
    project: int
    board: int

    @property
    def place(self) -> str:
        return f"#boards/{self.board}"

    def task(self, title: str, status: str = "TODO", **fields: Any) -> int:
        created = self.ada.create(title=title, board=self.board, status=status, **fields)
        return int(created["id"])

    def limit(self, status: str, most: int) -> None:
        columns = self.ada.send("GET", f"/boards/{self.board}/columns/").json()
        (column,) = (each for each in columns if each["status"] == status)
        path = f"/boards/{self.board}/columns/{column['id']}/"
        assert self.ada.send("PATCH", path, json={"wip_limit": most}).ok


@pytest.fixture
def ground(ada: User, bob: User, project: dict[str, Any], board: dict[str, Any]) -> Ground:
    return Ground(ada, bob, project["id"], board["id"])


def lane(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def cards(page: Page, name: str) -> Locator:
    return lane(page, name).locator(".card-link")


def refusal(answer: Response) -> bool:
    return answer.status == 404


def saved(answer: Response) -> bool:
    return answer.request.method == "PATCH" and answer.ok


def grab(page: Page, title: str) -> None:
    start = page.locator(".card", has_text=title).bounding_box()
    assert start
    page.mouse.move(start["x"] + 40, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 30, steps=3)


def let_go(page: Page, name: str) -> None:
    """Move what is grabbed over the first card of the column `name`, and leave it in the gap."""
    end = lane(page, name).locator(".card").first.bounding_box()
    assert end
    page.mouse.move(end["x"] + 60, end["y"] + 6, steps=10)
    expect(lane(page, name).locator(".card-gap")).to_be_visible()
    page.mouse.up()


def drag(page: Page, title: str, name: str) -> None:
    grab(page, title)
    let_go(page, name)


class Finger:
    """One finger on the screen of a page."""

    def __init__(self, page: Page) -> None:
        self._devtools = page.context.new_cdp_session(page)

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        self._devtools.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})

    def up(self, x: float, y: float, by: float) -> None:
        for step in range(1, 9):
            self.touch("Move", (x, y - by * step / 8))


def test_a_drag_appears_in_the_other_window_and_can_be_undone(ground, enter):
    ground.task("Paint")
    ground.task("Fuel", "IN_PROGRESS")
    hers, his = enter(ground.ada, ground.place), enter(ground.bob, ground.place)
    expect(cards(his, "To do")).to_have_text(["Paint"])
    expect(cards(hers, "To do")).to_have_text(["Paint"])

    drag(hers, "Paint", "In progress")
    expect(cards(hers, "In progress")).to_have_text(["Paint", "Fuel"])
    expect(cards(his, "In progress")).to_have_text(["Paint", "Fuel"])
    expect(cards(his, "To do")).to_have_count(0)

    hers.get_by_role("button", name="Undo").click()
    expect(cards(his, "To do")).to_have_text(["Paint"])
    expect(cards(hers, "To do")).to_have_text(["Paint"])


def test_a_finger_that_moves_scrolls_and_one_that_holds_drags(ground, enter):
    titles = [f"Card {number}" for number in range(12)]
    for title in titles:
        ground.task(title, "BACKLOG")
    hers = enter(ground.ada, ground.place, **PHONE)
    expect(cards(hers, "Backlog")).to_have_text(titles)
    box = lane(hers, "Backlog").locator(".card").nth(2).bounding_box()
    assert box
    x, y, row = box["x"] + 40, box["y"] + 20, box["height"] + 6
    finger, first = Finger(hers), cards(hers, "Backlog").first

    # However busy the machine is, the finger has not been there for long when it begins to move.
    hers.clock.install()
    hers.clock.pause_at(time.time() + 60)
    finger.touch("Start", (x, y))
    finger.up(x, y, by=2.5 * row)
    finger.touch("End")
    expect(first).not_to_be_in_viewport()
    hers.clock.resume()
    expect(cards(hers, "Backlog")).to_have_text(titles)
    first.scroll_into_view_if_needed()

    finger.touch("Start", (x, y))
    expect(hers.locator(".sortable-chosen")).to_be_visible()
    finger.up(x, y, by=2 * row)
    expect(hers.locator(".card-gap:first-child")).to_be_visible()
    finger.touch("End")
    expect(cards(hers, "Backlog")).to_have_text(["Card 2", "Card 0", "Card 1", *titles[3:]])
    expect(hers.get_by_text("moved to Backlog")).to_be_visible()


def test_what_others_do_waits_until_the_card_is_let_go(ground, enter):
    fuel, _ = ground.task("Fuel"), ground.task("Paint")
    ground.task("Test", "REVIEW")
    hers = enter(ground.ada, ground.place)
    expect(cards(hers, "To do")).to_have_text(["Fuel", "Paint"])
    grab(hers, "Paint")
    expect(hers.locator(".card-gap")).to_be_visible()
    ground.ada.send("POST", f"/tasks/{fuel}/move/", json={"status": "DONE"})
    # The page has heard of that when it has heard of what came after.
    ground.ada.send("PATCH", f"/boards/{ground.board}/", json={"name": "Launch"})
    expect(hers.get_by_role("link", name="Launch")).to_be_visible()
    expect(cards(hers, "To do").first).to_have_text("Fuel")
    expect(cards(hers, "Done")).to_have_count(0)

    let_go(hers, "Review")
    expect(cards(hers, "Done")).to_have_text(["Fuel"])
    expect(cards(hers, "Review")).to_have_text(["Paint", "Test"])
    expect(cards(hers, "To do")).to_have_count(0)


def test_a_card_is_carried_by_keyboard_and_each_step_is_said(ground, enter):
    for title in ("Paint", "Fuel"):
        ground.task(title)
    ground.task("Test", "IN_PROGRESS")
    hers, his = enter(ground.ada, ground.place), enter(ground.bob, ground.place)
    said = hers.locator("[aria-live=assertive]")
    expect(cards(his, "To do")).to_have_text(["Paint", "Fuel"])

    hers.get_by_role("link", name="Paint").focus()
    hers.keyboard.press("ArrowDown")
    expect(hers.get_by_role("link", name="Fuel")).to_be_focused()
    hers.keyboard.press("Space")
    expect(said).to_contain_text("picked up")
    hers.keyboard.press("ArrowRight")
    expect(said).to_have_text("In progress, place 2 of 2.")
    hers.keyboard.press("ArrowUp")
    expect(said).to_have_text("In progress, place 1 of 2.")
    hers.keyboard.press("Space")

    expect(cards(his, "In progress")).to_have_text(["Fuel", "Test"])
    expect(hers.get_by_role("link", name="Fuel")).to_be_focused()
    hers.keyboard.press("Space")
    hers.keyboard.press("ArrowLeft")
    hers.keyboard.press("Escape")
    expect(said).to_contain_text("back where it was")
    expect(cards(hers, "In progress")).to_have_text(["Fuel", "Test"])


def test_a_refused_move_goes_back_with_the_reason(ground, enter, complaints: Complaints):
    ground.limit("REVIEW", 1)
    ground.task("Paint")
    ground.task("Fuel", "REVIEW")
    hers, his = enter(ground.ada, ground.place), enter(ground.bob, ground.place)

    for page in (his, hers):
        expect(cards(page, "Review")).to_have_text(["Fuel"])
        drag(page, "Paint", "Review")
        expect(page.get_by_text("Review holds its limit of 1.")).to_be_visible()
        expect(cards(page, "To do")).to_have_text(["Paint"])
    complaints.forgive("409")

    # Who manages the project may exceed the limit.
    expect(his.get_by_role("button", name="Move anyway")).to_have_count(0)
    hers.get_by_role("button", name="Move anyway").click()
    expect(cards(his, "Review")).to_have_text(["Paint", "Fuel"])
    expect(lane(his, "Review")).to_contain_text("2 / 1")


def test_what_happens_while_the_line_is_down_is_there_afterwards(
    ground, enter, complaints: Complaints
):
    paint = ground.task("Paint")
    his = enter(ground.bob, ground.place)
    expect(cards(his, "To do")).to_have_text(["Paint"])

    his.context.set_offline(True)
    expect(his.get_by_text("You are offline")).to_be_visible()
    ground.ada.send("POST", f"/tasks/{paint}/move/", json={"status": "DONE"})
    ground.task("Fuel")
    gone = ground.task("Gone")
    ground.ada.send("DELETE", f"/tasks/{gone}/")
    expect(cards(his, "To do")).to_have_text(["Paint"])
    his.context.set_offline(False)

    expect(cards(his, "Done")).to_have_text(["Paint"])
    expect(cards(his, "To do")).to_have_text(["Fuel"])
    expect(his.get_by_text("You are offline")).to_have_count(0)
    complaints.forgive("ERR_INTERNET_DISCONNECTED")


def test_cards_are_added_one_after_the_other(ground, enter):
    hers, his = enter(ground.ada, ground.place), enter(ground.bob, ground.place)
    expect(lane(hers, "Backlog")).to_be_visible()
    hers.keyboard.press("c")
    field = hers.get_by_label("Title of a new card in Backlog")
    expect(field).to_be_focused()
    hers.evaluate(DELAY_THE_FIRST)
    for title in ("Paint", "Fuel"):
        hers.keyboard.type(title)
        hers.keyboard.press("Enter")
    expect(cards(hers, "Backlog")).to_have_text(["Paint", "Fuel"])
    expect(cards(his, "Backlog")).to_have_text(["Paint", "Fuel"])
    expect(field).to_be_focused()
    hers.keyboard.press("Escape")
    expect(field).to_have_count(0)


def test_a_filter_is_part_of_the_address(ground, enter):
    ground.task("Paint", assignee=ground.bob.id)
    ground.task("Fuel", priority="CRITICAL")
    ground.task("Late", due_date="2020-01-01", assignee=ground.bob.id)
    his = enter(ground.bob, ground.place)
    expect(cards(his, "To do")).to_have_text(["Paint", "Fuel", "Late"])

    his.keyboard.press("m")
    expect(cards(his, "To do")).to_have_text(["Paint", "Late"])
    his.get_by_label("Due date").select_option("Overdue")
    expect(cards(his, "To do")).to_have_text(["Late"])
    expect(his.get_by_text("1 of 3 cards")).to_be_visible()
    address = his.evaluate("location.hash")

    other = enter(ground.bob, address)
    expect(cards(other, "To do")).to_have_text(["Late"])
    other.get_by_role("button", name="Clear").click()
    expect(cards(other, "To do")).to_have_count(3)
    other.keyboard.press("/")
    other.keyboard.type("fue")
    expect(cards(other, "To do")).to_have_text(["Fuel"])
    other.get_by_label("Priority").select_option("Low")
    expect(other.get_by_text("No card matches")).to_be_visible()


def test_a_long_column_is_read_bit_by_bit(ground, enter):
    first = [ground.task(f"Card {number}") for number in range(52)]
    his = enter(ground.bob, ground.place)
    expect(cards(his, "To do")).to_have_count(50)
    expect(lane(his, "To do")).to_contain_text("52 cards")

    # A card beyond what was read goes where one sees it.
    ground.ada.send("POST", f"/tasks/{first[-1]}/move/", json={"before": first[0]})
    expect(cards(his, "To do").first).to_have_text("Card 51")
    his.get_by_role("button", name="Load more").click()
    expect(cards(his, "To do")).to_have_count(52)
    expect(cards(his, "To do").last).to_have_text("Card 50")
    expect(his.get_by_role("button", name="Load more")).to_have_count(0)


def test_an_archived_project_is_read_only_at_once(ground, enter):
    ground.task("Paint")
    his = enter(ground.bob, ground.place)
    expect(his.get_by_role("button", name="Add a card to To do")).to_be_visible()
    assert ground.ada.send("POST", f"/projects/{ground.project}/archive/").ok
    expect(his.get_by_text("can be read, not changed")).to_be_visible()
    expect(his.get_by_role("button", name="Add a card to To do")).to_have_count(0)
    grab(his, "Paint")
    expect(his.locator(".card-gap")).to_have_count(0)
    his.mouse.up()


def test_who_leaves_the_project_sees_no_board_any_more(ground, enter, complaints: Complaints):
    ground.task("Paint")
    his = enter(ground.bob, ground.place)
    expect(cards(his, "To do")).to_have_text(["Paint"])
    with his.expect_response(refusal):
        ground.ada.send("DELETE", f"/projects/{ground.project}/members/{ground.bob.id}/")
    expect(his.get_by_text("There is no such board for you")).to_be_visible()
    # What else it asks for is refused as well, now or in a while.
    his.goto("about:blank")
    complaints.forgive("404")


def test_people_on_the_board_see_each_other_and_who_writes(ground, enter):
    ground.task("Paint")
    hers, his = enter(ground.ada, ground.place), enter(ground.bob, ground.place)
    expect(hers.get_by_role("group", name=f"Also here: {ground.bob.username}")).to_be_visible()
    for page in (hers, his):
        page.get_by_role("link", name="Paint").click()
    his.get_by_label("Write a comment").press_sequentially("Well")
    expect(hers.get_by_text(f"{ground.bob.username} is typing")).to_be_visible()
    his.goto("/#inbox")
    expect(hers.get_by_role("group", name=f"Also here: {ground.bob.username}")).to_have_count(0)


def test_a_task_is_changed_and_talked_about_while_the_other_looks(ground, enter):
    task = ground.task("Paint")
    hers, his = enter(ground.ada, f"#tasks/{task}"), enter(ground.bob, f"#tasks/{task}")
    title = hers.get_by_label("Title")
    title.fill("Paint the rocket")
    title.press("Enter")
    expect(his.get_by_label("Title")).to_have_value("Paint the rocket")
    # The board is behind the task that was opened by its link.
    expect(cards(his, "To do")).to_have_text(["Paint the rocket"])

    hers.get_by_role("button", name="Status: To do").click()
    hers.get_by_role("menuitemradio", name="Done").click()
    expect(his.get_by_role("button", name="Status: Done")).to_be_visible()
    his.get_by_role("button", name="Status: Done").click()
    cancelled = his.get_by_role("menuitemradio", name="Cancelled")
    expect(cancelled).to_contain_text("reopen it first")
    expect(cancelled).to_have_attribute("aria-disabled", "true")
    his.keyboard.press("Escape")

    hers.get_by_role("button", name="None").click()
    hers.get_by_label("Day").fill("2030-12-24")
    hers.get_by_role("button", name="Set", exact=True).click()
    expect(his.get_by_text(re.compile(r"Dec 24, 2030$"))).not_to_have_count(0)

    comment = hers.get_by_label("Write a comment")
    comment.press_sequentially("See https://example.com/a, @bo")
    hers.keyboard.press("Enter")
    expect(comment).to_have_value(f"See https://example.com/a, @{ground.bob.username} ")
    hers.keyboard.press("Control+Enter")
    expect(his.get_by_role("link", name="https://example.com/a")).to_have_attribute(
        "rel", re.compile("noopener")
    )
    his.get_by_role("button", name="Reply").click()
    his.keyboard.type("Seen")
    his.keyboard.press("Control+Enter")
    expect(hers.get_by_role("article")).to_have_count(2)
    hers.get_by_role("tab", name="History").click()
    expect(hers.locator(".entries")).to_contain_text("moved this from To do to Done")


def test_two_who_change_the_same_are_asked(ground, enter, complaints: Complaints):
    task = ground.task("Paint")
    his = enter(ground.bob, f"#tasks/{task}")
    title = his.get_by_label("Title")
    title.focus()
    his.keyboard.press("End")
    his.keyboard.type(" it")
    # Another field that somebody changes is no conflict.
    ground.ada.send("PATCH", f"/tasks/{task}/", json={"priority": "LOW"})
    expect(his.get_by_role("button", name="Priority: Low")).to_be_visible()
    # Shown at once; only when it is saved, what Ada does next is a change of that.
    with his.expect_response(saved):
        his.keyboard.press("Enter")
        expect(cards(his, "To do")).to_have_text(["Paint it"])

    title.focus()
    his.keyboard.type("Now: ")
    ground.ada.send("PATCH", f"/tasks/{task}/", json={"title": "Hers"})
    expect(cards(his, "To do")).to_have_text(["Hers"])
    his.keyboard.press("Enter")
    expect(his.get_by_role("dialog")).to_contain_text("Hers")
    his.get_by_role("button", name="Keep mine").click()
    expect(cards(his, "To do")).to_have_text([re.compile("Now:$")])
    complaints.forgive("412")


def test_a_deleted_task_is_gone_for_who_looks_at_it_and_can_be_brought_back(
    ground, enter, complaints: Complaints
):
    task = ground.task("Paint")
    hers, his = enter(ground.ada, ground.place), enter(ground.bob, f"#tasks/{task}")
    expect(his.get_by_label("Title")).to_have_value("Paint")
    hers.get_by_role("link", name="Paint").click()
    hers.get_by_role("button", name="More", exact=True).click()
    with his.expect_response(refusal):
        hers.get_by_role("menuitem", name="Delete").click()
    expect(his.get_by_text("This task is gone")).to_be_visible()
    complaints.forgive("404")
    expect(hers.get_by_role("complementary", name="Task Paint")).to_have_count(0)
    hers.get_by_role("button", name="Undo").click()
    expect(his.get_by_label("Title")).to_have_value("Paint")


def test_the_focus_comes_into_the_panel_and_goes_back_to_the_card(ground, enter):
    ground.task("Paint")
    hers = enter(ground.ada, ground.place)
    card = hers.get_by_role("link", name="Paint")
    card.focus()
    hers.keyboard.press("Enter")
    expect(hers.get_by_role("complementary", name="Task Paint")).to_be_focused()
    hers.keyboard.press("Escape")
    expect(card).to_be_focused()


def test_a_card_tells_how_many_comments_it_has_in_every_window(ground, enter):
    task = ground.task("Paint")
    hers, his = enter(ground.ada, ground.place), enter(ground.bob, ground.place)
    expect(cards(his, "To do")).to_have_text(["Paint"])
    expect(his.locator(".card-comments")).to_have_count(0)
    remarks = f"/tasks/{task}/comments/"
    first = ground.ada.send("POST", remarks, json={"body": "Mind the wet paint"}).json()
    for page in (hers, his):
        expect(page.locator(".card-comments")).to_contain_text("1 comment")

    ground.ada.send("PATCH", f"/tasks/{task}/", json={"title": "Paint it"})
    expect(cards(his, "To do")).to_have_text(["Paint it"])
    ground.bob.send("POST", remarks, json={"body": "I do"})
    expect(his.locator(".card-comments")).to_contain_text("2 comments")
    ground.ada.send("DELETE", f"/comments/{first['id']}/")
    expect(his.locator(".card-comments")).to_contain_text("1 comment")
    his.reload()
    expect(his.locator(".card-comments")).to_contain_text("1 comment")


def test_a_task_that_cannot_be_seen_is_told_so(ground, enter, complaints: Complaints):
    his = enter(ground.bob, "#tasks/999999999")
    expect(his.get_by_text("There is no such task for you")).to_be_visible()
    complaints.forgive("404")


def test_what_people_write_stays_text(ground, enter):
    task = ground.task("<img src=x onerror=alert(1)>", description="javascript:alert(1) <b>")
    body = {"body": "[x](javascript:alert(1)) <script>alert(1)</script>"}
    ground.ada.send("POST", f"/tasks/{task}/comments/", json=body)
    his = enter(ground.bob, f"#tasks/{task}")
    expect(his.get_by_role("article")).to_contain_text("<script>alert(1)</script>")
    expect(his.locator(".prose a")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_board_and_the_panel_are_accessible(ground, enter, picture, theme, width):
    ground.limit("TODO", 2)
    task = ground.task("Paint the rocket", priority="CRITICAL", assignee=ground.bob.id)
    ground.task("Fuel", due_date="2020-01-01")
    ground.ada.send("POST", f"/tasks/{task}/comments/", json={"body": "@nobody see http://a.b"})
    his = enter(
        ground.bob,
        ground.place,
        color_scheme=theme,
        viewport={"width": width, "height": 844},
        reduced_motion="reduce",
    )
    expect(cards(his, "To do")).to_have_count(2)
    assert_accessible(his)
    picture(his, f"board-{theme}-{width}")
    his.get_by_role("link", name="Paint the rocket").click()
    expect(his.get_by_role("article")).to_be_visible()
    assert_accessible(his)
    picture(his, f"task-{theme}-{width}")
