import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from app import create_app
from app.extensions import limiter

PASSWORD = "correct horse battery staple"
LOGIN = "/api/v1/auth/login/"
TASKS = "/api/v1/tasks/"


@pytest.fixture
def sign_in(app, monkeypatch):
    """Sign in from an address; hashing is replaced, since only the counting matters here."""
    monkeypatch.setattr("app.users.passwords.verify_password", lambda _, p: p == PASSWORD)

    def attempt(password="wrong", login="ada", address="192.0.2.1", **headers):
        return app.test_client().post(
            LOGIN,
            json={"username": login, "password": password},
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            environ_base={"REMOTE_ADDR": address},
        )

    return attempt


@pytest.fixture
def rebound(app, settings):
    """Make variants of the application and bind the limiter back to the shared one afterwards."""
    kept = dict(vars(limiter))

    def make(**changes):
        return create_app(settings.model_copy(update=changes))

    yield make
    vars(limiter).clear()
    vars(limiter).update(kept)


@pytest.fixture
def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_eleventh_password_is_refused_with_the_time_to_wait(ada, sign_in):
    answers = [sign_in() for _ in range(11)]

    assert [a.status_code for a in answers] == [401] * 10 + [429]
    refusal = answers[-1]
    assert refusal.mimetype == "application/problem+json"
    assert refusal.json["status"] == 429
    assert 0 < int(refusal.headers["Retry-After"]) <= 300
    assert '"10-per-300s";q=10;w=300' in refusal.headers["RateLimit-Policy"]
    assert re.search(r'"10-per-300s";r=0;t=\d+', refusal.headers["RateLimit"])
    assert re.search(r'"10-per-300s";r=9;t=\d+', answers[0].headers["RateLimit"])


def test_the_right_password_does_not_help_whoever_has_guessed_too_often(ada, sign_in):
    for _ in range(10):
        sign_in()

    assert sign_in(PASSWORD).status_code == 429


def test_the_owner_signs_in_from_elsewhere_while_an_attacker_is_throttled(ada, bob, sign_in):
    for _ in range(12):
        sign_in()

    assert sign_in(PASSWORD, address="198.51.100.7").status_code == 200
    assert sign_in(PASSWORD, login="bob").status_code == 200
    assert ada.get("/api/v1/auth/users/me/").status_code == 200


def test_the_case_of_a_name_makes_no_new_account_to_guess_at(ada, sign_in):
    for name in ("ada", "ADA", "Ada", " ada ", "aDa", "adA", "ADa", "aDA", "AdA", "ada"):
        sign_in(login=name)

    assert sign_in(login="Ada").status_code == 429


@pytest.mark.parametrize(
    "name", ["X_Forwarded_For", "X_Real_IP", "Forwarded", "True_Client_IP", "CF_Connecting_IP"]
)
def test_a_rotating_forwarding_header_changes_nothing(ada, sign_in, name):
    prefix = "for=" if name == "Forwarded" else ""
    answers = [sign_in(**{name: f"{prefix}10.0.0.{n}"}) for n in range(12)]

    assert [a.status_code for a in answers] == [401] * 10 + [429, 429]


def test_one_password_on_many_accounts_is_bounded_by_the_address(app, sign_in):
    codes = [sign_in(login=f"user{n}").status_code for n in range(102)]

    assert codes == [401] * 100 + [429, 429]
    assert sign_in(login="user1", address="198.51.100.7").status_code == 401


def test_parallel_guesses_are_counted_one_by_one(ada, sign_in):
    with ThreadPoolExecutor(8) as pool:
        codes = [a.status_code for a in pool.map(lambda _: sign_in(), range(30))]

    assert sorted(codes) == [401] * 10 + [429] * 20


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"x" * 2_000_000, 413), (b"{", 400), (b"[1]", 422), (b'{"username": {"a": 1}}', 422)],
    ids=["big", "broken", "list", "object"],
)
def test_an_unreadable_sign_in_is_counted_and_leaves_the_limiter_in_redis(
    app, redis_client, body, status
):
    client = app.test_client()
    answers = [
        client.post(LOGIN, data=body, headers={"Content-Type": "application/json"})
        for _ in range(11)
    ]

    assert [a.status_code for a in answers] == [status] * 10 + [429]
    assert not limiter._storage_dead
    assert list(redis_client.scan_iter("*limit*"))


