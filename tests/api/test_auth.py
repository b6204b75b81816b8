import base64
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from sqlalchemy import func, select, update

from app.auth.jobs import purge_expired_sessions
from app.auth.models import SignInSession
from app.core.db import unit_of_work
from app.extensions import db
from app.users.models import User

PASSWORD = "correct horse battery staple"
LOGIN = "/api/v1/auth/login/"
REFRESH = "/api/v1/auth/refresh/"
ME = "/api/v1/auth/users/me/"


def assert_refused(answer):
    assert answer.status_code == 401, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["status"] == 401


def with_token(client, token, path=ME):
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def renew(client, token):
    return client.post(REFRESH, json={"refresh": token})


def pass_time_since_refresh(app, seconds):
    """Make every refresh look as if it had happened `seconds` ago."""
    moved = SignInSession.refreshed_at - timedelta(seconds=seconds)
    with app.app_context(), unit_of_work() as session:
        session.execute(update(SignInSession).values(refreshed_at=moved))


@pytest.mark.parametrize(
    "login",
    [
        {"username": "ada"},
        {"username": "ADA"},
        {"username": "ada@example.com"},
        {"email": "ada@example.com"},
        {"email": "Ada@EXAMPLE.com"},
        {"email": " ada@example.com "},
    ],
    ids=str,
)
def test_sign_in_takes_a_username_or_an_email_in_any_case(ada, client, login):
    answer = client.post(LOGIN, json=login | {"password": PASSWORD})

    assert answer.status_code == 200
    assert answer.json["user"]["id"] == ada.id
    assert set(answer.json) == {"access", "refresh", "user"}
    assert with_token(client, answer.json["access"]).json["username"] == "ada"


@pytest.mark.parametrize("login", [{}, {"username": "ada", "email": "ada@example.com"}], ids=str)
def test_sign_in_wants_one_login(ada, client, login):
    answer = client.post(LOGIN, json=login | {"password": PASSWORD})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["username"])


def test_a_wrong_password_an_unknown_and_a_disabled_account_answer_the_same(ada, bob, admin):
    assert admin.patch(f"/api/v1/users/{bob.id}/", json={"is_active": False}).status_code == 200
    attempts = [("ada", "wrong password"), ("nobody", PASSWORD), ("bob", PASSWORD)]

    answers = [
        ada.client.post(LOGIN, json={"username": name, "password": password})
        for name, password in attempts
    ]

    for answer in answers:
        assert_refused(answer)
        assert answer.json == answers[0].json


def test_a_token_of_a_disabled_account_is_dead_at_once_and_lives_not_again(bob, admin):
    path = f"/api/v1/users/{bob.id}/"
    admin.patch(path, json={"is_active": False})
    assert_refused(bob.get(ME))
    assert_refused(renew(bob.client, bob.refresh))

    admin.patch(path, json={"is_active": True})

    assert_refused(bob.get(ME))
    assert_refused(renew(bob.client, bob.refresh))


def test_a_refresh_gives_a_new_pair(ada, client):
    pair = renew(client, ada.refresh).json

    assert with_token(client, pair["access"]).status_code == 200
    assert pair["refresh"] != ada.refresh
    assert renew(client, pair["refresh"]).status_code == 200


def test_two_tabs_that_refresh_at_once_get_the_same_family(app, ada, client):
    first = renew(client, ada.refresh).json
    second = renew(client, ada.refresh).json

    pass_time_since_refresh(app, 9)
    assert renew(client, ada.refresh).status_code == 200
    for pair in (first, second):
        assert with_token(client, pair["access"]).status_code == 200
    assert sid(first["refresh"]) == sid(second["refresh"]) == sid(ada.refresh)


def test_a_used_refresh_token_that_comes_back_later_ends_the_whole_family(app, ada, client):
    pair = renew(client, ada.refresh).json
    pass_time_since_refresh(app, 11)

    assert_refused(renew(client, ada.refresh))

    assert_refused(renew(client, pair["refresh"]))
    assert_refused(with_token(client, pair["access"]))
    assert_refused(ada.get(ME))


def test_a_refresh_token_older_than_the_last_ends_the_family_within_the_grace_too(ada, client):
    second = renew(client, ada.refresh).json
    third = renew(client, second["refresh"]).json

    assert_refused(renew(client, ada.refresh))
    assert_refused(with_token(client, third["access"]))


def test_reuse_ends_one_family_and_leaves_the_other_devices_alone(app, ada, client):
    elsewhere = client.post(LOGIN, json={"username": "ada", "password": PASSWORD}).json
    renew(client, ada.refresh)
    pass_time_since_refresh(app, 11)

    assert_refused(renew(client, ada.refresh))

    assert with_token(client, elsewhere["access"]).status_code == 200
    assert renew(client, elsewhere["refresh"]).status_code == 200


