"""Fixtures every test may use: a database of its own kind, people, and no network."""

import gc
import os

# Read by `tiktok_ops.settings` when pytest-django loads it, and by every process a test starts.
os.environ["TIKTOK_OPS_NETWORK"] = "loopback"

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from pytest_django import DjangoDbBlocker

from agents.providers import breakers
from tests.database import (
    clone_database,
    database_digest,
    drop_database,
    keep_rows,
    prepare_database,
    template,
    wipe,
)
from tests.forms import IS_LONG, IS_WIDE, SEED, examples
from tiktok_ops.env import BASE_DIR
from tiktok_ops.network import block_network
from tiktok_ops.postgres.base import ensure_once, let_go
from tiktok_ops.postgres.server import EmbeddedServer
from workflows import estimates

CHAOS, INTEGRATION = BASE_DIR / "tests" / "chaos", BASE_DIR / "tests" / "integration"

block_network()

# The same examples on every run, so that a red run is red again; the long form and HYPOTHESIS_PROFILE=wide draw
# others each time, and many more: the seed that is printed draws them again.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile(
    "wide", max_examples=examples(100), deadline=None, database=None, print_blob=True
)
hypothesis.settings.load_profile("wide" if IS_WIDE else os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Hash passwords quickly: tests make many people. Let one seed draw whatever is drawn."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if IS_WIDE and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(SEED)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say with what to draw the same again."""
    return (
        [f"seed: TIKTOK_OPS_SEED={SEED} (and --hypothesis-seed={config.option.hypothesis_seed})"]
        if IS_WIDE
        else []
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage, and never look for it in what was collected: all of it stays."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say what one process does of the tests, so that what they share is made once: xdist deals the others singly."""
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item) -> str:
    """Return the group of a test: of its module's database, or of those that start processes and wait for them.

    The latter are one group, beside all else; not in the long form, which is little else.
    """
    if not IS_LONG and any(item.path.is_relative_to(folder) for folder in (CHAOS, INTEGRATION)):
        return "processes"
    return item.path.stem if "module_db" in getattr(item, "fixturenames", ()) else ""


@pytest.fixture(scope="session", autouse=True)
def embedded_server() -> Iterator[None]:
    """Keep the embedded server for as long as tests run, and stop it when nobody else uses it."""
    if settings.DATABASES["default"]["ENGINE"] != "tiktok_ops.postgres":
        yield
        return
    server = EmbeddedServer.default()
    ensure_once(server)
    yield
    connections.close_all()
    let_go(server)
    server.stop_if_unused()


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    embedded_server: None,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_keepdb: bool,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Make the test database, or use the last one again if migrations and SQL are what they were."""
    with django_db_blocker.unblock():
        prepare_database(keep=django_db_keepdb, digest=database_digest())
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            name = connection.settings_dict["NAME"]
            connections.close_all()
            drop_database(name)


@pytest.fixture(autouse=True)
def breakers_as_they_are() -> None:
    """Let no test see what the one before saw of circuit breakers and of costs in its own database."""
    breakers.forget()
    estimates.forget()


@pytest.fixture(scope="module")
def module_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let fixtures of a module make rows once for its tests.

    Each test's own changes are rolled back to those rows, and they at the module's end. What PostgreSQL calls
    now() is the beginning of the module then: for modules where no time counts.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def own_database(blocker: DjangoDbBlocker, spare: dict[str, str]) -> Iterator[str]:
    """Have a migrated database for the block, in which it may commit; yields its URL.

    One of `spare`, which is name and URL of those this process wiped, or else a clone of a template.
    Processes that are started reach it by `DATABASE_URL`, which is set for them; a database that one of them
    is still connected to is not lent again.
    """
    with blocker.unblock():
        shared = connection.settings_dict["NAME"]
        connections.close_all()
        name, url = spare.popitem() if spare else _cloned(shared)
        connection.settings_dict["NAME"] = name
        before = os.environ.get("DATABASE_URL")
        os.environ["DATABASE_URL"] = url
        try:
            yield url
        finally:
            if before is None:
                del os.environ["DATABASE_URL"]
            else:
                os.environ["DATABASE_URL"] = before
            connections.close_all()
            connection.settings_dict["NAME"] = shared
            if wipe(url):
                spare[name] = url
            else:
                drop_database(name)


def _cloned(shared: str) -> tuple[str, str]:
    """Return name and URL of a new clone of the template."""
    name = f"{shared}_{uuid4().hex[:12]}"
    url = clone_database(template(), name)
    keep_rows(url)
    return name, url


@pytest.fixture(scope="session")
def spare_databases(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, str]]:
    """Databases nobody uses at the moment, by name, with their URLs."""
    spare: dict[str, str] = {}
    yield spare
    with django_db_blocker.unblock():
        for name in spare:
            drop_database(name)


@pytest.fixture
def committed_db(spare_databases: dict[str, str], django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Give the test a database of its own, in which it may commit; yields its URL."""
    with own_database(django_db_blocker, spare_databases) as url:
        yield url


@pytest.fixture(scope="module")
def module_db(spare_databases: dict[str, str], django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Give a module's tests one database, in which they may commit; for those that share a process."""
    with own_database(django_db_blocker, spare_databases) as url:
        yield url
