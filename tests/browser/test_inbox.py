"""The inbox: what it says, marks that all windows share, and the way by keyboard."""

import re

import pytest
from browsing import assert_accessible
from playwright.sync_api import expect


@pytest.fixture
def task(ada, bob, board):
    """A task that Ada gave to Bob, changed, and wrote about to him."""
    made = ada.create(title="Prune the trees", board=board["id"], assignee=bob.id)
    path = f"/tasks/{made['id']}/"
    ada.send("PATCH", path, json={"status": "IN_PROGRESS", "due_date": "2027-03-31"})
    ada.send("POST", f"{path}comments/", json={"body": f"Soon, @{bob.username}"})
    return made


def lines(page):
    return page.locator(".notice")


def unread(page):
    return page.locator(".notice.unread")


def test_each_notification_says_what_happened_and_opens_it(enter, ada, bob, task, picture):
    page = enter(bob, "#inbox")

    expect(lines(page)).to_have_count(4)
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    expect(lines(page).nth(0)).to_contain_text(f"{ada.username} mentioned you: Prune the trees")
    changes = "status: Backlog → In progress; due date: none → "
    expect(lines(page).nth(1)).to_contain_text(changes)
    expect(lines(page).nth(2)).to_contain_text(f"{ada.username} assigned you: Prune the trees")
    expect(lines(page).nth(3)).to_contain_text("added you to the project: Orchard")
    expect(page.get_by_role("link", name="Inbox")).to_contain_text("4")
    assert_accessible(page)
    picture(page, "inbox")

    lines(page).first.get_by_role("link").click()
    expect(page).to_have_url(re.compile(rf"#tasks/{task['id']}$"))
    expect(page.get_by_role("navigation").get_by_role("link", name="Inbox")).to_contain_text("3")


def test_marks_are_the_same_in_every_window_and_by_keyboard(enter, ada, bob, task):
    page, other = enter(bob, "#inbox"), enter(bob, "#inbox")
    expect(unread(page)).to_have_count(4)
    expect(unread(other)).to_have_count(4)

    for key in "jje":
        page.keyboard.press(key)

    expect(lines(page).nth(1)).not_to_have_class(re.compile("unread"))
    expect(unread(other)).to_have_count(3)
    page.keyboard.press("e")
    expect(unread(other)).to_have_count(4)
    ada.create(title="Water them", board=task["board"], assignee=bob.id)
    for window in (page, other):
        expect(unread(window)).to_have_count(5)
        expect(lines(window).first).to_contain_text("Water them")

    other.get_by_role("button", name="Mark all read").click()
    expect(unread(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Mark all read")).to_be_disabled()
    page.get_by_role("button", name="Unread", exact=True).click()
    expect(page.get_by_role("heading", name="All read")).to_be_visible()


def test_older_ones_come_when_they_are_asked_for(enter, ada, bob, board):
    for number in range(21):
        ada.create(title=f"Tree {number}", board=board["id"], assignee=bob.id)
    page = enter(bob, "#inbox")
    expect(page.get_by_role("link", name="Inbox")).to_contain_text("22")
    page.reload()
    expect(lines(page)).to_have_count(20)

    page.get_by_role("button", name="Show older ones").click()

    expect(lines(page)).to_have_count(22)
    expect(page.get_by_role("button", name="Show older ones")).to_have_count(0)


def test_an_empty_inbox_says_what_will_be_there(enter, ada):
    page = enter(ada, "#inbox")

    expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
    assert_accessible(page)
