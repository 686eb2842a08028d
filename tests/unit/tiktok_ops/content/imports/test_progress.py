"""Progress that others see while the import's transaction is open."""

import psycopg
import pytest
from django.db import connection, transaction

from tests.factories.accounts import AccountFactory
from tiktok_ops.content.imports.progress import committed_progress
from tiktok_ops.content.models import ContentImport


def _import(status: str) -> ContentImport:
    made: ContentImport = ContentImport.objects.create(
        account=AccountFactory.create(), file_name="posts.csv", status=status
    )
    return made


def _seen_by_others(url: str) -> tuple[int, int]:
    with psycopg.connect(url) as other:
        seen = other.execute("SELECT rows_done, rows_total FROM content_contentimport").fetchone()
    assert seen is not None
    return seen


def test_write_progress_inside_a_transaction_is_seen_by_others_at_once(committed_db: str) -> None:
    running = _import("running")
    with transaction.atomic(), committed_progress(running.id) as progress:
        running.account.save()  # the import's own transaction has work that is not committed
        progress(1_000, 3_000)
        assert _seen_by_others(committed_db) == (1_000, 3_000)
        progress(2_000, 3_000)
        transaction.set_rollback(True)
    assert _seen_by_others(committed_db) == (2_000, 3_000)


@pytest.mark.parametrize("status", ["queued", "succeeded", "failed"])
def test_write_progress_of_an_import_that_does_not_run_changes_nothing(
    committed_db: str, status: str
) -> None:
    still = _import(status)
    with committed_progress(still.id) as progress:
        progress(1_000, 3_000)
    assert _seen_by_others(committed_db) == (0, 0)


def test_end_progress_closes_its_connection(committed_db: str) -> None:
    running = _import("running")
    with committed_progress(running.id) as progress:
        progress(1, 2)
        assert _connections(committed_db) == 2
    assert _connections(committed_db) == 1


@pytest.mark.usefixtures("committed_db")
def test_write_progress_without_a_connection_to_be_had_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    running = _import("running")
    with monkeypatch.context() as patch, committed_progress(running.id) as progress:
        patch.setitem(connection.settings_dict, "PORT", "1")  # where no server listens
        progress(1, 2)
    assert ContentImport.objects.get().rows_done == 0


def _connections(url: str) -> int:
    with psycopg.connect(url) as other:
        counted = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
    assert counted is not None
    return int(counted[0])
