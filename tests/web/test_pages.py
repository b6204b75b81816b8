import hashlib
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.web import routes

STATIC = Path(routes.__file__).parent / "static"
PAGES = ["/", "/api/docs/", "/api/redoc/"]


@pytest.mark.parametrize("path", [*PAGES, "/api/docs", "/api/redoc"])
def test_a_page_answers_without_a_redirect(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_points_to_the_openapi_document(client: FlaskClient, path: str) -> None:
    assert '"/api/openapi.json"' in client.get(path).text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_works_below_a_prefix(client: FlaskClient, path: str) -> None:
    text = client.get(path, environ_overrides={"SCRIPT_NAME": "/tasks"}).text
    assert '"/tasks/api/openapi.json"' in text
    assert '"/api' not in text
    assert '"/assets' not in text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_only_files_of_ours_that_exist(client: FlaskClient, path: str) -> None:
    text = client.get(path).text
    files = re.findall(r'(?:src|<link [^>]*href)="([^"]*)"', text)
    assert files
    for file in files:
        with client.get(file) as answer:
            assert answer.status_code == 200, file


def test_the_board_names_its_modules_so_that_they_are_read_at_once(client: FlaskClient) -> None:
    preloaded = r'rel="modulepreload" href="/assets/\w+/(board/[^"]*)"'
    named = re.findall(preloaded, client.get("/").text)
    modules = {file.relative_to(STATIC).as_posix() for file in STATIC.glob("board/**/*.js")}
    assert sorted(modules - {"board/theme.js"}) == named


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_inline_code(client: FlaskClient, path: str) -> None:
    text = client.get(path).text
    assert "<style" not in text
    assert not re.search(r"\s(?:style|on\w+)=", text)
    scripts = re.findall(r"<script[^>]*>", text)
    # The names of the libraries are no code.
    assert all("src=" in tag or tag == '<script type="importmap">' for tag in scripts)


def test_vendored_files_are_the_ones_that_are_listed() -> None:
    listed = dict(
        re.findall(r"^\| `(\S+)` .*`([0-9a-f]{64})` \|$", _text("vendor/VENDORED.md"), re.MULTILINE)
    )
    present = {
        str(file.relative_to(STATIC / "vendor")): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (STATIC / "vendor").rglob("*")
        if file.suffix in {".css", ".js", ".mjs"}
    }
    assert present == listed


def test_every_vendored_package_has_its_licence() -> None:
    folders = [folder for folder in (STATIC / "vendor").iterdir() if folder.is_dir()]
    assert folders
    assert all((folder / "LICENSE").is_file() for folder in folders)


def _text(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
