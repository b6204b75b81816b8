"""Take the pictures in docs/images/board: `make screenshots`.

Starts a service of its own, lets a team work in it (screenshots_team.py), and looks at the pages
in Chromium on a desk, a tablet and a phone.
"""

import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from browsing import launch
from playwright.sync_api import Browser, Page, expect, sync_playwright
from screenshots_team import PASSWORD, STORY, settle
from tree import Tree

FOLDER = Path(__file__).parent / "images" / "board"
DEVICES: Mapping[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "tablet": {"viewport": {"width": 820, "height": 1180}, "has_touch": True},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
THEMES = {"desktop": ("light", "dark"), "tablet": ("light",), "phone": ("light", "dark")}
SIGN_IN = "sign-in"

# What stands for a person whose name is still being read.
NAMELESS = re.compile("[#…]")

# What tells that a page is complete, besides that nothing is loading any more.
SIGNS = {
    SIGN_IN: "Sign in instead",
    "board": STORY,
    "task": "The key is in the branch now",
    "tasks": STORY,
    "report": "By reporter",
    "inbox": "Move the product images",
}


def main() -> None:
    """Start the service, fill it, take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="screenshots-") as name,
        sync_playwright() as playwright,
    ):
        tree = Tree(Path(name))
        try:
            with launch(playwright) as browser:
                take_all(browser, tree.base, settle(tree.base))
        finally:
            tree.kill()


def take_all(browser: Browser, base: str, places: Mapping[str, str]) -> None:
    """Take every page on every device."""
    # A colleague looks at the same board.
    guest = enter(browser, base, "mei", DEVICES["desktop"], "light")
    guest.goto(f"{base}/{places['board']}")
    for device, options in DEVICES.items():
        for theme in THEMES[device]:
            page = browser.new_page(**look(options, theme))
            take(page, base, SIGN_IN, "", f"{device}-{theme}")
            page.close()
            page = enter(browser, base, "nora", options, theme)
            for name, place in places.items():
                if name == "task":  # which is shown over its board
                    show(page, f"{base}/{places['board']}", SIGNS["board"])
                take(page, base, name, place, f"{device}-{theme}")
            page.close()


def look(options: Mapping[str, Any], theme: str) -> dict[str, Any]:
    """The options of a browser window; nothing in it is caught while it moves."""
    return {
        **options,
        "color_scheme": theme,
        "reduced_motion": "reduce",
        "locale": "en-GB",
        "timezone_id": "Europe/Berlin",
    }


def enter(
    browser: Browser, base: str, username: str, options: Mapping[str, Any], theme: str
) -> Page:
    """A window of somebody who is signed in."""
    page = browser.new_page(**look(options, theme))
    credentials = {"username": username, "password": PASSWORD}
    assert page.request.post(f"{base}/session/", data=credentials).ok
    return page


def take(page: Page, base: str, name: str, place: str, kind: str) -> None:
    """Take one picture, as `<name>-<kind>.png`."""
    show(page, f"{base}/{place}", SIGNS[name])
    if name == SIGN_IN:  # a browser that nobody has signed in with is offered an account first
        page.get_by_text(SIGNS[name]).click()
    file = FOLDER / f"{name}-{kind}.png"
    page.screenshot(path=file, animations="disabled")
    sys.stdout.write(f"{file}\n")


def show(page: Page, address: str, sign: str) -> None:
    """Open a page and wait until it is complete."""
    page.goto(address)
    page.get_by_text(sign).first.wait_for()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(page.locator(".avatar", has_text=NAMELESS)).to_have_count(0)


if __name__ == "__main__":
    main()