def test_twenty_parallel_refreshes_leave_one_family(app, ada):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: renew(app.test_client(), ada.refresh), range(20)))

    assert {answer.status_code for answer in answers} == {200}
    claims = [jwt.decode(a.json["refresh"], options={"verify_signature": False}) for a in answers]
    assert {claim["sid"] for claim in claims} == {sid(ada.refresh)}
    assert len({claim["jti"] for claim in claims}) == 1
    with app.app_context():
        count = select(func.count()).select_from(SignInSession)
        assert db.session.scalar(count) == 1


def test_each_token_is_good_for_its_own_purpose_only(ada, client):
    assert_refused(with_token(client, ada.refresh))
    assert_refused(renew(client, ada.access))


def test_sign_out_ends_this_session_only(ada, client):
    other = client.post(LOGIN, json={"username": "ada", "password": PASSWORD}).json

    assert ada.post("/api/v1/auth/logout/").status_code == 204

    assert_refused(ada.get(ME))
    assert_refused(renew(client, ada.refresh))
    assert with_token(client, other["access"]).status_code == 200


def test_sign_out_everywhere_ends_all_sessions_of_the_caller_only(ada, bob, client):
    other = client.post(LOGIN, json={"username": "ada", "password": PASSWORD}).json

    assert ada.post("/api/v1/auth/logout-all/").status_code == 204

    for access, refresh in ((ada.access, ada.refresh), (other["access"], other["refresh"])):
        assert_refused(with_token(client, access))
        assert_refused(renew(client, refresh))
    assert bob.get(ME).status_code == 200


def test_a_password_change_ends_all_sessions_and_opens_one(ada, client):
    body = {"current_password": PASSWORD, "new_password": "another long password"}

    answer = ada.post(f"{ME}password/", json=body)

    assert answer.status_code == 200
    assert with_token(client, answer.json["access"]).status_code == 200
    assert_refused(ada.get(ME))
    assert_refused(renew(client, ada.refresh))
    assert_refused(client.post(LOGIN, json={"username": "ada", "password": PASSWORD}))
    new = {"username": "ada", "password": "another long password"}
    assert client.post(LOGIN, json=new).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"current_password": "wrong", "new_password": "another password"}, "current_password"),
        ({"current_password": PASSWORD, "new_password": "short"}, "new_password"),
        ({"current_password": PASSWORD, "new_password": "x" * 201}, "new_password"),
        ({"current_password": PASSWORD}, "new_password"),
    ],
    ids=["wrong", "short", "long", "missing"],
)
def test_a_refused_password_change_ends_nothing(ada, client, body, field):
    answer = ada.post(f"{ME}password/", json=body)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert ada.get(ME).status_code == 200
    old = {"username": "ada", "password": PASSWORD}
    assert client.post(LOGIN, json=old).status_code == 200


# What a forger can try.


