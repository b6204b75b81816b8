"""The palette, the list of all tasks, the reports, and what holds on every page."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tree import wait_until

REFUSED = "the server responded with a status of"


@pytest.fixture
def apples(ada, board):
    """Four tasks of Ada's, of two priorities."""
    names = {"Prune": "LOW", "Graft": "HIGH", "Water": "LOW", "Harvest": "HIGH"}
    return {
        name: ada.create(title=name, priority=priority, board=board["id"], assignee="me")
        for name, priority in names.items()
    }


def titles(page):
    return page.locator(".task-title")


def palette(page):
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search tasks")
    expect(field).to_be_focused()
    return field


def test_the_palette_opens_what_was_typed(enter, ada, project, apples):
    page = enter(ada, "#tasks")
    expect(titles(page)).to_have_count(4)
    field = palette(page)
    field.fill("orch")
    chosen = page.get_by_role("option", name=re.compile("^Orchard"))
    expect(chosen).to_have_attribute("aria-selected", "true")
    field.fill("graft")
    found = page.get_by_role("option", name=re.compile("^Graft"))
    expect(found).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == found.get_attribute("id")
    field.press("Enter")
    expect(page).to_have_url(re.compile(rf"#tasks/{apples['Graft']['id']}$"))
    page.evaluate("location.hash = 'tasks'")
    palette(page)
    expect(page.get_by_role("group", name="Recent").get_by_text("Graft")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_command_of_the_palette_may_take_the_focus(enter, ada, board, apples):
    page = enter(ada, f"#boards/{board['id']}")
    expect(page.locator(".card")).to_have_count(4)
    field = palette(page)
    field.fill("filter the cards")
    field.press("Enter")
    expect(page.get_by_label("Filter the cards by text")).to_be_focused()


def test_a_menu_closes_when_the_focus_or_the_pointer_goes_elsewhere(enter, ada, project):
    page = enter(ada, "#tasks")
    account = page.get_by_role("button", name="Your account")
    menu = page.get_by_role("menu")
    account.click()
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(menu).to_have_count(0)
    account.click()
    page.get_by_role("heading", level=1).click()
    expect(menu).to_have_count(0)
    account.click()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(account).to_be_focused()


def test_the_palette_finds_a_task_by_its_number_and_creates_others(enter, ada, board, apples):
    page = enter(ada, f"#boards/{board['id']}")
    field = palette(page)
    field.fill(f"#{apples['Water']['id']}")
    expect(page.get_by_role("option", name=re.compile("^Water"))).to_be_visible()
    field.fill("Mend the fence")
    last = page.get_by_role("option").last
    expect(last).to_contain_text("Create task “Mend the fence”")
    last.click()
    expect(page).to_have_url(re.compile(r"#tasks/\d+$"))
    created = ada.send("GET", "/tasks/", params={"search": "fence"}).json()["results"][0]
    assert (created["title"], created["board"]) == ("Mend the fence", board["id"])


def test_the_list_offers_to_create_a_task(enter, ada, apples):
    page = enter(ada, "#tasks")
    page.get_by_role("button", name="New task").click()
    page.keyboard.type("Oil the gate")
    page.get_by_role("option", name="Create task “Oil the gate”").click()
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Oil the gate")


def test_the_help_lists_the_shortcuts_of_the_page(enter, ada):
    page = enter(ada, "#tasks")
    expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_.locator(".help-row", has_text="Next task").locator("kbd")).to_have_text("J")
    inbox = help_.locator(".help-row", has_text="Go to the inbox").locator("kbd")
    expect(inbox).to_have_text(["G", "I"])
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page).to_have_url(re.compile("#reports$"))


def test_the_list_is_narrowed_and_the_address_keeps_it(enter, ada, apples):
    page = enter(ada, "#tasks")
    expect(titles(page)).to_have_text(["Harvest", "Water", "Graft", "Prune"])
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("High").check()
    expect(titles(page)).to_have_text(["Harvest", "Graft"])
    page.keyboard.press("Escape")
    page.get_by_label("Order").select_option("title")
    expect(titles(page)).to_have_text(["Graft", "Harvest"])
    page.reload()
    expect(titles(page)).to_have_text(["Graft", "Harvest"])
    page.get_by_role("button", name="Remove the filter Priority").click()
    expect(titles(page)).to_have_text(["Graft", "Harvest", "Prune", "Water"])
    page.get_by_role("searchbox", name="Search in the list").fill("wat")
    expect(titles(page)).to_have_text(["Water"])
    page.get_by_role("searchbox", name="Search in the list").fill("nothing like it")
    page.get_by_role("button", name="Clear search and filters").click()
    expect(titles(page)).to_have_count(4)


