import json
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest
import requests
import websocket

from app.realtime.connections import UNAUTHENTICATED_PER_ADDRESS
from app.realtime.credentials import is_allowed_origin
from tests.realtime.conftest import PATIENCE, Listener, wait_until

pytestmark = pytest.mark.xdist_group("realtime")

POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.mark.parametrize("auth", [None, {}, {"token": "bad"}, {"token": 5}, {"token": None}])
def test_a_client_without_a_good_token_is_refused(server, app, auth):
    refused = Listener(server, auth=auth, transports=["websocket"])
    assert [refusal["message"] for refusal in refused.refusals] == ["unauthenticated"]
    assert "Sign in again" in refused.refusals[0]["data"]["detail"]
    assert not refused.client.connected


def test_a_refresh_token_opens_no_socket(server, ada):
    refused = Listener(server, auth={"token": ada.refresh}, transports=["websocket"])
    assert [refusal["message"] for refusal in refused.refusals] == ["unauthenticated"]


@pytest.mark.parametrize("place", ["header", "query"])
def test_a_token_in_the_header_or_the_query_is_as_good(server, ada, place):
    headers = ada.headers if place == "header" else {}
    query = f"&token={ada.access}" if place == "query" else ""
    bare = server.websocket(query, header=headers)
    bare.recv()
    bare.send("40")
    assert bare.recv().startswith('40{"sid"')


def test_a_bad_token_is_refused_before_the_upgrade(server, app):
    assert server.get(f"{POLLING}&token=bad").status_code == 401
    assert server.get(POLLING, headers={"Authorization": "Bearer bad"}).status_code == 401
    assert server.get(POLLING, headers={"Authorization": "Basic YTpi"}).status_code == 401
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.websocket("&token=bad")
    assert refused.value.status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", ""])
def test_a_page_of_another_origin_is_refused_before_the_upgrade(server, ada, origin):
    answer = server.get(POLLING, headers={"Origin": origin, **ada.headers})
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.websocket(header=[f"Origin: {origin}"])
    assert refused.value.status_code == 403


def test_our_own_pages_and_programs_may_connect(server, app):
    assert server.get(POLLING).status_code == 200
    assert server.get(POLLING, headers={"Origin": server.url}).status_code == 200


@pytest.mark.parametrize("scheme", ["file", "ftp", "chrome-extension"])
def test_our_own_pages_come_over_http(server, app, scheme):
    origin = f"{scheme}://{server.address}"
    assert server.get(POLLING, headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_where_tls_is_used_a_page_that_came_without_is_not_our_own(settings, scheme):
    environ = {"HTTP_HOST": "tasks.example", "wsgi.url_scheme": scheme}
    assert is_allowed_origin("https://tasks.example", environ, settings)
    assert not is_allowed_origin("http://tasks.example", environ, settings)


def test_answers_to_polling_are_kept_by_no_cache(server, app):
    assert server.get(POLLING).headers["Cache-Control"] == "no-store"
    assert server.get(f"{POLLING}&token=bad").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/ws/tasks/", "/socket.io/?EIO=4&transport=websocket"])
def test_a_handshake_without_a_host_is_a_bad_request(server, app, path):
    with socket.create_connection(server.address.split(":"), timeout=PATIENCE) as line:
        line.sendall(
            f"GET {path} HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'x' * 22}==\r\n\r\n".encode()
        )
        assert line.recv(4096).startswith(b"HTTP/1.0 400 ")


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("EIO=4&transport=polling&j=0", {}),
        ("EIO=4&transport=websocket", {}),
        ("EIO=4&transport=websocket", {"Upgrade": "websocket", "Connection": "upgrade"}),
        ("EIO=4&transport=polling", {"Upgrade": "websocket", "Connection": "upgrade"}),
        ("EIO=4&transport=polling&sid=unknown", {}),
        ("EIO=3&transport=polling", {}),
    ],
)
def test_a_malformed_handshake_is_a_bad_request(server, app, query, headers):
    assert server.get(f"/socket.io/?{query}", headers=headers).status_code == 400


def test_who_signs_out_and_in_as_somebody_else_hears_nothing_more_of_the_first(
    server, relay, ada, bob
):
    bare = server.websocket()
    bare.recv()
    for packet in (f'40{{"token":"{ada.access}"}}', f'40{{"token":"{bob.access}"}}'):
        bare.send("41")
        bare.send(packet)
        while not bare.recv().startswith('40{"sid"'):  # an event of hers may come first
            pass
    ada.create_task(title="hers")
    bob.create_task(title="his")

    while "task.created" not in (heard := bare.recv()):
        pass
    assert '"his"' in heard


def test_a_user_has_a_bounded_number_of_sockets(settings, server, listen, ada, bob):
    for _ in range(settings.SOCKETS_PER_USER):
        listen(ada)
    refusals = listen(ada).refusals
    assert [refusal["message"] for refusal in refusals] == ["too-many-sockets"]
    assert listen(bob).client.connected


def test_idle_strangers_are_few_and_soon_gone_and_nobody_waits_for_them(server, ada, listen):
    hers = listen(ada)
    opened = time.monotonic()
    strangers = []
    # Those that earlier tests left behind count as well, for as long as they have left.
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:  # noqa: PT012 - until it does
        while len(strangers) <= UNAUTHENTICATED_PER_ADDRESS:
            strangers.append(server.websocket())
    assert refused.value.status_code == 429
    assert len(strangers) > UNAUTHENTICATED_PER_ADDRESS / 2
    assert server.get(POLLING).status_code == 429
    waits = []
    for _ in range(20):
        started = time.monotonic()
        assert ada.client.application
        assert server.get("/livez").ok
        waits.append(time.monotonic() - started)
    assert statistics.median(waits) < 0.5

    with ThreadPoolExecutor(len(strangers)) as pool:
        ends = list(pool.map(_end_of, strangers))
    assert 4 < min(ends) - opened
    assert max(ends) - opened < 15
    wait_until(lambda: server.get(POLLING).status_code == 200, 10)
    assert hers.client.connected
    ada.create_task()
    wait_until(hers.messages, 10)


def _end_of(bare: websocket.WebSocket) -> float:
    """When the server closes the connection, TCP and all."""
    while True:
        try:
            if bare.recv_frame().opcode == websocket.ABNF.OPCODE_CLOSE:
                continue
        except (websocket.WebSocketException, OSError):
            return time.monotonic()


def test_a_second_upgrade_does_not_take_the_place_of_the_first(server, app):
    sid = json.loads(server.websocket().recv()[1:])["sid"]
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.websocket(f"&sid={sid}")
    assert refused.value.status_code == 400
    assert "under way" in json.loads(refused.value.resp_body)["detail"]


def test_a_polling_session_takes_one_request_of_a_kind_at_a_time(server, ada):
    session = requests.Session()
    opening = session.get(server.url + POLLING, timeout=PATIENCE).text
    sid = opening.split('"sid":"')[1].split('"')[0]
    url = f"{server.url}{POLLING}&sid={sid}"
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(requests.get, url, timeout=PATIENCE) for _ in range(2)]
        # Whichever came second is refused; the other one waits on.
        assert next(as_completed(asked)).result().status_code == 400
        assert requests.post(url, data="x" * 70_000, timeout=PATIENCE).status_code == 413
    assert all(each.exception() is None for each in asked)
    assert requests.get(url, timeout=PATIENCE).status_code == 400
