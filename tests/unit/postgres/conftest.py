import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory outside of pytest's own, whose modes must stay as they are when tests open the way."""
    path = Path(tempfile.mkdtemp(prefix="tiktok-ops-test-")).resolve()
    yield path
    shutil.rmtree(path, ignore_errors=True)
