"""The bare WebSocket at /ws/tasks/: who is refused, what ends a connection, and with which code."""

import json
import socket
import time
from datetime import timedelta

import pytest
import websocket
from flask_jwt_extended import create_access_token, decode_token
from sqlalchemy import update

from app.extensions import db
from app.realtime.connections import UNAUTHENTICATED_PER_ADDRESS
from app.users.models import Role, User
from tests.realtime.conftest import Raw
from tests.realtime.test_abuse import hundred_megabytes, repeat_last_event

pytestmark = pytest.mark.xdist_group("realtime")

RAW = "/ws/tasks/"


def refusal(server, path=RAW, **kwargs):
    """Status and problem document of a refused handshake."""
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.connect(path, **kwargs)
    return refused.value.status_code, json.loads(refused.value.resp_body)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"path": f"{RAW}?token=bad"},
        {"path": f"{RAW}?token="},
        {"header": ["Authorization: Bearer bad"]},
        {"header": ["Authorization: Basic YTpi"]},
        {"header": ["Authorization: Basic YTpi"], "subprotocols": ["bearer", "bad"]},
        {"subprotocols": ["bearer", "bad"]},
        {"subprotocols": ["bearer"]},
        {"subprotocols": ["bearer", "a", "b"]},
    ],
    ids=str,
)
def test_a_bad_token_is_refused_before_the_upgrade(server, app, kwargs):
    status, document = refusal(server, **kwargs)

    assert status == 401
    assert "Sign in again" in document["detail"]


def test_a_refresh_token_opens_no_socket(server, ada):
    assert refusal(server, f"{RAW}?token={ada.refresh}")[0] == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", ""])
def test_a_page_of_another_origin_is_refused_before_the_upgrade(server, ada, origin):
    status, document = refusal(server, f"{RAW}?token={ada.access}", header=[f"Origin: {origin}"])
    assert status == 403
    assert "CORS_ORIGINS" in document["detail"]


def test_our_own_pages_may_connect(server, ada):
    assert server.connect(f"{RAW}?token={ada.access}", header=[f"Origin: {server.url}"]).connected


@pytest.mark.parametrize("headers", [{}, {"Upgrade": "websocket", "Connection": "upgrade"}])
def test_what_is_no_handshake_is_a_bad_request_that_says_so(server, ada, headers):
    answer = server.get(RAW, headers=headers | ada.headers)
    assert answer.status_code == 400
    assert "WebSocket" in answer.json()["detail"]


