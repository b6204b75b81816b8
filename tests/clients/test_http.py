import socket
import subprocess
import sys
from contextlib import contextmanager
from threading import current_thread

import pytest

from app.clients import http
from app.clients.http import HttpClient, HttpError, UnsafeAddress, make_http_client
from tests.clients.receiver import TLS, receiver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HERE = ["127.0.0.0/8"]
PUBLIC = "93.184.215.14"
HEADERS = {"Content-Type": "application/json"}

REFUSED = {
    "loopback": "http://127.0.0.1/",
    "all of loopback": "http://127.8.9.10:8080/",
    "a name for loopback": "http://localhost/",
    "a name for loopback in capitals with a dot": "http://LOCALHOST./",
    "a name under localhost": "http://hooks.localhost/",
    "loopback, IPv6": "http://[::1]/",
    "loopback, IPv6 in full": "http://[0:0:0:0:0:0:0:1]/",
    "private 10": "http://10.0.0.1/",
    "private 172.16": "http://172.31.255.254/",
    "private 192.168": "https://192.168.1.1/",
    "unique local": "http://[fd12:3456::1]/",
    "link-local": "http://169.254.1.1/",
    "link-local, IPv6": "http://[fe80::1]/",
    "a zone": "http://[fe80::1%25eth0]/",
    "a zone of loopback": "http://[::1%251]/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata with a dot": "http://169.254.169.254./latest/",
    "metadata, IPv6": "http://[fd00:ec2::254]/",
    "metadata, Azure": "http://168.63.129.16/",
    "metadata, Alibaba": "http://100.100.100.200/",
    "shared by a provider": "http://100.64.0.1/",
    "site-local": "http://[fec0::1]/",
    "unspecified": "http://0.0.0.0/",
    "this network": "http://0.1.2.3/",
    "unspecified, IPv6": "http://[::]/",
    "multicast": "http://224.0.0.1/",
    "multicast, IPv6": "http://[ff02::1]/",
    "broadcast": "http://255.255.255.255/",
    "reserved": "http://240.0.0.1/",
    "benchmarks": "http://198.18.0.1/",
    "documentation": "http://192.0.2.1/",
    "documentation, IPv6": "http://[2001:db8::1]/",
    "documentation, newer": "http://[3fff::1]/",
    "discard": "http://[100::1]/",
    "IPv4-mapped loopback": "http://[::ffff:127.0.0.1]/",
    "IPv4-mapped loopback, in hex": "http://[::ffff:7f00:1]/",
    "IPv4-mapped metadata": "http://[::ffff:a9fe:a9fe]/",
    "IPv4-compatible": "http://[::127.0.0.1]/",
    "IPv4-translated": "http://[::ffff:0:127.0.0.1]/",
    "NAT64": "http://[64:ff9b::7f00:1]/",
    "NAT64, local": "http://[64:ff9b:1::7f00:1]/",
    "6to4": "http://[2002:7f00:1::]/",
    "6to4 relay": "http://192.88.99.1/",
    "Teredo": "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "ORCHID": "http://[2001:20::1]/",
    "segment routing": "http://[5f00::1]/",
    "decimal": "http://2130706433/",
    "decimal of metadata": "http://2852039166/",
    "octal": "http://0177.0.0.1/",
    "octal in one number": "http://017700000001/",
    "hexadecimal": "http://0x7f.0.0.1/",
    "hexadecimal in one number": "http://0x7f000001/",
    "hexadecimal, capitals": "http://0X7F000001/",
    "hexadecimal without digits": "http://0x/",
    "short": "http://127.1/",
    "shorter": "http://0/",
    "leading zeros": "http://127.000.000.001/",
    "a number too large": "http://4294967297/",
    "five parts": "http://1.127.0.0.1/",
    "mixed": "http://127.0x0.1/",
    "full-width digits": "http://１２７.０.０.１/",
    "circled letters": "http://ⓛocalhost/",
    "an ideographic full stop": "http://127。0。0。1/",
    "a percent sign in the host": "http://%31%32%37.0.0.1/",
    "a NUL in the host": "http://example.com%00.localhost/",
    "a user": "http://ada@example.com/",
    "a user and a password": "http://ada:secret@example.com/",
    "a host as user": "http://example.com@127.0.0.1/",
    "an empty user": "http://@127.0.0.1/",
    "a backslash": "http://example.com\\@127.0.0.1/",
    "file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:6379/_FLUSHALL",
    "ftp": "ftp://example.com/",
    "dict": "dict://127.0.0.1:11211/",
    "data": "data:text/plain,hello",
    "javascript": "javascript:alert(1)",
    "unix": "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "no scheme": "example.com/hook",
    "no scheme, slashes": "//example.com/hook",
    "nothing": "",
    "no host": "http:///hook",
    "no host but a port": "http://:80/",
    "only a dot": "http://./",
    "an empty part": "http://example..com/",
    "a part too long": f"http://{'a' * 64}.com/",
    "port 0": "http://example.com:0/",
    "a port too large": "http://example.com:65536/",
    "a port that is none": "http://example.com:http/",
    "a negative port": "http://example.com:-1/",
    "an open bracket": "http://[::1/",
    "IPv4 in brackets": "http://[127.0.0.1]/",
    "a version of the future": "http://[v1.fe80::1]/",
    "a line break": "http://example.com/\r\nHost: 127.0.0.1",
    "a tab in the scheme": "ht\ttp://127.0.0.1/",
    "a blank in front": " http://127.0.0.1/",
    "a blank in the path": "http://example.com/a b",
    "a NUL": "http://example.com/\x00",
    "a letter beyond ASCII": "http://example.com/é",
}
TAKEN = [
    "https://example.com",
    "http://example.com:8080/hook?key=1&b=%20#part",
    "https://HOOKS.Example.com./x",
    "https://xn--bcher-kva.example/",
    "https://my_team.example.com/hook",
    f"https://{PUBLIC}/hook",
    "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:8443/",
    "http://1.example.com/",
]
FORBIDDEN_ANSWERS = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::",
    "fd00:ec2::254",
    "fe80::1%lo",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "2001:0:a00:1::",
]


