"""Projects: their boards and columns, the people in them, the archive and the end."""

import re

from browsing import assert_accessible
from playwright.sync_api import expect

REFUSED = "the server responded with a status of"


def place(project):
    return f"#projects/{project['id']}"


def section(page, name):
    return page.get_by_role("region", name=name)


def names(page, label):
    """The names in a list that can be put into order, from top to bottom."""
    return page.get_by_role("list", name=label).locator(".line-name, input:not([type=number])")


def middle(grip):
    box = grip.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, grip, to):
    """Drag a line by its grip, as a hand does: not before the list has seen that one drags."""
    x, y = middle(grip)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 8, steps=2)
    expect(page.locator(".dragged")).to_be_visible()
    x, y = middle(page.get_by_role("button", name=to))
    # The lines glide out of the way, and one that glides is not looked at: a hand is not so quick.
    for step in range(100):
        page.mouse.move(x, y - step % 4)
        if page.locator(".dragged:first-child").is_visible():
            break
    expect(page.locator(".dragged:first-child")).to_be_visible()
    page.mouse.up()


def act(page, person, action):
    page.get_by_role("button", name=f"Actions for {person.username}").click()
    page.get_by_role("menuitem", name=action).click()


def test_a_project_is_created_and_leads_to_its_boards(enter, ada, picture):
    page = enter(ada, "#projects")
    expect(page.get_by_role("link", name="Default board").last).to_be_visible()
    assert_accessible(page)
    picture(page, "projects")

    page.keyboard.press("n")
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("Name").fill("Orchard")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Orchard", level=1)).to_be_visible()
    expect(names(page, "Boards")).to_have_text(["Board"])
    expect(page.get_by_role("navigation")).to_contain_text("Orchard")


def test_boards_are_made_and_ordered_by_keyboard_while_others_watch(enter, ada, bob, project):
    page, other = enter(ada, place(project)), enter(bob, place(project))
    page.get_by_role("button", name="New board").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Harvest")
    page.keyboard.press("Enter")
    expect(names(page, "Boards")).to_have_text(["Board", "Harvest"])
    expect(names(other, "Boards")).to_have_text(["Board", "Harvest"])

    page.get_by_role("button", name="Move Harvest").press("ArrowUp")

    expect(names(page, "Boards")).to_have_text(["Harvest", "Board"])
    expect(page.get_by_role("button", name="Move Harvest")).to_be_focused()
    expect(page.get_by_text("Harvest is at place 1 of 2.")).to_be_attached()
    expect(names(other, "Boards")).to_have_text(["Harvest", "Board"])
    expect(other.get_by_role("button", name="Move Harvest")).to_have_count(0)


def test_columns_are_changed_added_and_dragged(enter, ada, project, complaints, picture):
    page = enter(ada, place(project))
    page.get_by_role("button", name="Actions for Board").click()
    page.get_by_role("menuitem", name="Board settings").click()
    dialog = page.get_by_role("dialog")
    limit = dialog.get_by_label("At most so many tasks in To do")
    limit.fill("0")
    limit.press("Tab")
    expect(dialog.locator(".field-error")).to_contain_text("1")
    expect(limit).to_have_value("")
    complaints.forgive(f"{REFUSED} 422")
    limit.fill("3")
    dialog.get_by_label("Name of a new column").fill("Never")
    dialog.get_by_role("button", name="Add", exact=True).click()
    # Its line makes the dialog higher, so that all the others move.
    expect(dialog.get_by_role("listitem")).to_have_count(6)
    drag(page, dialog.get_by_role("button", name="Move Done"), to="Move Backlog")

    order = ["Done", "Backlog", "To do", "In progress", "Review", "Never"]
    for at, name in enumerate(order):
        expect(names(page, "Columns").nth(at)).to_have_value(name)
    assert_accessible(page)
    picture(page, "columns")
    board = ada.send("GET", "/boards/", params={"project": project["id"]}).json()["results"][0]
    columns = ada.send("GET", f"/boards/{board['id']}/columns/").json()
    assert [column["name"] for column in columns] == order
    assert columns[2]["wip_limit"] == 3


def test_people_are_added_get_roles_and_go_and_their_pages_follow(
    enter, ada, bob, person, project, complaints
):
    carl = person("carl")
    page, other = enter(ada, place(project)), enter(bob, place(project))
    expect(section(other, "People")).to_contain_text("Only an ADMIN of the project")
    expect(section(other, "Boards")).to_contain_text("Only a MANAGER or ADMIN")
    expect(other.get_by_role("button", name="Delete project")).to_be_disabled()
    assert_accessible(other)
    field = page.get_by_label("Username or e-mail")

    field.fill("nobody-at-all")
    field.press("Enter")
    expect(section(page, "People").locator(".field-error")).to_contain_text("no active user")
    complaints.forgive(f"{REFUSED} 422")
    field.fill(f"{carl.username}@example.com")
    field.press("Enter")
    expect(section(page, "People").get_by_text(f"@{carl.username}")).to_be_visible()
    expect(field).to_have_value("")
    expect(section(other, "People").get_by_text(f"@{carl.username}")).to_be_visible()

    page.get_by_label(f"Role of {bob.username}").select_option("MANAGER")
    expect(other.get_by_role("button", name="New board")).to_be_visible()
    act(page, bob, "Remove from project")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(other.get_by_role("heading", name="There is no such project")).to_be_visible()
    expect(section(page, "People").get_by_text(f"@{bob.username}")).to_have_count(0)


def test_a_project_is_given_away_and_left(enter, ada, bob, project):
    page, other = enter(ada, place(project)), enter(bob, place(project))
    act(page, bob, "Make owner")
    page.get_by_role("button", name="Make owner", exact=True).last.click()
    expect(other.get_by_role("button", name="Delete project")).to_be_enabled()

    act(page, ada, "Leave project")
    page.get_by_role("button", name="Leave project", exact=True).last.click()

    expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()
    expect(page.get_by_role("navigation")).not_to_contain_text("Orchard")
    expect(section(other, "People").get_by_text(f"@{ada.username}")).to_have_count(0)


def test_the_archive_can_be_undone_and_the_end_has_to_be_typed(enter, ada, project):
    page = enter(ada, place(project))
    expect(page.get_by_label("Name", exact=True)).to_have_value("Orchard")
    page.get_by_label("Name", exact=True).fill("Old orchard")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Old orchard", level=1)).to_be_visible()

    page.get_by_role("button", name="Archive project").click()
    expect(page.get_by_role("button", name="Unarchive")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Name", exact=True)).to_be_enabled()

    page.get_by_role("button", name="Delete project").click()
    last = page.get_by_role("dialog").get_by_role("button", name="Delete project")
    expect(last).to_be_disabled()
    page.get_by_label("Type the name").fill("Old orchard")
    last.click()
    expect(page).to_have_url(re.compile("#projects$"))
    expect(page.get_by_role("navigation")).not_to_contain_text("Old orchard")
