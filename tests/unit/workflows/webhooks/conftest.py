"""Secrets of these tests' own."""

import pytest
from pytest_django import Settings

from tests.factories.webhooks import CLIENT_KEY, SECRET, STUDIO_SECRET


@pytest.fixture(autouse=True)
def secrets(settings: Settings) -> None:
    """Let each source have one secret."""
    settings.WEBHOOK_SECRETS = {"tiktok": (SECRET,), "studio": (STUDIO_SECRET,)}
    settings.TIKTOK_CLIENT_KEY = CLIENT_KEY
