"""The files that pages load: kept for good under an address that holds their version."""

import base64
import hashlib
import json
import re

import pytest
from flask.testing import FlaskClient

from app.web import assets
from tests.web.conftest import make_app

PAGES = ["/", "/api/docs/", "/api/redoc/", "/problems/not-found"]
FOR_GOOD = "public, max-age=31536000, immutable"
PRESENT = f"/assets/{assets.version()}"
MODULE = "board/main.js"


@pytest.mark.parametrize("path", PAGES)
def test_what_a_page_loads_is_kept_for_good(client: FlaskClient, path: str) -> None:
    files = re.findall(r'(?:src|<link [^>]*href)="([^"]*)"', client.get(path).text)
    assert files
    for file in files:
        with client.get(file) as answer:
            assert answer.status_code == 200, file
            assert answer.headers["Cache-Control"] == FOR_GOOD, file


def test_what_modules_load_by_name_is_kept_for_good(client: FlaskClient) -> None:
    libraries = import_map(client)["imports"]
    assert "preact" in libraries
    for file in libraries.values():
        with client.get(file) as answer:
            assert answer.headers["Cache-Control"] == FOR_GOOD, file


def test_another_version_gets_the_present_file_and_keeps_it_not(client: FlaskClient) -> None:
    with client.get(f"{PRESENT}/{MODULE}") as present:
        content = present.data
    with client.get(f"/assets/0123456789abcdef/{MODULE}") as answer:
        assert answer.data == content
        assert answer.headers["Cache-Control"] == "no-cache"
        etag = answer.headers["ETag"]
    known = {"If-None-Match": etag}
    with client.get(f"/assets/0123456789abcdef/{MODULE}", headers=known) as again:
        assert again.status_code == 304


def test_while_debugging_a_change_is_seen_at_once() -> None:
    client = make_app(DEBUG=True).test_client()
    with client.get(f"{PRESENT}/{MODULE}") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["none.js", "board", "../routes.py", "%2e%2e/routes.py", ""])
def test_there_are_no_other_files(client: FlaskClient, name: str) -> None:
    assert client.get(f"{PRESENT}/{name}").status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_asked_for_each_time_and_sent_when_it_is_another(
    client: FlaskClient, path: str
) -> None:
    page = client.get(path)
    assert page.headers["Cache-Control"] == "no-cache"
    etag = page.headers["ETag"]
    same = client.get(path, headers={"If-None-Match": etag})
    assert same.status_code == 304
    # It holds for the page that the browser has kept.
    assert same.headers["Content-Security-Policy"] == page.headers["Content-Security-Policy"]
    assert client.get(path, headers={"If-None-Match": '"older"'}).status_code == 200


def test_the_policy_lets_in_the_import_map_and_nothing_else(client: FlaskClient) -> None:
    page = client.get("/")
    (text,) = re.findall(r'<script type="importmap">(.*?)</script>', page.text)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in page.headers["Content-Security-Policy"]


def import_map(client: FlaskClient) -> dict[str, dict[str, str]]:
    (text,) = re.findall(r'<script type="importmap">(.*?)</script>', client.get("/").text)
    found: dict[str, dict[str, str]] = json.loads(text)
    return found
