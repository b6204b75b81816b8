import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded import AlreadyRunningError, ValkeyServer


@pytest.fixture
def server(place: Path) -> Iterator[ValkeyServer]:
    with ValkeyServer(place / "valkey") as server:
        yield server


def client(server: ValkeyServer) -> closing[redis.Redis]:
    return closing(redis.Redis.from_url(server.url, decode_responses=True))


def test_asks_for_the_password_and_never_evicts(server: ValkeyServer) -> None:
    with client(server) as connection:
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert connection.config_get("databases") == {"databases": "64"}
    with (
        closing(redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0))) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    assert stat.S_IMODE((server.folder / "valkey.conf").stat().st_mode) == 0o600


def test_keeps_data_and_port_through_a_kill_and_through_a_stop(server: ValkeyServer) -> None:
    port = server.port
    with client(server) as connection:
        connection.set("kept", "42")
        connection.execute_command("WAITAOF", 1, 0, 1000)
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    server.start()
    with client(server) as connection:
        assert (connection.get("kept"), server.port) == ("42", port)
    server.stop()
    with ValkeyServer(server.folder) as again, client(again) as connection:
        assert (connection.get("kept"), again.port) == ("42", port)


def test_a_second_launcher_is_refused_and_the_first_goes_on(server: ValkeyServer) -> None:
    with pytest.raises(AlreadyRunningError, match=rf"pid {os.getpid()}; stop it or set DATA_DIR"):
        ValkeyServer(server.folder).start()
    assert server.is_ready()


def test_the_server_of_a_killed_launcher_is_stopped(server: ValkeyServer) -> None:
    orphan, server.process = server.process, None
    assert orphan is not None
    with client(server) as connection:
        connection.set("kept", "42")
    server.release()
    with ValkeyServer(server.folder) as again, client(again) as connection:
        assert orphan.wait(60) == 0
        assert connection.get("kept") == "42"


def test_a_taken_port_is_replaced(server: ValkeyServer, place: Path) -> None:
    taken = server.port
    other = place / "other"
    other.mkdir()
    (other / "port").write_text(f"{taken}\n")
    with ValkeyServer(other, throwaway=True) as second:
        assert second.port != taken
        assert server.is_ready()
    assert not other.exists()