def test_a_filter_is_saved_renamed_and_deleted(enter, ada, apples):
    page = enter(ada, "#tasks?priority=HIGH&view=mine")
    menu = page.get_by_role("button", name="Saved filters")
    menu.click()
    page.get_by_role("menuitem", name="Save what is shown…").click()
    page.get_by_label("Name").fill("Pressing")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Pressing")).to_be_visible()
    expect(titles(page)).to_have_text(["Harvest", "Graft"])
    saved = ada.send("GET", "/filters/").json()["results"][0]
    assert saved["query"]["priority"] == "HIGH"
    menu.click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("Soon")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("heading", name="Soon")).to_be_visible()
    menu.click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("#tasks$"))
    assert ada.send("GET", "/filters/").json()["count"] == 0


def choose(page, *names):
    for name in names:
        page.locator(".task-row", has_text=name).get_by_role("checkbox").check()


def test_several_tasks_change_at_once_and_back(enter, ada, apples):
    page = enter(ada, "#tasks")
    choose(page, "Prune", "Graft")
    page.get_by_role("button", name="Set the priority").click()
    page.get_by_role("menuitem", name="Critical").click()
    critical = page.locator(".task-row .task-priority", has_text="Critical")
    expect(critical).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(critical).to_have_count(0)
    now = {each["title"]: each["priority"] for each in ada.send("GET", "/tasks/").json()["results"]}
    assert (now["Prune"], now["Graft"]) == ("LOW", "HIGH")


def test_what_the_service_refuses_of_several_is_told_and_nothing_changes(
    enter, ada, apples, complaints
):
    ada.send("PATCH", f"/tasks/{apples['Prune']['id']}/", json={"status": "CANCELLED"})
    page = enter(ada, "#tasks?view=all")
    choose(page, "Prune", "Graft")
    page.get_by_role("button", name="Set the status").click()
    page.get_by_role("menuitem", name="Done").click()
    told = page.get_by_role("region", name="Chosen tasks").get_by_role("alert")
    expect(told).to_contain_text(f"Task {apples['Prune']['id']}")
    expect(told).to_contain_text("Nothing was changed.")
    assert ada.send("GET", f"/tasks/{apples['Graft']['id']}/").json()["status"] == "BACKLOG"
    complaints.forgive(REFUSED)


def test_several_tasks_are_deleted_and_restored(enter, ada, apples):
    page = enter(ada, "#tasks")
    choose(page, "Prune", "Graft")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(titles(page)).to_have_text(["Harvest", "Water"])
    page.get_by_role("button", name="Undo").click()
    expect(titles(page)).to_have_text(["Harvest", "Water", "Graft", "Prune"])


def test_the_list_is_worked_by_keyboard(enter, ada, apples):
    page = enter(ada, "#tasks")
    expect(titles(page)).to_have_count(4)
    for key in ("j", "x", "j", "j", "Shift+X", "k"):
        page.keyboard.press(key)
    expect(page.get_by_role("region", name="Chosen tasks")).to_contain_text("3 chosen")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"#tasks/{apples['Water']['id']}$"))


def test_changes_of_others_appear_in_place_and_new_tasks_are_announced(
    enter, ada, bob, board, apples
):
    page = enter(ada, "#tasks")
    expect(titles(page)).to_have_count(4)
    # A list that was read before the line stood is read once more.
    page.wait_for_load_state("networkidle")
    changed = {"title": "Graft at night", "status": "REVIEW"}
    bob.send("PATCH", f"/tasks/{apples['Graft']['id']}/", json=changed)
    row = page.locator(".task-row").nth(2)
    expect(row).to_contain_text("Graft at night")
    expect(row).to_contain_text("Review")
    bob.create(title="Press", board=board["id"], assignee=ada.username)
    bob.create(title="Not Ada's", board=board["id"])
    expect(page.get_by_text("A task has come in")).to_be_visible()
    expect(titles(page)).to_have_count(4)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(titles(page).first).to_have_text("Press")


def test_the_list_reads_on_as_one_scrolls(enter, ada, site):
    for number in range(55):
        ada.create(title=f"Row {number}")
    page = enter(ada, "#tasks?view=all")
    expect(page.locator(".tasks-count")).to_have_text("55 tasks")
    titles(page).last.scroll_into_view_if_needed()
    expect(titles(page)).to_have_count(55)
    expect(titles(page).last).to_have_text("Row 0")


