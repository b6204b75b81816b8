"""Roles at registration, changing and closing accounts."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.users.models import Role
from tests.api.test_users import ME, NEW, REGISTER, USERS, accounts, events
from tests.conftest import PASSWORD


def test_the_first_who_asks_becomes_administrator_and_nobody_after(app, client):
    first = client.post(REGISTER, json=NEW | {"role": "ADMIN"})
    second = client.post(
        REGISTER, json=NEW | {"username": "dora", "email": "d@example.com", "role": "ADMIN"}
    )

    assert (first.status_code, first.json["role"]) == (201, "ADMIN")
    assert (second.status_code, list(second.json["errors"])) == (403, ["role"])
    assert accounts(app) == 1


def test_of_those_who_ask_at_once_one_becomes_administrator(app):
    def register(number):
        body = NEW | {"username": f"n{number}", "email": f"n{number}@example.com", "role": "ADMIN"}
        return app.test_client().post(REGISTER, json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(register, range(6)))

    assert answers == [201, 403, 403, 403, 403, 403]


def test_a_disabled_administrator_is_one_all_the_same(client, make_person):
    make_person(role=Role.ADMIN, is_active=False)

    assert client.post(REGISTER, json=NEW | {"role": "ADMIN"}).status_code == 403


def test_without_the_setting_nobody_becomes_administrator(app, client, monkeypatch):
    closed = app.config["SETTINGS"].model_copy(update={"BOOTSTRAP_ADMIN": False})
    monkeypatch.setitem(app.config, "SETTINGS", closed)

    assert client.post(REGISTER, json=NEW | {"role": "ADMIN"}).status_code == 403
    assert accounts(app) == 0


def test_a_manager_is_made_by_administrators_only(app, client, admin, ada):
    wanted = NEW | {"role": "MANAGER"}

    assert client.post(REGISTER, json=wanted).status_code == 403
    assert ada.post(REGISTER, json=wanted).status_code == 403
    assert admin.post(REGISTER, json=wanted).json["role"] == "MANAGER"


def test_a_role_that_there_is_not_is_refused(app, client):
    answer = client.post(REGISTER, json=NEW | {"role": "KING"})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["role"])
    assert accounts(app) == 0


def test_people_change_their_own_account_by_its_id_too(app, ada, bob):
    count, path = events(app), f"{USERS}{ada.id}/"

    changed = ada.patch(path, json={"username": "ada.l", "email": "l@example.com"}).json

    assert (changed["username"], changed["email"]) == ("ada.l", "l@example.com")
    assert ada.get(ME).json["username"] == "ada.l"
    taken = ada.patch(path, json={"username": "BOB"})
    assert (taken.status_code, list(taken.json["errors"])) == (409, ["username"])
    assert events(app) == count + 1


def test_a_closed_account_is_out_at_once_and_what_it_did_stays(app, client, ada, admin):
    task = ada.create_task()

    assert ada.delete(f"{USERS}{ada.id}/").status_code == 204

    assert ada.get(ME).status_code == 401
    login = client.post("/api/v1/auth/login/", json={"username": "ada", "password": PASSWORD})
    assert login.status_code == 401
    assert admin.get(f"/api/v1/tasks/{task['id']}/").json["reporter"] == ada.id
    assert admin.get(f"{USERS}{ada.id}/").json["is_active"] is False
    count = events(app)
    assert admin.delete(f"{USERS}{ada.id}/").status_code == 204
    assert events(app) == count


def test_accounts_of_others_are_closed_by_administrators_only(app, ada, bob, admin, make_project):
    make_project(ada, members={bob: "MEMBER"})
    count = events(app)

    assert bob.delete(f"{USERS}{admin.id}/").status_code == 404
    refused = bob.delete(f"{USERS}{ada.id}/")
    assert (refused.status_code, "ADMIN" in refused.json["detail"]) == (403, True)
    assert bob.patch(f"{USERS}{ada.id}/", json={"first_name": "X"}).status_code == 403
    assert admin.delete(f"{USERS}{admin.id}/").status_code == 409
    assert admin.delete(f"{USERS}999/").status_code == 404
    assert events(app) == count
    assert admin.delete(f"{USERS}{bob.id}/").status_code == 204


def test_two_administrators_who_close_each_other_leave_one(app, make_person):
    pair = [make_person(role=Role.ADMIN), make_person(role=Role.ADMIN)]

    def close(who, whom):
        return app.test_client().delete(f"{USERS}{whom.id}/", headers=who.headers).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(close, pair, reversed(pair)))

    assert answers in ([204, 401], [204, 409])


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "token", "BEARER"])
def test_both_words_before_the_token_are_understood(client, ada, scheme):
    answer = client.get(ME, headers={"Authorization": f"{scheme} {ada.access}"})

    assert answer.json["username"] == "ada"


def test_no_other_word_before_the_token_is(client, ada):
    for header in (ada.access, f"JWT {ada.access}", f"Basic {ada.access}", "Token", "Token "):
        assert client.get(ME, headers={"Authorization": header}).status_code == 401
