from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.cookies import SimpleCookie

import jwt
import pytest
from sqlalchemy import func, select, update

from app.auth.models import SignInSession
from app.core.db import unit_of_work
from app.extensions import db

PASSWORD = "correct horse battery staple"
SESSION = "/session/"
REFRESH = "/session/refresh/"
ME = "/api/v1/auth/users/me/"
TASKS = "/api/v1/tasks/"


@pytest.fixture
def page(ada, app):
    """A browser in which Ada has signed in on the web page; `.access` is what its scripts hold."""
    browser = app.test_client()
    browser.access = start(browser).json["access"]
    return browser


def start(browser, password=PASSWORD, login="ada", **kwargs):
    return browser.post(SESSION, json={"username": login, "password": password}, **kwargs)


def cookie_of(answer):
    """The one cookie that an answer sets."""
    (header,) = answer.headers.getlist("Set-Cookie")
    return SimpleCookie(header)["session"]


def in_cookie(browser):
    return browser.get_cookie("session").value


def token_id(token):
    return jwt.decode(token, options={"verify_signature": False})["jti"]


def whoami(browser, token):
    return browser.get(ME, headers={"Authorization": f"Bearer {token}"})


def assert_ended(answer):
    """The session is over, and the browser forgets its cookie."""
    assert answer.status_code == 401, answer.text
    assert answer.mimetype == "application/problem+json"
    assert (cookie_of(answer).value, cookie_of(answer)["max-age"]) == ("", "0")


def pass_time_since_refresh(app, seconds):
    """Make every refresh look as if it had happened `seconds` ago."""
    moved = SignInSession.refreshed_at - timedelta(seconds=seconds)
    with app.app_context(), unit_of_work() as session:
        session.execute(update(SignInSession).values(refreshed_at=moved))


def count_sessions(app):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(SignInSession))


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.com"])
def test_signing_in_answers_the_access_token_and_keeps_the_other_in_the_cookie(ada, client, login):
    answer = start(client, login=login)

    assert answer.status_code == 200
    assert set(answer.json) == {"access", "user"}
    assert answer.json["user"]["id"] == ada.id
    assert answer.headers["Cache-Control"] == "no-store"
    assert whoami(client, answer.json["access"]).json["username"] == "ada"
    assert in_cookie(client) not in answer.text


def test_the_cookie_is_for_this_service_alone_and_for_no_script(app, ada, client):
    cookie = cookie_of(start(client))

    assert cookie["httponly"] is True
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Strict", "/", "")
    assert int(cookie["max-age"]) == app.config["JWT_REFRESH_TOKEN_EXPIRES"].total_seconds()


@pytest.mark.parametrize(("scheme", "secure"), [("http", ""), ("https", True)])
def test_what_came_encrypted_is_never_sent_in_clear_text(ada, client, scheme, secure):
    assert cookie_of(start(client, base_url=f"{scheme}://localhost"))["secure"] == secure


def test_below_a_prefix_the_cookie_is_for_that_prefix(ada, client):
    prefixed = {"SCRIPT_NAME": "/board"}

    assert cookie_of(start(client, environ_overrides=prefixed))["path"] == "/board/"
    ended = client.post(REFRESH, environ_overrides=prefixed, headers={"Cookie": "session=rubbish"})
    assert cookie_of(ended)["path"] == "/board/"


def test_who_may_not_sign_in_gets_no_cookie(ada, bob, admin, client):
    admin.patch(f"/api/v1/users/{bob.id}/", json={"is_active": False})
    attempts = [("ada", "wrong password"), ("nobody", PASSWORD), ("bob", PASSWORD)]

    answers = [start(client, password, login) for login, password in attempts]

    for answer in answers:
        assert (answer.status_code, answer.json) == (401, answers[0].json)
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"username": "ada"}, "password"),
        ({"password": PASSWORD}, "username"),
        ({"username": "ada", "email": "ada@example.com", "password": PASSWORD}, "username"),
        ({"username": "ada", "password": 5}, "password"),
        ({"username": "a" * 255, "password": PASSWORD}, "username"),
        ({"username": "ada", "password": "x" * 201}, "password"),
        ({"username": "ada", "password": PASSWORD, "role": "ADMIN"}, "role"),
    ],
)
def test_bad_credentials_name_the_field(ada, client, body, field):
    answer = client.post(SESSION, json=body)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert "Set-Cookie" not in answer.headers


def test_a_form_of_another_site_cannot_sign_in(ada, client):
    answer = client.post(SESSION, data={"username": "ada", "password": PASSWORD})

    assert answer.status_code == 415


def test_guessing_passwords_is_bounded_together_with_the_other_ways_to_sign_in(ada, client):
    login = {"username": "ada", "password": "wrong"}
    codes = [client.post("/api/v1/auth/login/", json=login).status_code for _ in range(5)]
    codes += [start(client, "wrong").status_code for _ in range(5)]

    assert codes == [401] * 10
    assert start(client).status_code == 429


def test_how_often_an_address_may_refresh_is_bounded_apart_from_the_api(page):
    limits = page.post(REFRESH).headers

    assert limits["RateLimit-Policy"] == '"1000-per-3600s";q=1000;w=3600'
    assert page.post(REFRESH).headers["RateLimit"] != limits["RateLimit"]


