import logging
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ
from pytest_django import Settings

from tests.factories.workflows import doorbells
from tiktok_ops import queue
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.audit.services import unsaved_record
from tiktok_ops.queue import Cluster, Doorbell, insert_and_ring, ring, take_next, this_cluster

RUN, STEP = UUID(int=1), UUID(int=2)


@pytest.mark.django_db
def test_ring_leaves_a_doorbell_with_ids_as_text() -> None:
    ring("workflows.tasks.advance", RUN, STEP)
    assert doorbells() == [("workflows.tasks.advance", (str(RUN), str(STEP)))]


@pytest.mark.django_db
def test_ring_asks_for_no_result_and_is_done_once_it_was_answered() -> None:
    ring("workflows.tasks.advance", RUN)
    task = OrmQ.objects.get().task
    assert task["save"] is False
    assert task["ack_failure"] is True
    assert task["kwargs"] == {}


@pytest.mark.django_db
def test_ring_in_a_transaction_that_rolls_back_leaves_no_doorbell() -> None:
    with transaction.atomic():
        ring("workflows.tasks.advance", RUN)
        assert len(doorbells()) == 1
        transaction.set_rollback(True)
    assert doorbells() == []


@pytest.mark.django_db
@pytest.mark.parametrize("cluster", list(Cluster))
def test_ring_for_a_cluster_leaves_the_doorbell_in_its_queue(cluster: Cluster) -> None:
    ring("workflows.tasks.advance", RUN, cluster=cluster)
    assert OrmQ.objects.get().key == cluster


@pytest.mark.django_db
def test_ring_without_a_cluster_leaves_it_to_the_short_one() -> None:
    ring("workflows.tasks.advance", RUN)
    assert OrmQ.objects.get().key == this_cluster() == "short"


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[object]:
    """What was sent to a queue that is not in the database."""
    sent: list[object] = []
    settings.QUEUE_BROKER = "redis"
    monkeypatch.setattr(queue, "async_task", lambda task, *ids, **options: sent.append((task, ids)))
    return sent


@pytest.mark.usefixtures("committed_db")
def test_ring_by_redis_waits_for_the_commit(redis: list[object]) -> None:
    with transaction.atomic():
        ring("workflows.tasks.advance", RUN)
        assert redis == []
    assert redis == [("workflows.tasks.advance", (str(RUN),))]


@pytest.mark.usefixtures("committed_db")
def test_ring_by_redis_in_a_transaction_that_rolls_back_is_not_rung(redis: list[object]) -> None:
    with transaction.atomic():
        ring("workflows.tasks.advance", RUN)
        transaction.set_rollback(True)
    assert redis == []


@pytest.mark.usefixtures("committed_db", "redis")
def test_ring_by_redis_that_is_away_spoils_nothing_that_was_committed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError("redis is away")

    monkeypatch.setattr(queue, "async_task", away)
    with caplog.at_level(logging.ERROR):
        ring("workflows.tasks.advance", RUN)
    assert "doorbell lost" in caplog.text


@pytest.mark.django_db
def test_take_next_takes_the_oldest_of_this_cluster_until_there_is_none() -> None:
    ring("workflows.tasks.advance", STEP, cluster="long")
    ring("workflows.tasks.advance", RUN)
    ring("workflows.webhooks.tasks.process", STEP)
    assert take_next() == Doorbell("workflows.tasks.advance", (str(RUN),))
    assert take_next() == Doorbell("workflows.webhooks.tasks.process", (str(STEP),))
    assert take_next() is None
    assert doorbells() == [("workflows.tasks.advance", (str(STEP),))]


@pytest.mark.django_db
def test_take_next_with_redis_takes_none(settings: Settings) -> None:
    ring("workflows.tasks.advance", RUN)
    settings.QUEUE_BROKER = "redis"
    assert take_next() is None
    assert len(doorbells()) == 1


@pytest.mark.usefixtures("committed_db")
def test_insert_and_ring_leaves_rows_and_doorbells_and_wakes_whoever_takes_them() -> None:
    row = unsaved_record("thing.happened", by="a test", subject="it", workspace_id=None)
    with connection.cursor() as cursor:
        cursor.execute("LISTEN doorbell_long")
    with CaptureQueriesContext(connection) as captured:
        insert_and_ring([row], "workflows.tasks.advance", RUN, clusters=[Cluster.SHORT, Cluster.LONG])
    assert len(captured) == 1
    assert AuditEvent.objects.filter(verb="thing.happened").exists()
    assert doorbells() == [("workflows.tasks.advance", (str(RUN),))] * 2
    assert sorted(OrmQ.objects.values_list("key", flat=True)) == ["long", "short"]
    assert [heard.channel for heard in connection.connection.notifies(timeout=0)] == ["doorbell_long"]


@pytest.mark.usefixtures("committed_db")
def test_insert_and_ring_without_a_cluster_to_ring_for_inserts() -> None:
    row = unsaved_record("thing.happened", by="a test", subject="it", workspace_id=None)
    insert_and_ring([row], "workflows.tasks.advance", RUN, clusters=[])
    assert AuditEvent.objects.filter(verb="thing.happened").exists()
    assert doorbells() == []


@pytest.mark.usefixtures("committed_db")
def test_insert_and_ring_by_redis_rings_for_what_is_committed(
    redis: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[bool] = []
    monkeypatch.setattr(queue, "async_task", lambda *_, **__: there.append(AuditEvent.objects.exists()))
    row = unsaved_record("thing.happened", by="a test", subject="it", workspace_id=None)
    insert_and_ring([row], "workflows.tasks.advance", RUN, clusters=[Cluster.SHORT])
    assert there == [True]
    assert redis == []