@pytest.mark.parametrize(
    "first",
    [
        '{"token": "bad"}', '{"token": null}', '{"token": 5}', '{"token": ["x"]}', "{}", "[]", "x",
        "", '{"subscribe": "user:1"}', '{"token": "bad", "more": 1}', '"' + "x" * 60_000 + '"',
        "[" * 60_000,
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_first_message_without_a_good_token_is_answered_and_ends_it(server, app, first):
    raw = Raw(server.connect(RAW))
    raw.bare.send(first)
    answer = raw.hear()
    assert {"error", "code"} <= answer.keys() <= {"error", "code", "subscription"}
    assert answer["code"] in {"bad-request", "unauthenticated"}
    assert raw.close_code() == 4401


def test_who_says_nothing_is_closed_after_five_seconds(server, app):
    raw, opened = Raw(server.connect(RAW)), time.monotonic()
    assert raw.close_code(20) == 4401
    assert time.monotonic() - opened > 4


def test_dead_tokens_have_no_sockets(app, listen_raw, make_person, ada, bob, eve, admin):
    short, survivor = make_person(), make_person()
    with app.test_request_context():
        claims = decode_token(short.access)
        short.access = create_access_token(
            claims["sub"],
            additional_claims={"sid": claims["sid"]},
            expires_delta=timedelta(seconds=2),
        )
    people = [listen_raw(person) for person in (ada, bob, eve, admin, short)]
    kept = listen_raw(survivor)

    ada.post("/api/v1/auth/logout/")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(update(User).where(User.id == bob.id).values(is_active=False))
        connection.execute(update(User).where(User.id == eve.id).values(session_epoch=9))
        connection.execute(update(User).where(User.id == admin.id).values(role=Role.MEMBER))

    assert [raw.close_code() for raw in people] == [4401] * 5
    task = survivor.create_task()
    assert kept.hear()["task_id"] == task["id"]


@pytest.mark.parametrize(
    "said",
    [
        "", "x", "{", "[]", "5", "null", '"subscribe"', "{}", '{"subscribe": 5}', "[" * 9999,
        '{"subscribe":' * 999, "9" * 9999, '{"subscribe": "user:1", "last_seq": NaN}',
        '{"subscribe": "user:"}', '{"subscribe": "user:\\u0000"}', '{"subscribe": {}}',
        '{"subscribe": "user:1", "last_seq": -1}', '{"subscribe": "user:1", "last_seq": "0"}',
        '{"subscribe": "user:1", "last_seq": true}', '{"subscribe": "user:1", "last_seq": 1e3}',
        '{"subscribe": "user:1", "last_seq": 9223372036854775808}', '{"last_seq": 1}',
        '{"subscribe": "user:1", "more": 1}', '{"token": "x"}', b"\x00\x01", b"{}",
        '{"task_id": 1, "title": "forged", "action": "created", "stream": "user:1", "seq": 1}',
    ],
    ids=lambda said: repr(said[:20]),
)  # fmt: skip
def test_what_makes_no_sense_is_answered_and_changes_nothing(listen_raw, ada, bob, said):
    hers, his = listen_raw(ada), listen_raw(bob)

    (his.bare.send_binary if isinstance(said, bytes) else his.bare.send)(said)

    answer = his.hear()
    assert {"error", "code"} <= answer.keys() <= {"error", "code", "subscription"}
    assert answer["code"] in {"bad-request", "not-found"}
    assert answer["error"].endswith(".")
    task = ada.create_task()
    assert hers.hear()["task_id"] == task["id"]
    own = bob.create_task()
    assert his.hear()["task_id"] == own["id"]


@pytest.mark.parametrize("said", ["x", '{"subscribe": "user:999"}', "{}"])
def test_a_flood_of_messages_ends_the_connection(listen_raw, ada, said):
    raw = listen_raw(ada)
    for _ in range(60):
        raw.bare.send(said)
    assert raw.close_code() == 1008


def test_a_message_that_is_too_large_ends_the_connection(server, app, listen_raw, ada):
    for raw in (Raw(server.connect(RAW)), listen_raw(ada)):
        raw.bare.send("x" * 1_000_000)
        assert raw.close_code() == 1009


@pytest.mark.parametrize("shape", ["one frame", "fragments", "many frames"])
def test_a_hundred_megabytes_end_the_connection_and_take_no_memory(server, listen_raw, ada, shape):
    before = peak = server.memory()
    for bare in (server.connect(RAW), listen_raw(ada).bare):
        with pytest.raises(ConnectionError):  # noqa: PT012 - a mere timeout would not do
            for block in hundred_megabytes(shape):
                bare.sock.sendall(block)
                peak = max(peak, server.memory())
    started = time.monotonic()
    assert server.get("/livez").ok
    assert time.monotonic() - started < 30
    assert max(peak, server.memory()) - before < 20_000_000


def test_what_was_compressed_is_not_unpacked(server, app):
    bare = server.connect(RAW, header=["Sec-WebSocket-Extensions: permessage-deflate"])
    assert "sec-websocket-extensions" not in bare.headers


def test_a_client_that_does_not_read_is_dropped_and_others_get_everything(
    app, server, listen_raw, ada
):
    hers = listen_raw(ada)
    stuck = listen_raw(ada, sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])
    ada.create_task(description="x" * 10_000)
    first = hers.hear()["seq"]
    before = server.memory()
    heard = []
    for _ in range(4):
        repeat_last_event(app, 500)
        heard += [hers.hear()["seq"] for _ in range(500)]

    assert heard == list(range(first + 1, first + 2001))
    time.sleep(1.5)  # the good-bye that nobody reads
    assert server.memory() - before < 60_000_000
    got = 0
    with pytest.raises((websocket.WebSocketException, OSError, json.JSONDecodeError)):  # noqa: PT012
        while True:
            stuck.hear(1)
            got += 1
    assert got < 2000


def test_a_user_has_a_bounded_number_of_sockets_of_both_kinds(
    settings, server, listen, listen_raw, ada, bob
):
    for n in range(settings.SOCKETS_PER_USER):
        (listen if n % 2 else listen_raw)(ada)

    status, document = refusal(server, f"{RAW}?token={ada.access}")
    assert status == 429
    assert "too many connections" in document["detail"]
    late = Raw(server.connect(RAW))
    assert "too many connections" in late.ask(token=ada.access)["error"]
    assert late.close_code() == 4429
    assert listen_raw(bob).bare.connected


def test_strangers_are_few(server, app):
    strangers = []
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:  # noqa: PT012 - until it does
        while len(strangers) <= UNAUTHENTICATED_PER_ADDRESS:
            strangers.append(server.connect(RAW))
    assert refused.value.status_code == 429
    assert len(strangers) > UNAUTHENTICATED_PER_ADDRESS / 2
    for bare in strangers:
        bare.shutdown()


def test_closed_connections_are_not_counted_any_more(server, settings, ada):
    for _ in range(3 * settings.SOCKETS_PER_USER):
        raw = Raw(server.connect(f"{RAW}?token={ada.access}"))
        raw.bare.close()


@pytest.mark.parametrize(
    ("said", "code", "named"),
    [
        ({"subscribe": "board:999"}, "not-found", "board:999"),
        ({"subscribe": {"stream": "task:999"}}, "not-found", "task:999"),
        ({"subscribe": "user:1", "last_seq": -1}, "bad-request", "user:1"),
        ({"subscribe": "nowhere"}, "bad-request", "nowhere"),
        ({"unsubscribe": "nowhere"}, "bad-request", "nowhere"),
        ({"subscribe": "x" * 101}, "bad-request", None),
        ({"subscribe": 5}, "bad-request", None),
        ({"presence": {"board": 999}}, "not-found", None),
        ({"typing": "task:1"}, "bad-request", None),
        ({"hello": "task:1"}, "bad-request", None),
    ],
)
def test_a_refusal_has_a_code_and_names_the_stream_that_was_asked_for(
    listen_raw, ada, said, code, named
):
    answer = listen_raw(ada).ask(**said)

    assert answer.pop("error").endswith(".")
    assert answer == {"code": code} | ({"subscription": named} if named else {})


def test_a_token_inside_of_a_request_signs_nobody_in(server, app, ada):
    raw = Raw(server.connect(RAW))
    raw.say(subscribe={"token": ada.access})
    assert raw.hear()["code"] == "bad-request"
    assert raw.close_code() == 4401