class Connects:
    """Notes each time that this process connects a socket; an audit hook stays for good."""

    def __init__(self):
        self.noted, self.is_on = [], False
        sys.addaudithook(self._hear)

    def _hear(self, event, arguments):
        if self.is_on and event == "socket.connect":
            self.noted.append(arguments[1])

    @contextmanager
    def none(self):
        self.noted, self.is_on = [], True
        yield
        self.is_on = False
        assert self.noted == []


@pytest.fixture(scope="module")
def connects():
    return Connects()


def names(monkeypatch, *answers):
    """Let each look-up have the next of the answers; returns the hosts that were looked up."""
    asked, left = [], list(answers)

    def look_up(host, _port):
        asked.append(host)
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(http, "look_up", look_up)
    return asked


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_what_is_not_public_is_refused_without_a_look_up_or_a_socket(url, monkeypatch, connects):
    asked = names(monkeypatch, [PUBLIC])
    client = HttpClient([])

    with connects.none():
        with pytest.raises(UnsafeAddress):
            client.check(url)
        with pytest.raises(UnsafeAddress):
            client.post(url, b"{}", HEADERS)

    assert asked == []


@pytest.mark.parametrize("url", TAKEN)
def test_a_public_address_is_taken(url, monkeypatch, connects):
    asked = names(monkeypatch, [PUBLIC])
    with connects.none():
        HttpClient([]).check(url)

    assert asked == []


@pytest.mark.parametrize("address", FORBIDDEN_ANSWERS)
@pytest.mark.parametrize("others", [[], [PUBLIC]], ids=["alone", "after a public one"])
def test_a_name_with_any_address_that_is_not_public_is_refused(
    address, others, monkeypatch, connects
):
    asked = names(monkeypatch, [*others, address])

    with connects.none(), pytest.raises(UnsafeAddress) as refusal:
        HttpClient([]).post("https://hooks.example.com/", b"{}", HEADERS)

    assert asked == ["hooks.example.com"]
    assert address not in str(refusal.value)


def test_a_name_that_changes_its_meaning_is_looked_up_once_and_again_at_each_attempt(
    monkeypatch, connects
):
    """The address that was permitted is the one that is connected to, and only for that attempt."""
    client = HttpClient(["127.0.0.1"])
    with receiver([OK]) as server:
        url = f"http://hooks.example.com:{server.port}/"
        asked = names(monkeypatch, ["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"])

        assert client.post(url, b"1", HEADERS).status == 200
        assert asked == ["hooks.example.com"]
        with connects.none(), pytest.raises(UnsafeAddress):
            client.post(url, b"2", HEADERS)
        assert client.post(url, b"3", HEADERS).status == 200

    assert len(asked) == 3
    assert [request[-1:] for request in server.requests] == [b"1", b"3"]


