"""A database in which the sandbox may commit, made once for a module and emptied after each test."""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from agents.sandbox_grant_models import SandboxGrant, SandboxNotice, SandboxToken
from agents.sandbox_models import SandboxCreator, SandboxPost, SandboxRecord, SandboxRequest
from tests.database import clone_database, drop_database, template

EMPTIED = (
    SandboxNotice,
    SandboxToken,
    SandboxGrant,
    SandboxRequest,
    SandboxRecord,
    SandboxPost,
    SandboxCreator,
)


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[str, str]]:
    """Give a module a migrated database of its own; yields its name and URL."""
    shared = connection.settings_dict["NAME"]
    name = f"{shared}_{uuid4().hex[:12]}"
    with django_db_blocker.unblock():
        connections.close_all()
        url = clone_database(template(), name)
        yield name, url
        drop_database(name)


@pytest.fixture
def committed_sandbox(
    module_database: tuple[str, str], django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Give a test an empty sandbox in which it may commit, its child processes too.

    Faster than `committed_db`, which makes a database for each test.
    """
    name, url = module_database
    with django_db_blocker.unblock(), monkeypatch.context() as patch:
        connections.close_all()
        patch.setitem(connection.settings_dict, "NAME", name)
        patch.setitem(os.environ, "DATABASE_URL", url)
        yield
        with connection.cursor() as cursor:
            for model in EMPTIED:
                table = model._meta.db_table
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                cursor.execute(f"DELETE FROM {table}")
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        connections.close_all()
