"""What somebody who means harm sends to the dialects and to imports."""

import time

import pytest

from tests.api.importing import exported, hand_in, imported

IMPORTS = ("/tasks/upload-csv", "/api/v1/tasks/imports/")


@pytest.mark.parametrize("width", [101, 1_000_000])
def test_a_header_of_very_many_columns_is_refused_at_once_and_in_few_words(ada, width):
    before = time.monotonic()

    answer = hand_in(ada, b"title" + b",x" * (width - 1) + b"\na\n")

    assert answer.status_code == 422
    assert answer.json["errors"] == {
        "file": [f"has {width:,} columns; more than 100 are not looked at"]
    }
    assert time.monotonic() - before < 30


@pytest.mark.parametrize("path", IMPORTS)
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_text_in_the_place_of_a_file_is_named(ada, path, kind):
    text = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\ntitle\r\n--b--\r\n'
    body = b"file=title" if "urlencoded" in kind else text

    answer = ada.post(path, data=body, content_type=kind)

    assert answer.status_code in (400, 422), answer.text
    assert "file" in answer.text


@pytest.mark.parametrize("path", IMPORTS)
@pytest.mark.parametrize("name", ["mode", "board"])
def test_a_file_in_the_place_of_a_text_is_named(ada, path, name):
    part = '--b\r\nContent-Disposition: form-data; name="{}"; filename="a"\r\n\r\ntitle\r\n'
    body = part.format("file") + part.format(name) + "--b--\r\n"

    answer = ada.post(path, data=body.encode(), content_type="multipart/form-data; boundary=b")

    assert answer.status_code in (400, 422), answer.text
    assert name in answer.text


@pytest.mark.parametrize("name", ["me", "ME"])
def test_nobody_can_take_the_name_that_stands_for_everyone(client, ada, name):
    for path in ("/register/", "/users/register", "/api/users/"):
        body = {"username": name, "password": "password", "email": "m@example.com"}
        answer = client.post(path, json=body)
        assert (answer.status_code, "username" in answer.text) == (400, True)
    assert ada.patch(f"/api/users/{ada.id}", json={"username": name}).status_code == 400


def test_an_older_account_of_that_name_gets_nobodys_tasks(app, ada, make_person):
    make_person("me")

    imported(app, ada, "title,assignee\nMine,me\n", mode="all")

    assert [row["assignee"] for row in exported(ada)] == ["ada"]