def test_what_is_shown_is_exported(enter, ada, apples):
    page = enter(ada, "#tasks?priority=HIGH&view=all")
    expect(titles(page)).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 3
    assert download.value.suggested_filename.endswith(".csv")


def test_an_address_that_the_service_refuses_says_why(enter, ada, complaints):
    page = enter(ada, "#tasks?view=all&colour=red")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("There is no such parameter")
    page.get_by_role("link", name="Show your own tasks").click()
    expect(page.get_by_role("heading", name="Nothing is waiting for you")).to_be_visible()
    complaints.forgive(REFUSED)


def test_the_charts_are_drawn_and_their_tables_tell_the_same(enter, ada, apples):
    page = enter(ada, "#reports")
    chart = page.get_by_role("img", name="By priority: Critical 0, High 2, Medium 0, Low 2")
    expect(chart).to_be_visible()
    drawn = (
        "[...document.querySelectorAll('canvas')].every((each) =>"
        " each.getContext('2d').getImageData(0, 0, each.width, each.height).data.some(Boolean))"
    )
    wait_until(lambda: page.evaluate(drawn), what="drawing the charts")
    section = page.locator(".chart", has_text="By priority")
    section.get_by_text("As a table").click()
    expect(section.get_by_role("row", name="High 2")).to_be_visible()
    expect(page.locator(".number", has_text="Tasks").locator("dd")).to_have_text("4")


def test_what_was_created_and_completed_is_told_over_the_time_that_is_chosen(enter, person):
    eve = person("eve")
    page = enter(eve, "#reports")
    expect(page.get_by_role("heading", name="Nothing happened in this time")).to_be_visible()
    eve.create(title="Old", created_at=str(datetime.now(UTC).date() - timedelta(days=60)))
    done = eve.create(title="New")
    eve.send("PATCH", f"/tasks/{done['id']}/", json={"status": "DONE"})
    page.get_by_role("button", name="Read the numbers again").click()
    said = "Created and completed: 1 created and 1 completed in 30 days"
    expect(page.get_by_role("img", name=said)).to_be_visible()

    page.get_by_label("Period").select_option("Last 90 days")
    chart = page.get_by_role("img", name="Created and completed: 2 created and 1 completed in 1")
    expect(chart).to_be_visible()
    section = page.locator(".chart", has_text="Created and completed")
    section.get_by_text("As a table").click()
    expect(section.get_by_role("columnheader")).to_have_text(["Week from", "Created", "Completed"])
    expect(section.get_by_role("row").last.get_by_role("cell")).to_have_text(["1", "1"])


def test_a_report_is_made_downloaded_and_deleted(enter, ada, apples):
    page = enter(ada, "#reports")
    expect(page.get_by_role("img").first).to_be_visible()
    page.get_by_role("button", name="New report").first.click()
    page.get_by_label("Format").select_option("csv")
    page.get_by_label("Title").fill("Autumn")
    page.get_by_role("button", name="Create", exact=True).click()
    row = page.locator(".report-row", has_text="Autumn")
    expect(row).to_contain_text("Ready")
    with page.expect_download() as download:
        row.get_by_role("button", name="Download Autumn").click()
    assert len(download.value.path().read_text().splitlines()) == 5
    row.get_by_role("button", name="Delete Autumn").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No reports yet")).to_be_visible()


def test_the_theme_is_kept(enter, ada):
    page = enter(ada, "#tasks", color_scheme="light")
    field = palette(page)
    field.fill("light and dark")
    field.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_while_offline_the_page_says_so_and_loses_nothing(enter, ada, apples, complaints):
    page = enter(ada, "#tasks")
    expect(titles(page)).to_have_count(4)
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.get_by_text("You are offline.")).to_be_visible()
    choose(page, "Prune")
    page.get_by_role("button", name="Set the priority").click()
    page.get_by_role("menuitem", name="Critical").click()
    told = page.get_by_role("region", name="Chosen tasks").get_by_role("alert")
    expect(told).to_contain_text("The service did not answer.")
    expect(titles(page)).to_have_count(4)
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline.")).to_have_count(0)
    page.get_by_role("button", name="Set the priority").click()
    page.get_by_role("menuitem", name="Critical").click()
    expect(page.locator(".task-row .task-priority", has_text="Critical")).to_have_count(1)
    complaints.forgive("ERR_INTERNET_DISCONNECTED")


def test_a_failure_that_nobody_caught_is_told(enter, ada, complaints):
    page = enter(ada, "#tasks")
    expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
    page.evaluate("setTimeout(() => { throw new Error('Out of order.') })")
    expect(page.get_by_text("Something went wrong on this page. Out of order.")).to_be_visible()
    complaints.forgive("Out of order")
