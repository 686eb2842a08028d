"""Messages processed from their rows: once, again where they came too early, and after every crash."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from uuid import uuid4

import pytest
from django.db import InterfaceError
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ

from tests.factories.webhooks import answer_doorbells, handled, message_of, send, tiktok_body
from tests.factories.workflows import doorbells
from workflows.keeper import sweep
from workflows.webhooks import processing
from workflows.webhooks.handled import Handled, done, ignored, not_understood, too_early
from workflows.webhooks.inbox import DOORBELL
from workflows.webhooks.models import WebhookMessage
from workflows.webhooks.processing import MOST_TRIES, pause_seconds, process_message, ring_waiting_messages
from workflows.webhooks.sources import SOURCES
from workflows.webhooks.tasks import process

pytestmark = pytest.mark.django_db

Handle = Callable[[WebhookMessage], Handled]


def use(monkeypatch: pytest.MonkeyPatch, handle: Handle) -> list[WebhookMessage]:
    """Let messages of TikTok be handled like this; returns those that will be."""
    seen: list[WebhookMessage] = []

    def watched(message: WebhookMessage) -> Handled:
        seen.append(message)
        return handle(message)

    changed = {**SOURCES, "tiktok": replace(SOURCES["tiktok"], handle=watched)}
    monkeypatch.setattr(processing, "SOURCES", MappingProxyType(changed))
    return seen


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (done("It was done."), "processed"),
        (ignored("It was not for us."), "ignored"),
        (not_understood("It made no sense."), "not_understood"),
    ],
)
def test_process_once_writes_what_came_of_it_and_never_again(
    monkeypatch: pytest.MonkeyPatch, outcome: Handled, status: str
) -> None:
    seen = use(monkeypatch, lambda message: outcome)
    message = message_of()
    assert process_message(message.id) == status
    message.refresh_from_db()
    assert (message.status, message.note, message.tries) == (status, outcome.note, 1)
    assert message.finished_at is not None
    assert [handled(message).status, process_message(message.id)] == [status, None]
    assert len(seen) == 1


def test_process_what_is_gone_does_nothing() -> None:
    assert process_message(uuid4()) is None


def test_process_what_came_too_early_rests_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = iter([too_early("Not yet."), too_early("Not yet."), done("Now.")])
    seen = use(monkeypatch, lambda message: next(outcomes))
    message = message_of()
    assert process_message(message.id) == "received"
    assert process_message(message.id) is None  # a doorbell rung twice
    message.refresh_from_db()
    assert (message.status, message.note, message.tries) == ("received", "Not yet.", 1)
    assert 1 < (message.not_before - timezone.now()).total_seconds() <= 2
    assert handled(message).tries == 2
    assert 5 < (message.not_before - timezone.now()).total_seconds() <= 6
    assert (handled(message).status, message.note, len(seen)) == ("processed", "Now.", 3)


def test_process_too_early_for_the_last_time_gives_it_up_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = use(monkeypatch, lambda message: too_early("There is no such post."))
    message = message_of(tries=MOST_TRIES - 1)
    assert handled(message).status == "ignored"
    assert message.note == "There is no such post. That was so 8 times; it is not tried again."
    assert len(seen) == 1


def test_rest_longer_each_time_for_less_than_half_an_hour_in_all() -> None:
    pauses = [pause_seconds(tries) for tries in range(1, MOST_TRIES)]
    assert pauses == [2, 6, 18, 54, 162, 486, 600]
    assert 20 * 60 < sum(pauses) < 30 * 60


def test_process_with_a_bug_undoes_what_it_did_and_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(message: WebhookMessage) -> Handled:
        message_of(b"written on the way")
        raise RuntimeError("broken")

    use(monkeypatch, broken)
    message = message_of()
    assert process_message(message.id) == "received"
    message.refresh_from_db()
    assert (message.tries, message.note) == (1, "Something went wrong here (RuntimeError).")
    assert WebhookMessage.objects.count() == 1
    WebhookMessage.objects.update(tries=MOST_TRIES - 1)
    assert handled(message).status == "failed"
    assert message.note.endswith("(RuntimeError). That was so 8 times; it is not tried again.")


def test_process_while_the_database_is_away_leaves_it_to_the_keeper(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(message: WebhookMessage) -> Handled:
        raise InterfaceError("away")

    use(monkeypatch, away)
    message = message_of()
    process(str(message.id))  # a doorbell raises nothing
    message.refresh_from_db()
    assert (message.status, message.tries, message.note) == ("received", 1, "")


def test_process_by_two_workers_lets_only_the_newer_try_write(monkeypatch: pytest.MonkeyPatch) -> None:
    message = message_of()

    def overtaken(seen: WebhookMessage) -> Handled:
        WebhookMessage.objects.filter(id=seen.id).update(tries=2)
        return done("Too late.")

    use(monkeypatch, overtaken)
    assert process_message(message.id) is None
    message.refresh_from_db()
    assert (message.status, message.tries) == ("received", 2)


def test_process_after_another_ended_it_handles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    message = message_of()
    seen = use(monkeypatch, lambda message: done("Twice."))
    claimed = processing._claim(message.id)
    assert claimed == 1
    message.status, message.note, message.finished_at = "processed", "Once.", timezone.now()
    message.save()
    assert processing._process(message.id, claimed) is None
    assert seen == []


# Lost doorbells --------------------------------------------------------------------------------------


def test_crash_between_storing_and_processing_is_made_up_for_by_the_keeper() -> None:
    assert send(tiktok_body(event="some.event")) == 200
    OrmQ.objects.all().delete()  # the worker that took the doorbell died
    sweep()
    assert doorbells() == []
    WebhookMessage.objects.update(rung_at=Now() - timedelta(seconds=61))
    sweep()
    assert answer_doorbells() == 1
    assert WebhookMessage.objects.get().status == "ignored"


def test_crash_in_the_middle_of_processing_is_made_up_for_by_the_keeper() -> None:
    message = message_of(tiktok_body(event="some.event"))
    assert processing._claim(message.id) == 1  # and here its worker died
    WebhookMessage.objects.update(
        rung_at=Now() - timedelta(seconds=3), not_before=Now() - timedelta(seconds=1)
    )
    sweep()
    assert answer_doorbells() == 1
    message.refresh_from_db()
    assert (message.status, message.tries) == ("ignored", 2)


@pytest.mark.parametrize(
    ("changes", "rung_seconds_ago", "due_seconds_ago", "is_rung"),
    [
        ({}, 59, 59, False),  # its first doorbell may still be answered
        ({}, 61, 61, True),
        ({"tries": 1}, 10, 1, True),  # its next try is due
        ({"tries": 1}, 10, -1, False),
        ({"tries": 1}, 1, 10, False),  # and was rung for
        ({"tries": 1}, 61, 70, True),
        ({"status": "processed"}, 9000, 9000, False),
        ({"status": "failed", "tries": 8}, 9000, 9000, False),
    ],
)
def test_ring_again_by_what_is_due_and_was_not_rung_for(
    changes: dict[str, object], rung_seconds_ago: float, due_seconds_ago: float, is_rung: bool
) -> None:
    message = message_of(**changes)  # type: ignore[arg-type]
    WebhookMessage.objects.update(
        rung_at=Now() - timedelta(seconds=rung_seconds_ago),
        not_before=Now() - timedelta(seconds=due_seconds_ago),
    )
    assert [ring_waiting_messages() for _ in range(2)] == [int(is_rung), 0]
    assert doorbells() == ([(DOORBELL, (str(message.id),))] if is_rung else [])
