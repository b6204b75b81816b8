"""Pages in Chromium for tests: what goes wrong in them is kept, and fails the test."""

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

# The first draws no windows around its pages, which takes more time than many a page.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
MISSING = "no Chromium for the browser tests; on Debian: apt-get install chromium-headless-shell"
FLAGS = [
    # It opens nothing but this service's own pages, as root in a container as well.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 30_000

TELL_OF_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} forbids ${event.blockedURI}`));
"""


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@dataclass
class Complaints:
    """What pages complained of: errors in the console, exceptions, the policy, foreign hosts."""

    base: str
    heard: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        self.contexts.append(context)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.heard.append(f"exception: {error.error}"))
        context.on("request", self._request)

    def forgive(self, pattern: str) -> None:
        """Forget what a test provoked; something of the kind must be heard, soon at least.

        Several requests may meet the same refusal, some of them later.
        """
        deadline = time.monotonic() + WAIT_MS / 1000
        while not (found := [line for line in self.heard if re.search(pattern, line)]):
            assert time.monotonic() < deadline, f"nobody complained of {pattern}: {self.heard}"
            # Playwright tells of events only while it is asked for something.
            self.contexts[0].pages[0].wait_for_timeout(20)
        self.heard = [line for line in self.heard if line not in found]
        self.forgiven.append(pattern)

    def _console(self, message: ConsoleMessage) -> None:
        line = f"console: {message.text} ({message.location['url']})"
        if message.type == "error" and not any(re.search(each, line) for each in self.forgiven):
            self.heard.append(line)

    def _request(self, request: Request) -> None:
        # Everything comes from the service itself; a page must work without any other host.
        address = urlsplit(request.url)
        if address.scheme.startswith("http") and address.netloc != urlsplit(self.base).netloc:
            self.heard.append(f"foreign host: {request.url}")


@dataclass
class Windows:
    """Opens pages, each in a context (cookies, storage) of its own."""

    browser: Browser
    base: str
    complaints: Complaints
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, path: str = "", **options: Any) -> Page:
        """A page as a new person meets it, at `path`; `options` are those of `new_context`."""
        context = self.browser.new_context(base_url=self.base, **options)
        self.contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(TELL_OF_VIOLATIONS)
        self.complaints.listen(context)
        page = context.new_page()
        if path:
            page.goto(path)
        return page

    def pictures(self, folder: Path) -> list[Path]:
        """A picture of every page that is still open."""
        pages = [page for context in self.contexts for page in context.pages]
        files = [folder / f"page-{number}.png" for number, _ in enumerate(pages, 1)]
        for page, file in zip(pages, files, strict=True):
            page.screenshot(path=file, full_page=True)
        return files

    def close(self) -> None:
        for context in self.contexts:
            context.close()


Picture = Callable[[Page, str], Path]


def assert_accessible(page: Page, within: str | None = None) -> None:
    """The page, or the part that a selector names, has no serious fault for axe."""
    found = Axe().run(page, within).response["violations"]
    faults = [
        f"{fault['impact']} {fault['id']}: {fault['help']}\n  "
        + "\n  ".join(node["html"] for node in fault["nodes"])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert not faults, "\n".join(faults)
