import os
import tempfile
from pathlib import Path

import psycopg2
import pytest
import redis

from embedded import throwaway_servers


def test_a_pair_of_servers_comes_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    left_behind = Path(tempfile.mkdtemp(prefix="task-service-test-"))
    os.utime(left_behind, (0, 0))
    with throwaway_servers() as servers:
        psycopg2.connect(servers.database_url.replace("+psycopg2", "")).close()
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
        assert not left_behind.exists()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(servers.database_url.replace("+psycopg2", ""))
