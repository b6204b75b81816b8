import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from embedded import AlreadyRunningError, EmbeddedError, PostgresServer


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """What a first start leaves: making it takes longer than most tests of it."""
    with tempfile.TemporaryDirectory(prefix="embedded test ") as name:
        Path(name).chmod(0o711)
        with PostgresServer(Path(name) / "postgres") as server:
            pass
        yield server.folder


@pytest.fixture
def server(place: Path, cluster: Path) -> Iterator[PostgresServer]:
    subprocess.run(["cp", "-a", cluster, place / "postgres"], check=True)
    with PostgresServer(place / "postgres") as server:
        yield server


def query(server: PostgresServer, sql: str) -> object:
    address = server.url.replace("+psycopg2", "")
    with (
        closing(psycopg2.connect(address)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None


def kill(server: PostgresServer) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait()


def test_asks_for_the_password_and_listens_on_loopback_only(server: PostgresServer) -> None:
    assert query(server, "SELECT lower('ÄÖ')") == "äö"
    assert query(server, "SHOW listen_addresses") == "127.0.0.1"
    assert query(server, "SHOW unix_socket_directories") == ""
    assert stat.S_IMODE((server.folder / "password").stat().st_mode) == 0o600
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.url.replace("+psycopg2", "").replace(server.password, "guess"))


def test_keeps_data_and_port_through_a_kill_and_through_a_stop(server: PostgresServer) -> None:
    query(server, "CREATE TABLE kept AS SELECT 42 AS value")
    port = server.port
    kill(server)
    server.start()
    assert (query(server, "SELECT value FROM kept"), server.port) == (42, port)
    server.stop()
    with PostgresServer(server.folder) as again:
        assert (query(again, "SELECT value FROM kept"), again.port) == (42, port)


def test_a_second_launcher_is_refused_and_the_first_goes_on(server: PostgresServer) -> None:
    with pytest.raises(AlreadyRunningError, match=rf"pid {os.getpid()}; stop it or set DATA_DIR"):
        PostgresServer(server.folder).start()
    assert query(server, "SELECT 1") == 1


def test_the_server_of_a_killed_launcher_is_stopped(server: PostgresServer) -> None:
    query(server, "CREATE TABLE kept AS SELECT 42 AS value")
    orphan, server.process = server.process, None
    assert orphan is not None
    server.release()
    with PostgresServer(server.folder) as again:
        assert orphan.wait(60) == 0
        assert query(again, "SELECT value FROM kept") == 42


def test_half_a_cluster_is_made_anew(place: Path) -> None:
    (place / "postgres" / "data.tmp" / "base").mkdir(parents=True)
    with PostgresServer(place / "postgres", throwaway=True) as server:
        assert query(server, "SELECT 1") == 1


def test_a_cluster_of_another_version_is_left_alone(server: PostgresServer) -> None:
    server.stop()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 9"):
        server.start()


def test_a_throwaway_is_fast_and_leaves_nothing(tmp_path: Path) -> None:
    # As root, this folder cannot be entered by the server's user, and a link takes its place.
    with PostgresServer(tmp_path / "postgres", throwaway=True) as server:
        assert query(server, "SHOW fsync") == "off"
        assert server.folder.is_symlink() is (os.geteuid() == 0)
        data = server.data
    assert not data.parent.exists()
    assert not os.path.lexists(server.folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_files_that_had_to_be_moved_are_found_again(tmp_path: Path) -> None:
    with PostgresServer(tmp_path / "postgres") as server:
        query(server, "CREATE TABLE kept AS SELECT 42 AS value")
        data = server.data
    try:
        with PostgresServer(tmp_path / "postgres") as again:
            assert (query(again, "SELECT value FROM kept"), again.data) == (42, data)
    finally:
        shutil.rmtree(data.parents[1])


def test_stopping_takes_the_server_down(server: PostgresServer) -> None:
    pid = server.pid
    assert pid is not None
    server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
