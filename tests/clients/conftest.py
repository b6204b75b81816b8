from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.config import Settings, explicit_settings


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of which only those of one client matter."""

    def make(**values: Any) -> Settings:
        return explicit_settings(
            **{
                "SECRET_KEY": "only-for-tests-" + "x" * 32,
                "DATABASE_URL": "postgresql://u:p@db/tasks",
                "REDIS_URL": "redis://redis:6379/0",
                "DATA_DIR": tmp_path,
                **values,
            }
        )

    return make