def test_a_browser_without_a_cookie_is_nobody_and_nothing_is_wrong(client):
    answer = client.post(REFRESH)

    assert (answer.status_code, answer.json) == (200, {"access": None})
    assert "Set-Cookie" not in answer.headers


def test_the_cookie_is_exchanged_for_an_access_token_and_a_new_cookie(page):
    before = in_cookie(page)

    answer = page.post(REFRESH)

    assert answer.status_code == 200
    assert set(answer.json) == {"access"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert in_cookie(page) != before
    assert whoami(page, answer.json["access"]).json["username"] == "ada"


def test_two_tabs_that_refresh_at_once_both_go_on(app, page):
    old = in_cookie(page)
    page.post(REFRESH)
    renewed = in_cookie(page)
    page.set_cookie("session", old)

    second = page.post(REFRESH)

    assert second.status_code == 200
    assert whoami(page, second.json["access"]).status_code == 200
    # The exchange of the first tab stands: this one got the same refresh token.
    assert token_id(cookie_of(second).value) == token_id(renewed)
    assert page.post(REFRESH).status_code == 200


def test_many_tabs_that_open_at_once_stay_signed_in(app, page):
    value = in_cookie(page)

    def open_tab(_):
        with app.test_client() as tab:
            tab.set_cookie("session", value)
            return tab.post(REFRESH)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(open_tab, range(8)))

    assert [answer.status_code for answer in answers] == [200] * 8
    page.set_cookie("session", cookie_of(answers[0]).value)
    assert page.post(REFRESH).status_code == 200
    assert count_sessions(app) == 2  # ada's own one, and this


def test_a_stolen_cookie_that_comes_back_later_ends_the_session_for_both(app, page):
    stolen = in_cookie(page)
    access = page.post(REFRESH).json["access"]
    pass_time_since_refresh(app, 11)
    thief = app.test_client()
    thief.set_cookie("session", stolen)

    assert_ended(thief.post(REFRESH))

    assert whoami(page, access).status_code == 401
    assert_ended(page.post(REFRESH))
    assert page.get_cookie("session") is None


@pytest.mark.parametrize("value", ["rubbish", "", "a.b.c", "ü", "x" * 3000])
def test_a_bad_cookie_is_refused_and_forgotten(ada, client, value):
    client.set_cookie("session", value)

    assert_ended(client.post(REFRESH))

    assert client.get_cookie("session") is None
    assert client.post(REFRESH).json == {"access": None}


def test_an_access_token_is_no_cookie(page):
    page.set_cookie("session", page.access)

    assert_ended(page.post(REFRESH))


def test_the_session_of_a_disabled_account_is_over_at_once(ada, admin, page):
    admin.patch(f"/api/v1/users/{ada.id}/", json={"is_active": False})

    assert whoami(page, page.access).status_code == 401
    assert_ended(page.post(REFRESH))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/auth/logout-all/", None),
        (
            "/api/v1/auth/users/me/password/",
            {"current_password": PASSWORD, "new_password": "another long password"},
        ),
    ],
    ids=["sign out everywhere", "password change"],
)
def test_what_ends_all_sessions_ends_that_of_the_page(ada, page, path, body):
    assert ada.post(path, json=body).status_code in (200, 204)

    assert whoami(page, page.access).status_code == 401
    assert_ended(page.post(REFRESH))


def test_signing_out_ends_this_session_and_no_other(ada, page):
    kept = in_cookie(page)

    answer = page.delete(SESSION, headers={"Authorization": f"Bearer {page.access}"})

    assert answer.status_code == 204
    assert (cookie_of(answer).value, cookie_of(answer)["max-age"]) == ("", "0")
    assert whoami(page, page.access).status_code == 401
    page.set_cookie("session", kept)
    assert_ended(page.post(REFRESH))
    assert ada.get(ME).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ME),
        ("GET", TASKS),
        ("POST", TASKS),
        ("POST", "/api/v1/auth/logout/"),
        ("DELETE", SESSION),
        ("GET", "/tasks"),
        ("GET", "/api/tasks/"),
        ("GET", "/metrics"),
    ],
)
def test_the_cookie_alone_is_good_for_nothing_else(page, method, path):
    known = in_cookie(page)

    answer = page.open(path, method=method, json={"title": "By another site"})

    assert answer.status_code in (401, 403), path
    assert in_cookie(page) == known
    assert page.get(TASKS, headers={"Authorization": f"Bearer {page.access}"}).json["count"] == 0


def test_the_cookie_is_no_refresh_token_of_another_kind_of_session(page):
    """What the cookie holds is a refresh token: the API proper takes it from a body only."""
    assert page.post("/api/v1/auth/refresh/", json={}).status_code == 422


def test_nothing_is_opened_where_the_request_is_refused(app, ada, client):
    before = count_sessions(app)

    start(client, "wrong password")
    client.post(REFRESH)
    client.set_cookie("session", "rubbish")
    client.post(REFRESH)

    assert count_sessions(app) == before