def test_the_system_is_asked_where_nothing_stands_in():
    assert "127.0.0.1" in http.look_up("localhost", 80)


def test_a_name_that_is_unknown_is_an_error(monkeypatch, connects):
    def look_up(_host, _port):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(http, "look_up", look_up)
    with connects.none(), pytest.raises(HttpError, match=r"gaierror: .*not known"):
        HttpClient([]).post("http://no-such-name.invalid/", b"{}", HEADERS)


def test_a_request_says_what_it_should(monkeypatch):
    names(monkeypatch, ["127.0.0.1"])
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:9")
    with receiver([OK]) as server:
        url = f"http://Hooks.example.com:{server.port}/a/b?c=d#e"
        answer = HttpClient(HERE).post(url, b'{"a": 1}', {"webhook-id": "msg_1", **HEADERS})

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    sent = dict(line.split(": ", 1) for line in lines)
    assert (answer.status, answer.body, answer.headers) == (200, b"ok", {"Content-Length": "2"})
    assert 0 <= answer.milliseconds < 5000
    assert (first, body) == ("POST /a/b?c=d HTTP/1.1", b'{"a": 1}')
    assert sent["Host"] == f"hooks.example.com:{server.port}"
    assert (sent["webhook-id"], sent["Content-Length"]) == ("msg_1", "8")


@pytest.mark.parametrize("status", [204, 301, 302, 307, 308, 400, 410, 429, 500, 503])
def test_every_status_is_an_answer_and_no_redirect_is_followed(status):
    with receiver([OK]) as inside:
        there = f"http://127.0.0.1:{inside.port}/"
        head = f"HTTP/1.1 {status} X\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n"
        with receiver([head.encode()]) as server:
            answer = HttpClient(HERE).post(f"http://127.0.0.1:{server.port}/", b"{}", HEADERS)

    assert (answer.status, answer.headers["Location"]) == (status, there)
    assert (server.accepted, inside.accepted) == (1, 0)


def test_the_next_permitted_address_is_tried_where_one_does_not_answer(monkeypatch):
    names(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    with receiver([OK]) as server:
        answer = HttpClient(HERE).post(f"http://hooks.example.com:{server.port}/", b"", HEADERS)

    assert answer.status == 200


def test_a_certificate_of_the_name_is_good_whatever_the_address(monkeypatch):
    names(monkeypatch, ["127.0.0.1"])
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))
    with receiver([OK], tls=True) as server:
        answer = HttpClient(HERE).post(f"https://hooks.example.com:{server.port}/", b"{}", HEADERS)

    assert (answer.status, server.requests[0][:6]) == (200, b"POST /")


@pytest.mark.parametrize(
    ("host", "trusted", "why"),
    [
        ("hooks.example.com", False, "self-signed certificate"),
        ("other.example.com", True, "Hostname mismatch"),
        ("127.0.0.1", True, "IP address mismatch"),
    ],
)
def test_a_certificate_that_is_not_good_is_an_error_and_nothing_is_sent(
    host, trusted, why, monkeypatch
):
    names(monkeypatch, ["127.0.0.1"])
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))
    with receiver([OK], tls=True) as server, pytest.raises(HttpError, match=why):
        HttpClient(HERE).post(f"https://{host}:{server.port}/", b"secret", HEADERS)

    assert server.requests == []


HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "never": ([b""] * 4, {}),
    "the status": ([HEAD[i : i + 1] for i in range(16)], {}),
    "headers": ([HEAD, *[b"X: y\r\n"] * 50], {}),
    "continue": ([b"HTTP/1.1 100 Continue\r\n\r\n"] * 50, {}),
    "the body": ([HEAD + b"Content-Length: 99\r\n\r\n", *[b"x"] * 50], {}),
    "a body without an end": ([HEAD + b"\r\n", *[b"x"] * 50], {}),
    "chunks": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 50], {}),
    "with TLS": ([HEAD + b"Content-Length: 99\r\n\r\n", *[b"x"] * 50], {"tls": True}),
}


