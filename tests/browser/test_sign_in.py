"""Signing in, registering, and how sessions end, here and in the other window."""

import re

from browsing import assert_accessible
from playwright.sync_api import expect
from tree import PASSWORD

REFUSED = "the server responded with a status of"
ANOTHER = "another long password"


def fill(page, **fields):
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)


def sign_in(page, person, password=PASSWORD):
    fill(page, username=person.username, password=password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_newcomer_registers_and_is_told_what_to_do_first(windows, picture):
    page = windows.open("/", timezone_id="Europe/Berlin")
    expect(page.get_by_role("heading", name="Create your account")).to_be_visible()
    expect(page.get_by_label("Username")).to_be_focused()
    assert_accessible(page)
    picture(page, "door")

    fill(page, username="newcomer", email="newcomer@example.com", password=PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Welcome, newcomer")).to_be_visible()
    expect(page.get_by_role("link", name="Open “Default board”")).to_be_visible()
    assert_accessible(page)
    page.goto("/#preferences")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(page, ada, complaints):
    page.goto("/")
    fill(page, username="me", email="no", password=PASSWORD)
    page.get_by_role("button", name="Create account").click()
    # The browser itself refuses what is no address.
    expect(page.get_by_label("E-mail")).to_be_focused()
    fill(page, email=f"new-{ada.username}@example.com")
    page.get_by_role("button", name="Create account").click()

    expect(page.locator(".field-error")).to_contain_text("must not be me")
    expect(page.get_by_label("Username")).to_be_focused()
    complaints.forgive(f"{REFUSED} 422")
    fill(page, username=ada.username)
    page.get_by_role("button", name="Create account").click()

    expect(page.locator(".field-error")).to_contain_text("is taken")
    expect(page.get_by_label("Password", exact=True)).to_have_value(PASSWORD)
    assert_accessible(page)
    complaints.forgive(f"{REFUSED} 409")


def test_a_password_can_be_looked_at(page):
    page.goto("/")
    password = page.get_by_label("Password", exact=True)
    password.fill("seen")
    expect(password).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show the password").click()
    expect(password).to_have_attribute("type", "text")


def test_who_signs_in_lands_where_a_link_led(page, ada, complaints):
    page.goto("/#projects")
    page.get_by_role("button", name="Sign in instead").click()
    sign_in(page, ada, "a wrong password")
    expect(page.get_by_role("alert")).to_have_text("The username, e-mail or password is wrong.")
    complaints.forgive(f"{REFUSED} 401")

    sign_in(page, ada)

    expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()
    assert "cookie" not in page.evaluate("document.cookie + Object.keys(localStorage)")
    assert page.evaluate("document.cookie") == ""


def test_whoever_signs_in_next_sees_nothing_of_the_one_before(enter, ada, person, complaints):
    bob = person("bob")
    task = ada.create(title="For Ada alone")["id"]
    page = enter(ada, f"#tasks/{task}")
    expect(page.get_by_role("textbox", name="Title")).to_have_value("For Ada alone")
    page.get_by_role("button", name="Close the task").click()
    expect(page.get_by_text("Nothing is waiting for you")).to_be_visible()
    # What is being read while a session ends is refused, and the browser complains of it.
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out", exact=True).click()
    sign_in(page, bob)
    expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()

    page.evaluate(f"location.hash = 'tasks/{task}'")

    expect(page.get_by_text("There is no such task for you")).to_be_visible()
    complaints.forgive(f"{REFUSED} 404")


def test_a_session_that_ends_elsewhere_says_so_and_goes_on_at_the_same_place(
    enter, ada, complaints
):
    page = enter(ada, "#inbox")
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()

    ada.send("POST", "/auth/logout-all/")

    expect(page.locator(".door-note")).to_contain_text("Your session has ended")
    complaints.forgive(f"{REFUSED} 401")
    assert_accessible(page)
    sign_in(page, ada)
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()


def test_a_new_password_ends_other_sessions_and_not_that_of_this_browser(enter, ada, complaints):
    page = enter(ada, "#preferences")
    neighbour = page.context.new_page()
    neighbour.goto("/#inbox")
    elsewhere = enter(ada, "#inbox")
    expect(elsewhere.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    expect(neighbour.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    change = page.get_by_role("button", name="Change password")
    fill(page, current_password="a wrong one", new_password=ANOTHER)
    change.click()
    expect(page.locator(".field-error")).to_have_text("is wrong")
    complaints.forgive(f"{REFUSED} 422")

    fill(page, current_password=PASSWORD, new_password=ANOTHER)
    change.click()

    expect(page.locator(".toast")).to_contain_text("The password is changed")
    expect(elsewhere.locator(".door-note")).to_contain_text("Your session has ended")
    complaints.forgive(f"{REFUSED} 401")
    sign_in(elsewhere, ada, ANOTHER)
    elsewhere.goto("/#projects")
    elsewhere.get_by_role("button", name="New project").click()
    fill(elsewhere, name="Told to both windows")
    elsewhere.keyboard.press("Enter")
    for window in (page, neighbour):
        expect(window.get_by_role("navigation")).to_contain_text("Told to both windows")
    page.reload()
    expect(page.get_by_role("heading", name="Preferences")).to_be_visible()


def test_who_signs_out_is_out_in_every_window_of_the_browser(enter, ada):
    page = enter(ada, "#preferences")
    other = page.context.new_page()
    other.goto("/#inbox")
    expect(other.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    for each in (page, other):  # what is still being read would be refused
        each.wait_for_load_state("networkidle")

    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/#?$"))
    expect(page.locator(".door-note")).to_have_count(0)
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_page_never_acts_for_who_signed_in_in_another_window(enter, person, ada, complaints):
    bob = person("bob")
    page = enter(ada, "#preferences")
    expect(page.get_by_text(f"@{ada.username}")).to_be_visible()

    page.request.post("/session/", data={"username": bob.username, "password": PASSWORD})
    ada.send("POST", "/auth/logout-all/")

    expect(page.get_by_text(f"@{bob.username}")).to_be_visible()
    expect(page.get_by_text(f"@{ada.username}")).to_have_count(0)
    complaints.heard = [line for line in complaints.heard if "401" not in line]
