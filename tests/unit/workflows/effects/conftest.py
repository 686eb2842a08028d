"""What tests of posting share: a database to commit in, media of their own, a sandbox TikTok that publishes at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from tests.database import clone_database, drop_database, template
from tests.factories.posting import WatchedTikTok, forget_tiktok, providers


@pytest.fixture(scope="module")
def posting_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give a module's tests one database to commit in, for cloning one for each takes longer than most of them."""
    with django_db_blocker.unblock():
        shared = connection.settings_dict["NAME"]
        name = f"{shared}_{uuid4().hex[:12]}"
        connections.close_all()
        clone_database(template(), name)
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = shared
            drop_database(name)


@pytest.fixture
def tiktok(posting_db: None, settings: Any, tmp_path: Path) -> Any:
    """Have a sandbox TikTok that knows nothing yet and publishes at once; gives settings, to set its faults.

    The database is the module's: rows of ours that earlier tests committed are still there.
    """
    forget_tiktok()
    WatchedTikTok.happens.clear()
    settings.MEDIA_ROOT = tmp_path
    settings.PROVIDERS = providers()
    return settings