@pytest.mark.parametrize(("pieces", "options"), SLOW.values(), ids=SLOW)
def test_an_answer_that_drips_is_cut_off(pieces, options, monkeypatch):
    names(monkeypatch, ["127.0.0.1"])
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "certificate.pem"))
    scheme = "https" if options else "http"
    with receiver(pieces, pause=0.1, **options) as server:
        url = f"{scheme}://hooks.example.com:{server.port}/"
        with pytest.raises(HttpError, match=r"within 0\.3 s"):
            HttpClient(HERE, seconds=0.3).post(url, b"{}", HEADERS)


def test_tls_that_never_comes_about_is_cut_off():
    client = HttpClient(HERE, seconds=0.2)
    with (
        receiver([b"\x16\x03\x03"] * 4, pause=0.1) as server,
        pytest.raises(HttpError, match=r"within 0\.2 s|timed out"),
    ):
        client.post(f"https://127.0.0.1:{server.port}/", b"", HEADERS)


def test_a_look_up_that_hangs_is_waited_for_no_longer_than_all_else(monkeypatch, connects):
    """And when it comes back after all, nothing is opened for it."""
    with receiver([OK]) as server:
        threads = []

        def look_up(_host, _port):
            threads.append(current_thread())
            server.stopped.wait(0.3)
            return ["127.0.0.1"]

        monkeypatch.setattr(http, "look_up", look_up)
        with connects.none():
            with pytest.raises(HttpError, match=r"within 0\.1 s"):
                HttpClient(HERE, seconds=0.1).post("http://a.example.com/", b"", HEADERS)
            threads[0].join()


@pytest.mark.parametrize(
    "pieces",
    [
        [b""],
        [b"220 smtp.example.com ready\r\n"],
        [b"HTTP/1.1 abc\r\n\r\n"],
        [HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n"],
        [HEAD + b"X: y\r\n" * 101 + b"\r\n"],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ],
    ids=["nothing", "not HTTP", "no status", "long", "many", "bad chunk"],
)
def test_an_answer_that_cannot_be_read_is_an_error(pieces):
    with receiver(pieces) as server, pytest.raises(HttpError):
        HttpClient(HERE).post(f"http://127.0.0.1:{server.port}/", b"{}", HEADERS)


def test_a_port_where_nobody_listens_is_an_error_in_few_words():
    with receiver([OK]) as server:
        port = server.port

    with pytest.raises(HttpError) as error:
        HttpClient(HERE).post(f"http://127.0.0.1:{port}/", b"{}", HEADERS)
    assert str(error.value) == "ConnectionRefusedError: [Errno 111] Connection refused"


def test_of_a_large_answer_only_the_start_is_read():
    head = HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(50)) + b"\r\n"
    with receiver([head, b"a" * 20_000, *[b"b" * 1_000_000] * 20]) as server:
        answer = HttpClient(HERE).post(f"http://127.0.0.1:{server.port}/", b"{}", HEADERS)

    assert answer.body == b"a" * 16_384
    assert 10 < len(answer.headers) < 17


def test_a_compressed_answer_is_not_unpacked():
    body = b"\x1f\x8b\x08\x00 not really"
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with receiver([head + body]) as server:
        answer = HttpClient(HERE).post(f"http://127.0.0.1:{server.port}/", b"{}", HEADERS)

    assert answer.body == body


def test_networks_are_permitted_by_the_settings(make_settings):
    client = make_http_client(make_settings(WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8, fd00::/8"))
    for url in ("http://127.0.0.1:8000/", "http://[fd00::1]/"):
        client.check(url)
    for url in ("http://10.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://2130706433/"):
        with pytest.raises(UnsafeAddress):
            client.check(url)

    assert make_http_client(make_settings()).allowed == []


UNDER_GEVENT = """
from gevent import monkey
monkey.patch_all()
import sys, time
from app.clients.http import HttpClient, HttpError
begun = time.monotonic()
try:
    HttpClient(["127.0.0.1"], seconds=0.3).post(sys.argv[1], b"{}", {})
except HttpError as error:
    print(error, time.monotonic() - begun < 1)
print(HttpClient(["127.0.0.1"]).post(sys.argv[2], b"{}", {}).status)
"""


def test_the_deadline_holds_under_gevent_too():
    with receiver([HEAD, *[b"X: y\r\n"] * 50], pause=0.1) as slow, receiver([OK]) as quick:
        urls = [f"http://127.0.0.1:{server.port}/" for server in (slow, quick)]
        done = subprocess.run(
            [sys.executable, "-c", UNDER_GEVENT, *urls],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.stdout == "there was no whole answer within 0.3 s True\n200\n", done.stderr
