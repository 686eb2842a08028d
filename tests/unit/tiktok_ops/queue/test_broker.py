"""The queue on a real database: who is woken, who takes what, and what happens when the database goes away."""

import logging
import threading
import time
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_q.conf import Conf
from django_q.models import OrmQ

from tests.factories.workflows import doorbells
from tests.processes import wait_until
from tiktok_ops.queue import broker as broker_module
from tiktok_ops.queue import ring
from tiktok_ops.queue.broker import Doorbells

TASK = "workflows.tasks.advance"
ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a doorbell, or believes for long that there is none."""
    monkeypatch.setattr(Conf, "POLL", 0.05)
    monkeypatch.setattr(broker_module, "LOOK_AGAIN_SECONDS", 0)


def payloads() -> list[str]:
    """Return what is queued, oldest first."""
    return list(OrmQ.objects.order_by("id").values_list("payload", flat=True))


@pytest.mark.django_db
def test_take_a_doorbell_takes_the_oldest_and_it_is_gone() -> None:
    ring(TASK, ONE)
    ring(TASK, TWO)
    first, second = payloads()
    broker = Doorbells("short")
    assert broker.dequeue() == [(None, first)]
    assert [ids for _, ids in doorbells()] == [(str(TWO),)]
    assert broker.dequeue() == [(None, second)]
    assert broker.dequeue() == []


@pytest.mark.django_db
def test_take_several_at_once_takes_up_to_the_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conf, "BULK", 2)
    for _ in range(3):
        ring(TASK, ONE)
    broker = Doorbells("short")
    assert [len(broker.dequeue()) for _ in range(3)] == [2, 1, 0]


@pytest.mark.django_db
def test_take_a_doorbell_of_another_cluster_never() -> None:
    ring(TASK, ONE, cluster="long")
    assert Doorbells("short").dequeue() == []
    assert len(Doorbells("long").dequeue()) == 1


@pytest.mark.usefixtures("committed_db")
def test_take_passes_over_what_another_is_taking(other: psycopg.Connection[tuple[object, ...]]) -> None:
    ring(TASK, ONE)
    ring(TASK, TWO)
    first, second = payloads()
    other.execute("SELECT FROM django_q_ormq WHERE payload = %s FOR UPDATE", [first])
    broker = Doorbells("short")
    assert broker.dequeue() == [(None, second)]
    assert broker.dequeue() == []
    other.rollback()
    assert broker.dequeue() == [(None, first)]


@pytest.fixture
def other(committed_db: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A second connection to the test's database."""
    with psycopg.connect(committed_db) as made:
        yield made


@pytest.fixture
def long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a doorbell that is heard ends a wait."""
    monkeypatch.setattr(Conf, "POLL", 20)
    monkeypatch.setattr(broker_module, "LOOK_AGAIN_SECONDS", 60)


@pytest.mark.usefixtures("long_waits")
def test_wait_for_a_doorbell_ends_at_its_commit_and_not_before(committed_db: str) -> None:
    woken: list[float] = []

    def listen() -> None:
        broker = Doorbells("short")
        assert broker.dequeue() == []
        assert len(broker.dequeue()) == 1
        woken.append(time.monotonic())
        connection.close()

    listener = threading.Thread(target=listen)
    listener.start()
    wait_until(lambda: is_listening(committed_db), seconds=10, what="somebody listens")
    with transaction.atomic():
        ring(TASK, ONE)
        assert woken == []
        committing = time.monotonic()
    listener.join(10)
    assert 0 <= woken[0] - committing < 5


def is_listening(url: str) -> bool:
    """Return whether a session waits for doorbells."""
    with psycopg.connect(url) as looking:
        found = looking.execute(
            "SELECT FROM pg_stat_activity WHERE state = 'idle' AND datname = current_database() "
            "AND query LIKE '%WITH next AS%'"
        ).fetchone()
    return found is not None


@pytest.mark.usefixtures("committed_db", "long_waits")
def test_listen_hears_what_was_rung_while_it_was_busy() -> None:
    broker = Doorbells("short")
    assert broker.dequeue() == []
    ring(TASK, ONE)
    before = time.monotonic()
    assert len(broker.dequeue()) == 1
    assert broker.dequeue() == []  # it looks again without waiting
    assert time.monotonic() - before < 5


@pytest.mark.usefixtures("committed_db")
def test_wait_for_a_doorbell_asks_the_database_nothing(
    monkeypatch: pytest.MonkeyPatch, other: psycopg.Connection[tuple[object, ...]]
) -> None:
    monkeypatch.setattr(broker_module, "LOOK_AGAIN_SECONDS", 60)
    broker = Doorbells("short")
    assert broker.dequeue() == []
    with CaptureQueriesContext(connection) as asked:
        assert broker.dequeue() == []
    assert len(asked) == 0


@pytest.mark.usefixtures("committed_db")
def test_doorbell_nobody_announced_is_found_when_it_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "LOOK_AGAIN_SECONDS", 60)
    broker = Doorbells("short")
    assert broker.dequeue() == []
    ring(TASK, ONE)
    OrmQ.objects.update(key="long")
    assert broker.dequeue() == []  # somebody else was faster
    OrmQ.objects.update(key="short")
    assert broker.dequeue() == []
    monkeypatch.setattr(broker_module, "monotonic", lambda: time.monotonic() + 61)
    assert len(broker.dequeue()) == 1


@pytest.mark.usefixtures("committed_db")
def test_take_after_the_database_ended_the_session_goes_on_with_a_new_one(
    caplog: pytest.LogCaptureFixture, other: psycopg.Connection[tuple[object, ...]]
) -> None:
    broker = Doorbells("short")
    assert broker.dequeue() == []
    ring(TASK, ONE)
    other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with caplog.at_level(logging.WARNING):
        assert broker.dequeue() == []
    assert "queue lost the database" in caplog.text
    assert len(broker.dequeue()) == 1
    ring(TASK, TWO)
    assert len(broker.dequeue()) == 1


@pytest.mark.django_db
def test_queue_tells_how_much_waits_in_it() -> None:
    ring(TASK, ONE)
    broker = Doorbells("short")
    assert broker.queue_size() == 1
    assert broker.lock_size() == 0