def test_a_password_change_is_throttled_for_its_user_and_nobody_else(ada, bob, monkeypatch):
    monkeypatch.setattr("app.users.passwords.verify_password", lambda *_: False)
    path = "/api/v1/auth/users/me/password/"
    body = {"current_password": "wrong", "new_password": "another password"}

    codes = [ada.post(path, json=body | {"username": str(n)}).status_code for n in range(11)]

    assert codes == [422] * 10 + [429]
    assert bob.post(path, json=body).status_code == 422


def test_users_have_a_bucket_each_for_all_of_the_api(rebound, ada, bob):
    small = rebound(THROTTLE_USER_RATE="5/hour").test_client()

    paths = [TASKS, "/api/v1/reports/insight/", "/api/v1/auth/users/me/"] * 2
    answers = [small.get(path, headers=ada.headers) for path in paths]

    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) <= 3600
    assert answers[0].headers["RateLimit-Policy"] == '"5-per-3600s";q=5;w=3600'
    assert small.get(TASKS, headers=bob.headers).status_code == 200
    assert small.get("/livez").status_code == 200
    assert small.get("/api/health/").status_code == 200


def test_callers_without_a_token_share_the_bucket_of_their_address(rebound):
    small = rebound(THROTTLE_ANON_RATE="3/hour").test_client()
    bad = {"Authorization": "Bearer nonsense"}

    codes = [small.get(TASKS, headers=bad).status_code for _ in range(4)]
    elsewhere = small.get(TASKS, environ_base={"REMOTE_ADDR": "198.51.100.7"})

    assert codes == [401, 401, 401, 429]
    assert elsewhere.status_code == 401


def test_a_trusted_proxy_names_the_address(rebound, ada):
    behind = rebound(TRUSTED_PROXIES=1, THROTTLE_ANON_RATE="2/hour").test_client()

    def code(forwarded):
        return behind.get(TASKS, headers={"X-Forwarded-For": forwarded}).status_code

    # The proxy appends the address it saw; whatever the client wrote stands before that.
    assert [code(f"10.0.0.{n}, 192.0.2.1") for n in range(3)] == [401, 401, 429]
    assert code("192.0.2.2") == 401


def test_without_redis_requests_answer_limits_hold_and_tokens_are_checked(
    rebound, closed_port, ada, monkeypatch
):
    monkeypatch.setattr("app.users.passwords.verify_password", lambda *_: False)
    url = f"redis://127.0.0.1:{closed_port}/0"
    lonely = rebound(REDIS_URL=url, CACHE_REDIS_URL=url, THROTTLE_USER_RATE="8/hour").test_client()

    assert lonely.get(TASKS).status_code == 401
    created = lonely.post(TASKS, json={"title": "x"}, headers=ada.headers)
    assert created.status_code == 201
    day = created.json["created_at"][:10]
    by_date = lonely.get(f"{TASKS}by-date/{day}/", headers=ada.headers)
    # The lists of a day do not tell of comments, so that these need not drop them from the cache.
    told = {key: value for key, value in created.json.items() if not key.startswith("comments_")}
    assert by_date.json["results"] == [told]
    assert lonely.post("/api/v1/auth/logout-all/", headers=ada.headers).status_code == 204
    assert lonely.get(TASKS, headers=ada.headers).status_code == 401

    guesses = [
        lonely.post(LOGIN, json={"username": "ada", "password": "wrong"}).status_code
        for _ in range(11)
    ]
    assert guesses == [401] * 10 + [429]


def test_without_redis_the_users_bucket_is_kept_in_memory(rebound, closed_port, ada):
    url = f"redis://127.0.0.1:{closed_port}/0"
    lonely = rebound(REDIS_URL=url, CACHE_REDIS_URL=url, THROTTLE_USER_RATE="4/hour").test_client()

    answers = [lonely.get(TASKS, headers=ada.headers) for _ in range(5)]

    assert [a.status_code for a in answers] == [200] * 4 + [429]
    assert int(answers[-1].headers["Retry-After"]) <= 3600
