"""Browser tests need Chromium, and may use the ORM beside it."""

import os

import pytest

from tests.e2e.site import chromium


@pytest.fixture(autouse=True)
def needs_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip without a browser; let the ORM be used in the thread that drives it."""
    if chromium() is None:
        pytest.skip("there is no Chromium: install it, or set CHROME_BIN")
    # The driver keeps an event loop in this thread, and Django would refuse to be called beside one.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
