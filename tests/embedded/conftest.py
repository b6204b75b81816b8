import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a space in its path, which the user of root's PostgreSQL can enter.

    pytest's own ``tmp_path`` lies below a folder of mode 0700.
    """
    parent = Path(tempfile.mkdtemp(prefix="embedded test "))
    parent.chmod(0o711)
    yield parent
    shutil.rmtree(parent)
