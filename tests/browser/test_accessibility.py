"""Every page for everybody: axe finds nothing serious, and a phone shows all of its width."""

import pytest
from browsing import assert_accessible
from playwright.sync_api import expect

DESK = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}


@pytest.fixture
def places(ada, bob, project, board):
    """Ada, and her pages with what stands on each."""
    on_board = {"board": board["id"], "status": "TODO"}
    long = "An-unusually-long-word-that-does-not-fit-anywhere-and-has-to-be-broken-or-cut " * 3
    task = ada.create(
        title="Prune", **on_board, assignee="me", priority="CRITICAL", due_date="2026-01-01"
    )
    ada.create(title=long, **on_board, description=long)
    remark = {"body": f"@{ada.username} which of them? {long}"}
    bob.send("POST", f"/tasks/{task['id']}/comments/", json=remark).raise_for_status()
    return ada, {
        "projects": "Orchard",
        f"projects/{project['id']}": "Orchard",
        f"boards/{board['id']}": "Prune",
        f"tasks/{task['id']}": "which of them?",
        "tasks?view=all": "Prune",
        "inbox": "Prune",
        "reports": "By priority",
        "preferences": "Time zone",
        "nowhere": "There is no such page",
    }


def show(page, place, sign):
    page.evaluate("place => { location.hash = place }", place)
    expect(page.locator("#main, .task-panel").get_by_text(sign).first).to_be_attached()
    expect(page.locator(".skeleton")).to_have_count(0)


def assert_fits(page, window):
    """Nothing is to be scrolled sideways: a phone would show all of it smaller instead."""
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= window["viewport"]["width"], f"{page.url} is {width} px wide"


@pytest.mark.parametrize("window", [DESK, PHONE], ids=["desk-light", "phone-dark"])
def test_every_page_is_accessible_and_none_is_too_wide(enter, places, window):
    ada, pages = places
    page = enter(ada, **window, reduced_motion="reduce")
    for place, sign in pages.items():
        show(page, place, sign)
        assert_accessible(page)
        assert_fits(page, window)


def test_what_opens_over_a_page_is_accessible(enter, places):
    ada, _ = places
    page = enter(ada, "#tasks?view=all", **DESK, reduced_motion="reduce")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search tasks").fill("prune")
    expect(page.get_by_role("option", name="Prune")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_label("Choose all that are shown").check()
    page.get_by_role("button", name="Set the status").click()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Filter", exact=True).click()
    assert_accessible(page)


def test_signing_in_fits_on_a_phone(windows):
    page = windows.open("/", **PHONE)
    expect(page.get_by_role("heading").first).to_be_visible()
    assert_accessible(page)
    assert_fits(page, PHONE)
