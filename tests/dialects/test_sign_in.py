"""Accounts, tokens and limits of the dialects."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import PASSWORD

REGISTER = {
    "/register/": {"username": "test2", "password": "password"},
    "/users/register": {"username": "test2", "password": "password"},
    "/api/users/": {"username": "test2", "password": "password", "email": "t@example.com"},
}


@pytest.mark.parametrize("path", REGISTER)
def test_registering_answers_without_the_password(client, path):
    answer = client.post(path, json=REGISTER[path])
    again = client.post(path, json=REGISTER[path] | {"username": "TEST2"})

    assert answer.status_code == 201
    assert (answer.json["username"], "password" in answer.text) == ("test2", "password" in path)
    assert again.status_code == 409


@pytest.mark.parametrize("path", REGISTER)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("username", ""), ("username", None), ("username", "a b"), ("username", 5),
        ("password", "short"), ("password", None), ("password", "x" * 201),
        ("email", "nobody"), ("email", "a" * 300 + "@example.com"), ("id", 5),
        ("is_admin", True), ("is_active", False),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_with_a_registration_is_named(client, path, name, value):
    answer = client.post(path, json=REGISTER[path] | {name: value})

    assert answer.status_code == 400
    assert name in answer.text
    assert client.post("/api/token/", json=REGISTER["/register/"]).status_code == 401


def test_a_role_is_not_for_the_asking(client, admin):
    for path, body in REGISTER.items():
        answer = client.post(path, json=body | {"role": "admin"})
        assert answer.status_code == (403 if path == "/users/register" else 400)


def test_of_those_who_ask_at_once_one_becomes_administrator(app):
    def register(number):
        body = {"username": f"admin{number}", "password": "admin123", "role": "admin"}
        return app.test_client().post("/users/register", json=body).status_code

    with ThreadPoolExecutor(5) as pool:
        answers = sorted(pool.map(register, range(5)))

    assert answers == [201, 403, 403, 403, 403]


def test_the_token_comes_under_all_its_names_and_works_everywhere(client, ada):
    issued = client.post("/api/token/", json={"username": "ada", "password": PASSWORD}).json
    renewed = client.post("/api/token/refresh/", json={"refresh": issued["refresh"]}).json
    other = client.post("/users/login", json={"username": "ada", "password": PASSWORD}).json

    assert issued["token"] == issued["access"]
    for token in (issued["token"], renewed["access"], renewed["token"], other["access_token"]):
        for path in ("/tasks", "/api/tasks", "/api/task", "/api/v1/tasks", "/users/profile"):
            answer = client.get(path, headers={"Authorization": f"Token {token}"})
            assert answer.status_code == 200, path


@pytest.mark.parametrize("path", ["/api/token/", "/users/login"])
def test_a_wrong_password_and_an_unknown_name_look_alike(client, ada, path):
    wrong = client.post(path, json={"username": "ada", "password": "something else"})
    unknown = client.post(path, json={"username": "nobody", "password": "something else"})

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json == unknown.json


@pytest.mark.parametrize("path", ["/api/token/", "/users/login"])
def test_guessing_is_stopped(client, ada, path):
    codes = [
        client.post(path, json={"username": "ada", "password": f"guess {n}"}).status_code
        for n in range(11)
    ]

    assert codes == [401] * 10 + [429]


SIGN_IN = ("/api/token/", "/users/login", "/api/v1/auth/login/")


def test_guesses_count_together_by_whichever_way_and_name_they_come(app, client, ada, bob):
    names = ("ada", "ADA ", "ada@example.com")

    def guess(number):
        body = {"username": names[number % 3], "password": f"guess {number}"}
        return client.post(SIGN_IN[number // 4 % 3], json=body).status_code

    assert [guess(number) for number in range(12)] == [401] * 10 + [429] * 2
    right = {"username": "ada", "password": PASSWORD}
    assert {client.post(path, json=right).status_code for path in SIGN_IN} == {429}
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.post(SIGN_IN[0], json=right, environ_base=elsewhere).status_code == 200
    assert client.post(SIGN_IN[0], json=right | {"username": "bob"}).status_code == 200


def test_no_name_is_the_bucket_of_another_account(client, ada):
    for name in (f"account {ada.id}", f"account {ada.id}|127.0.0.1", "", None, 5, ["ada"]):
        for _ in range(11):
            client.post("/users/login", json={"username": name, "password": "guess"})

    right = {"username": "ada", "password": PASSWORD}
    assert client.post("/users/login", json=right).status_code == 200


def test_guesses_at_many_accounts_count_together_by_the_address(client):
    # Without a password nothing is hashed, which takes its time; an attempt counts all the same.
    codes = [
        client.post(SIGN_IN[n % 3], json={"username": f"u{n}"}).status_code for n in range(101)
    ]

    assert set(codes[:100]) == {400, 422}
    assert codes[100] == 429


def test_registrations_count_together_whichever_way_they_come(client):
    bodies = REGISTER | {"/api/v1/auth/users/": REGISTER["/api/users/"]}
    wrong = {path: body | {"password": "short"} for path, body in bodies.items()}

    codes = [client.post(path, json=wrong[path]).status_code for path in [*wrong] * 13][:51]

    assert set(codes[:50]) == {400, 422}
    assert codes[50] == 429


def test_passwords_set_by_a_signed_in_user_count_together(ada):
    path = f"/api/users/{ada.id}"
    codes = [ada.patch(path, json={"password": "short"}).status_code for _ in range(5)]
    codes += [ada.put(path, json={"password": "short"}).status_code for _ in range(5)]

    body = {"current_password": "guess", "new_password": "a new password"}
    assert codes == [400] * 10
    assert ada.post("/api/v1/auth/users/me/password/", json=body).status_code == 429


def test_the_classic_limit_is_per_user_and_endpoint(app, ada, bob, monkeypatch):
    few = app.config["SETTINGS"].model_copy(update={"RATE_LIMIT_REQUESTS": 3})
    monkeypatch.setitem(app.config, "SETTINGS", few)

    answers = [ada.get("/api/tasks/") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3].headers["Retry-After"]) > 0
    assert answers[3].headers["RateLimit"]
    assert set(answers[3].json) == {"detail", "errors"}
    assert ada.get("/tasks/").status_code == 200
    assert ada.get("/api/v1/tasks/").status_code == 200
    assert bob.get("/api/tasks/").status_code == 200


def test_the_limit_of_the_day_is_five_a_minute(ada):
    answers = [ada.get("/tasks/task/2025-04-06") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [404] * 5 + [429]
    assert list(answers[5].json) == ["error"]


def test_the_management_system_has_a_bucket_of_its_own(app, ada, monkeypatch):
    few = app.config["SETTINGS"].model_copy(update={"THROTTLE_USER_RATE": "2/hour"})
    monkeypatch.setitem(app.config, "SETTINGS", few)

    assert [ada.get("/api/task/").status_code for _ in range(3)] == [200, 200, 429]
    assert ada.get("/api/v1/tasks/").status_code == 200


class TestAccounts:
    """`/api/users/<id>` of the management system."""

    def body(self, **changed):
        return {"username": "ada", "email": "ada@example.com", "password": PASSWORD,
                "first_name": "", "last_name": ""} | changed  # fmt: skip

    def test_written_back_it_stays_and_the_token_too(self, ada):
        path = f"/api/users/{ada.id}"
        before = ada.get(path).json

        answer = ada.put(path, json=self.body())

        assert (answer.status_code, answer.json) == (200, before)
        assert ada.get(path).status_code == 200

    def test_another_password_ends_the_sessions(self, ada, client):
        path = f"/api/users/{ada.id}"

        answer = ada.patch(path, json={"password": "a new password"})

        assert answer.status_code == 200
        assert "password" not in answer.text
        assert ada.get(path).status_code == 401
        signed_in = {"username": "ada", "password": "a new password"}
        assert client.post("/api/token/", json=signed_in).status_code == 200

    def test_others_are_not_there_or_are_not_mine_to_change(self, ada, bob, eve, make_project):
        make_project(ada, members={bob: "MEMBER"})
        path = f"/api/users/{ada.id}"

        assert set(bob.get(path).json) == {"id", "username", "first_name", "last_name"}
        for person, status in ((bob, 403), (eve, 404)):
            assert person.put(path, json=self.body(username="mine")).status_code == status
            assert person.patch(path, json={"password": "mine now!"}).status_code == status
            assert person.delete(path).status_code == status
        assert ada.get(path).json["username"] == "ada"

    def test_a_role_cannot_be_written(self, ada):
        for name in ("role", "is_active", "id", "is_admin"):
            answer = ada.patch(f"/api/users/{ada.id}", json={name: "ADMIN"})
            assert (answer.status_code, list(answer.json["errors"])) == (400, [name])

    def test_a_closed_account_is_gone(self, ada, admin):
        path = f"/api/users/{ada.id}"

        answer = ada.delete(path)

        assert (answer.status_code, answer.json) == (200, {})
        assert ada.get(path).status_code == 401
