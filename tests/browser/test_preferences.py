"""The preferences: kept at once, the same in every window."""

import re

from browsing import assert_accessible
from playwright.sync_api import expect


def test_what_is_chosen_is_kept_and_seen_in_the_other_window(enter, ada, picture):
    page, other = enter(ada, "#preferences"), enter(ada, "#preferences")
    name = "Changed: E-mail"
    expect(other.get_by_role("switch", name=name)).to_be_checked()
    assert_accessible(page)
    picture(page, "preferences")

    page.get_by_role("switch", name=name).click()
    page.get_by_role("switch", name="Send no mail").click()

    expect(other.get_by_role("switch", name=name)).not_to_be_checked()
    expect(other.get_by_label("From")).to_have_value("22:00")
    found = ada.send("GET", "/notifications/preferences/").json()["results"]
    channels = {row["kind"]: row["channels"] for row in found}["changed"]
    assert channels == {"email": False, "inbox": True, "webhook": True}


def test_the_profile_is_changed_and_shows_on_every_page(enter, ada):
    page, other = enter(ada, "#preferences"), enter(ada, "#preferences")
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill("Lovelace")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Save").first.click()

    expect(page.get_by_role("button", name="Your account")).to_contain_text("Ada Lovelace")
    expect(other.get_by_role("button", name="Your account")).to_contain_text("Ada Lovelace")
    expect(other.get_by_text("By the clock of")).to_be_visible()


def test_a_test_mail_tells_what_became_of_it(enter, ada):
    page = enter(ada, "#preferences")
    page.get_by_role("button", name="Send a test mail").click()

    mail = page.get_by_role("region", name="Test mail")
    expect(mail.get_by_role("status")).to_have_text(re.compile("^Sent ?to ada.*@example.com"))
    assert_accessible(page)


def test_the_theme_is_chosen_for_this_browser(enter, ada):
    page = enter(ada, "#preferences")
    page.get_by_role("switch", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert_accessible(page)
    page.reload()
    expect(page.get_by_role("switch", name="Dark theme")).to_be_checked()