def sid(token):
    return jwt.decode(token, options={"verify_signature": False})["sid"]


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def segment(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(app, claims, *, key=None, algorithm="HS256", headers=None):
    secret = app.config["JWT_SECRET_KEY"] if key is None else key
    return jwt.encode(claims, secret, algorithm=algorithm, headers=headers)


def altered(**changes):
    """The claims with some replaced; None leaves one out. Signed with the right key."""

    def forge(app, token):
        claims = claims_of(token) | changes
        return signed(app, {name: value for name, value in claims.items() if value is not None})

    return forge


def unsigned(algorithm):
    def forge(_app, token):
        return f"{segment({'alg': algorithm, 'typ': 'JWT'})}.{token.split('.')[1]}."

    return forge


def same_signature_other_header(**header):
    def forge(_app, token):
        _, claims, signature = token.split(".")
        return f"{segment({'alg': 'HS256', 'typ': 'JWT'} | header)}.{claims}.{signature}"

    return forge


def flipped(part):
    def forge(_app, token):
        parts = token.split(".")
        raw = bytearray(base64.urlsafe_b64decode(parts[part] + "=="))
        raw[len(raw) // 2] ^= 1
        parts[part] = segment(bytes(raw))
        return ".".join(parts)

    return forge


NOW = int(time.time())
FORGERIES = {
    "alg none": unsigned("none"),
    "alg NONE": unsigned("NONE"),
    "alg empty": unsigned(""),
    "alg swapped to HS512": lambda app, t: signed(
        app, claims_of(t), key=app.config["JWT_SECRET_KEY"] + "x" * 64, algorithm="HS512"
    ),
    "HS512 with the right key": lambda app, t: signed(
        app, claims_of(t), key=app.config["JWT_SECRET_KEY"], algorithm="HS512"
    ),
    "header says RS256": same_signature_other_header(alg="RS256"),
    "header says HS384": same_signature_other_header(alg="HS384"),
    "alg is a list": same_signature_other_header(alg=["HS256"]),
    "alg is a number": same_signature_other_header(alg=5),
    "kid is a path, known key": lambda app, t: signed(
        app, claims_of(t), key="\x00" * 32, headers={"kid": "../../../dev/null"}
    ),
    "kid is SQL, known key": lambda app, t: signed(
        app, claims_of(t), key="x" * 32, headers={"kid": "' UNION SELECT 'xx'--"}
    ),
    "kid added to a header that was signed": same_signature_other_header(kid="1"),
    "jwk in the header": lambda app, t: signed(
        app,
        claims_of(t),
        key="y" * 32,
        headers={"jwk": {"kty": "oct", "k": segment(b"y" * 32)}},
    ),
    "key of another service": lambda app, t: signed(app, claims_of(t), key="z" * 32),
    "the cursor key": lambda app, t: signed(app, claims_of(t), key=app.config["SECRET_KEY"]),
    "expired": altered(exp=NOW - 60),
    "no exp": altered(exp=None),
    "exp is text": altered(exp="tomorrow"),
    "not valid yet": altered(nbf=NOW + 3600),
    "other audience": altered(aud="another-service"),
    "no audience": altered(aud=None),
    "other issuer": altered(iss="another-service"),
    "no issuer": altered(iss=None),
    "no type": altered(type=None),
    "other type": altered(type="refresh"),
    "no jti": altered(jti=None),
    "jti is no UUID": altered(jti="1"),
    "no sid": altered(sid=None),
    "sid is no UUID": altered(sid="1"),
    "sid is a number": altered(sid=1),
    "sid of nobody": altered(sid=str(uuid.UUID(int=1))),
    "no subject": altered(sub=None),
    "subject is text": altered(sub="ada"),
    "subject is huge": altered(sub="9" * 30),
    "subject has 5000 digits": altered(sub="9" * 5000),
    "subject is a list": altered(sub=[1]),
    "a bit flipped in the header": flipped(0),
    "a bit flipped in the claims": flipped(1),
    "a bit flipped in the signature": flipped(2),
    "claims are a list": lambda _app, t: f"{t.split('.')[0]}.{segment([1])}.{t.split('.')[2]}",
    "two parts": lambda _app, t: t.rpartition(".")[0],
    "four parts": lambda _app, t: t + ".x",
    "empty": lambda _app, _t: "",
    "dots": lambda _app, _t: "..",
    "no base64": lambda _app, _t: "ä.ö.ü",
    "long": lambda _app, _t: "x" * 20_000,
    "null": lambda _app, _t: "null",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_access_token_answers_401(app, ada, client, forge):
    answer = with_token(client, forge(app, ada.access))

    assert_refused(answer)


# A text of more than 4096 characters is refused as no token at all, with 422.
NO_REFRESH = ("other type", "long", "subject has 5000 digits")


@pytest.mark.parametrize("name", [name for name in FORGERIES if name not in NO_REFRESH])
def test_a_forged_refresh_token_answers_401_and_ends_nothing(app, ada, client, name):
    assert_refused(renew(client, FORGERIES[name](app, ada.refresh)))
    assert renew(client, ada.refresh).status_code == 200


def test_the_user_of_a_token_must_be_the_one_of_its_session(app, ada, bob, client):
    assert_refused(with_token(client, altered(sub=str(bob.id))(app, ada.access)))
    assert_refused(renew(client, altered(sub=str(bob.id))(app, ada.refresh)))


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YWRhOng=", "bearer", "Digest x", "Bearer a b c", "\u00ff" * 9],
)
def test_a_header_without_a_token_answers_401(ada, client, header):
    assert_refused(client.get(ME, headers={"Authorization": header}))


def test_no_header_answers_401_and_tells_what_to_send(client):
    answer = client.get(ME)

    assert_refused(answer)
    assert "Authorization: Bearer" in answer.json["detail"]


def test_no_answer_holds_a_hash_or_a_password(ada, admin, client):
    answers = [
        client.post(LOGIN, json={"username": "ada", "password": PASSWORD}),
        ada.get(ME),
        admin.get("/api/v1/users/"),
    ]

    for answer in answers:
        assert "argon2" not in answer.text
        assert "password" not in answer.text


def test_a_session_that_is_over_by_time_is_dead_and_purged_a_day_later(app, ada):
    def shift(days):
        with app.app_context(), unit_of_work() as session:
            moved = SignInSession.expires_at - timedelta(days=days)
            session.execute(update(SignInSession).values(expires_at=moved))

    shift(1)
    assert_refused(ada.get(ME))
    with app.app_context():
        assert purge_expired_sessions().startswith("0 ")
    shift(2)
    with app.app_context():
        assert purge_expired_sessions().startswith("1 ")
        assert db.session.scalar(select(func.count()).select_from(User)) == 1
