"""Sockets of the web page, which are opened by its cookie, and what is followed from the start."""

import json

import pytest
import websocket
from flask_jwt_extended import decode_token
from sqlalchemy import text

from app.auth import service, tokens
from app.core.db import unit_of_work
from app.core.errors import Unauthenticated
from app.extensions import db
from tests.realtime.conftest import Raw, wait_until
from tests.realtime.test_raw_refusals import refusal

pytestmark = pytest.mark.xdist_group("realtime")

RAW = "/ws/tasks/"
SOCKETIO = "/socket.io/?EIO=4&transport=websocket"


def by_cookie(server, path, cookie, origin=None):
    """A socket that a page of `origin` opens, by default one of our own."""
    headers = [f"Cookie: theme=dark; session={cookie}", f"Origin: {origin or server.url}"]
    return server.connect(path, header=headers)


def age_session(app):
    """As if the last refresh had been a while ago."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE sessions SET refreshed_at = now() - interval '1 minute'"))


def refreshed(app, person):
    with app.test_request_context(), unit_of_work() as session:
        return tokens.issue(service.refresh(session, person.refresh))["refresh"]


def test_a_page_of_our_own_opens_a_bare_socket_by_its_cookie(server, relay, ada):
    raw = Raw(by_cookie(server, RAW, ada.refresh))
    task = ada.create_task()
    assert raw.hear()["task_id"] == task["id"]
    ada.post("/api/v1/auth/logout/")
    assert raw.close_code() == 4401


def test_a_page_of_our_own_opens_socketio_by_its_cookie(server, relay, ada):
    bare = by_cookie(server, SOCKETIO, ada.refresh)
    bare.recv()
    bare.send("40")
    assert bare.recv().startswith('40{"sid"')
    task = ada.create_task()
    while not (message := bare.recv()).startswith('42["task.created"'):
        pass
    assert json.loads(message[2:])[1]["task_id"] == task["id"]


@pytest.mark.parametrize("path", [RAW, SOCKETIO])
def test_without_an_origin_or_from_another_site_the_cookie_is_worth_nothing(server, ada, path):
    bare = server.connect(path, header=[f"Cookie: session={ada.refresh}"])
    if path == RAW:
        assert "Sign in first" in Raw(bare).ask(subscribe=f"user:{ada.id}")["error"]
    else:
        bare.recv()
        bare.send("40")
        assert "unauthenticated" in bare.recv()
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        by_cookie(server, path, ada.refresh, origin="https://evil.example")


def test_a_cookie_that_is_not_good_lets_the_page_send_a_token(server, ada):
    for cookie in ("x", ada.access, ""):
        raw = Raw(by_cookie(server, RAW, cookie))
        raw.say(token=ada.access)
        assert raw.hear() == {"connected": f"user:{ada.id}"}


def test_the_token_counts_where_there_is_a_cookie_too(server, ada, bob):
    headers = [f"Cookie: session={ada.refresh}", f"Origin: {server.url}"]
    raw = Raw(server.connect(f"{RAW}?token={bob.access}", header=headers))
    assert raw.ask(subscribe=f"user:{bob.id}")["subscribed"] == f"user:{bob.id}"
    assert "error" in raw.ask(subscribe=f"user:{ada.id}")


def test_http_knows_no_cookie(client, ada):
    client.set_cookie("session", ada.refresh)
    assert client.get("/api/v1/tasks/").status_code == 401


def test_a_refresh_token_tells_whose_session_it_is_and_stays_good(app, ada):
    with app.test_request_context():
        for _ in range(2):
            actor, expires_at = service.authenticate_session(ada.refresh)
            assert actor.id == ada.id
            assert expires_at.timestamp() == decode_token(ada.refresh)["exp"]


def test_a_refresh_token_that_was_exchanged_is_good_for_a_moment_and_no_session_ends(app, ada):
    newer = refreshed(app, ada)
    with app.test_request_context():
        assert service.authenticate_session(ada.refresh)[0].id == ada.id
    age_session(app)
    with app.test_request_context():
        with pytest.raises(Unauthenticated):
            service.authenticate_session(ada.refresh)
        assert service.authenticate_session(newer)[0].id == ada.id


@pytest.mark.parametrize("end", ["revoked_at = now()", "expires_at = now()", "epoch = 9"])
def test_the_refresh_token_of_an_ended_session_stands_for_nobody(app, ada, end):
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(f"UPDATE sessions SET {end}"))
    with app.test_request_context(), pytest.raises(Unauthenticated):
        service.authenticate_session(ada.refresh)


def test_neither_an_access_token_nor_anything_else_is_a_refresh_token(app, ada):
    for token in (ada.access, "", "x", ada.refresh[:-2]):
        with app.test_request_context(), pytest.raises(Unauthenticated):
            service.authenticate_session(token)


def test_follow_none_hears_what_it_subscribes_to_over_both_kinds(
    server, listen, listen_raw, ada, relay
):
    stream = f"user:{ada.id}"
    quiet = Raw(server.connect(f"{RAW}?token={ada.access}&follow=none"))
    loud = listen_raw(ada)
    first = ada.create_task()
    assert loud.hear()["task_id"] == first["id"]
    head = quiet.ask(subscribe=f"task:{first['id']}")["head"]
    ada.create_task()
    ada.patch(f"/api/v1/tasks/{first['id']}/", json={"title": "Dry"})
    message = quiet.hear()
    assert (message["task_id"], message["seq"]) == (first["id"], head + 2)
    assert quiet.ask(unsubscribe=f"task:{first['id']}") == {"unsubscribed": f"task:{first['id']}"}

    hers = listen(ada, auth={"token": ada.access, "follow": "none"})
    ada.create_task()
    assert hers.ask(stream="mine", last_seq={stream: head})["resync_required"] is False
    wait_until(lambda: len(hers.messages()) >= 2, 2)
    assert hers.client.call("unsubscribe", {"stream": "mine"}, timeout=5) == {
        "unsubscribed": "mine"
    }


def test_follow_is_all_or_none(server, listen, ada):
    status, document = refusal(server, f"{RAW}?token={ada.access}&follow=some")
    assert status == 400
    assert '"none"' in document["detail"]
    refused = listen(ada, auth={"token": ada.access, "follow": "some"})
    assert refused.refusals[0]["message"] == "bad-request"


def test_over_socketio_the_answer_comes_ahead_of_what_was_missed(server, relay, ada):
    bare = server.connect(SOCKETIO)
    bare.recv()
    bare.send("40" + json.dumps({"token": ada.access, "follow": "none"}))
    assert bare.recv().startswith('40{"sid"')
    stream = f"user:{ada.id}"
    known = _asked(bare, stream)["head"]
    tasks = [ada.create_task() for _ in range(2)]
    while _heard(bare).get("task_id") != tasks[1]["id"]:
        pass

    head = _asked(bare, stream, known)["head"]

    heard = [_heard(bare) for _ in range(head - known)]
    assert [message["seq"] for message in heard] == list(range(known + 1, head + 1))
    assert heard[-1]["task_id"] == tasks[1]["id"]


def _heard(bare):
    return json.loads(bare.recv()[2:])[1]


def _asked(bare, stream, last_seq=None):
    """What the next frame says, which has to be the answer."""
    bare.send("421" + json.dumps(["subscribe", {"stream": stream, "last_seq": last_seq}]))
    frame = bare.recv()
    assert frame.startswith("431[")
    return json.loads(frame[3:])[0]


def joined(server, address, **auth):
    """A connection to Socket.IO, and how its first packet was answered."""
    bare = server.connect(address)
    bare.recv()
    bare.send("40" + json.dumps(auth))
    return bare, bare.recv()


def test_over_socketio_follow_may_stand_in_the_address_and_auth_goes_before_it(server, relay, ada):
    address = f"{SOCKETIO}&follow=none"
    quiet, _ = joined(server, address, token=ada.access, follow=None)
    loud, _ = joined(server, address, token=ada.access, follow="all")
    task = ada.create_task()
    while _heard(loud).get("task_id") != task["id"]:
        pass

    assert _asked(quiet, f"user:{ada.id}")["stream"] == f"user:{ada.id}"
    _, welcome = joined(server, f"{SOCKETIO}&follow=some", token=ada.access, follow="none")
    assert welcome.startswith('40{"sid"')


@pytest.mark.parametrize(
    ("address", "auth"), [("some", {}), ("", {}), ("none", {"follow": "some"})]
)
def test_over_socketio_follow_is_all_or_none_in_the_address_too(server, ada, address, auth):
    bare, answer = joined(server, f"{SOCKETIO}&follow={address}", token=ada.access, **auth)

    assert json.loads(answer.removeprefix("44"))["message"] == "bad-request"
    assert '\\"none\\"' in answer
    bare.close()
