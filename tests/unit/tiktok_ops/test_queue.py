from uuid import UUID

import pytest
from django.db import transaction
from django_q.models import OrmQ

from tests.factories.workflows import doorbells
from tiktok_ops.queue import ring

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
