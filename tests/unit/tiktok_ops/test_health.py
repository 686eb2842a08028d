"""What a watcher is told: it lives, it can work, it cannot; and nothing more."""

import pytest
from django.db import connection
from django.db.utils import OperationalError
from django.test import Client

from tiktok_ops.health import is_migrated
from tiktok_ops.live.lifespan import stopping


def test_ask_whether_it_lives_answers_without_the_database() -> None:
    answer = Client().get("/healthz")  # pytest-django refuses the database here
    assert answer.status_code == 200
    assert answer.json() == {"status": "live"}
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_ask_whether_it_is_ready_with_a_migrated_database_is_200() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready"}
    assert "no-store" in answer.headers["Cache-Control"]


def is_refused() -> bool:
    """Return whether the watcher is told "unavailable", and nothing else."""
    answer = Client().get("/readyz")
    return (answer.status_code, answer.json()) == (503, {"status": "unavailable"})


@pytest.mark.django_db
def test_ask_whether_it_is_ready_with_a_migration_missing_is_503() -> None:
    assert is_migrated()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE app = 'workflows')"
        )
    assert is_refused()


@pytest.mark.django_db
def test_ask_whether_it_is_ready_with_an_empty_database_is_503() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO lost")
    assert is_refused()


def test_ask_whether_it_is_ready_without_a_database_is_503(
    committed_db: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = "there_is_no_such_database"
    try:
        assert is_refused()
        with pytest.raises(OperationalError):
            is_migrated()
    finally:
        connection.settings_dict["NAME"] = name
    assert "health.database_unreachable" in caplog.text
    assert Client().get("/readyz").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_ask_after_health_is_only_for_reading(address: str) -> None:
    assert Client().head(address).status_code == 200
    assert Client().post(address).status_code == 405


@pytest.mark.django_db
def test_ask_whether_it_is_ready_once_it_is_to_stop_is_503() -> None:
    stopping.set()
    try:
        assert is_refused()
        assert Client().get("/healthz").status_code == 200
    finally:
        stopping.clear()
