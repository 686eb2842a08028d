"""A sandbox TikTok that knows nothing yet."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories.posting import forget_tiktok, providers


@pytest.fixture(autouse=True)
def tiktok(module_db: str, settings: Any) -> Iterator[None]:
    """A sandbox TikTok without faults that knows nothing yet, in a database of the module's own."""
    settings.PROVIDERS = providers()
    forget_tiktok()
    yield
    settings.CRASH_AT = {}
