import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree import Tree

from embedded import ValkeyServer


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a space in its name, below one that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="system test ") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def valkey(folder: Path) -> Iterator[ValkeyServer]:
    """The tree's Redis, which a test may stop and start; it forgets everything in between."""
    with ValkeyServer(folder / "valkey", throwaway=True) as server:
        yield server


@pytest.fixture(scope="module")
def tree(folder: Path, valkey: ValkeyServer) -> Iterator[Tree]:
    running = Tree(folder, valkey.url)
    yield running
    left = running.stop()
    sys.stdout.write(running.log)
    assert left == [], f"left behind: {left}"
