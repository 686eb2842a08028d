"""What an effect's status is called: "posted" only on somebody's word, and whose."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.approvals import asked_request
from tests.factories.effects import effect_on, since
from tests.factories.pages import make_world
from tiktok_ops.accounts.models import User
from workflows.effect_words import delivery_of, fate_of, tone_of, words_of
from workflows.effects.models import Effect
from workflows.transitions import EFFECT

SINCE = datetime(2026, 11, 18, 14, 2, tzinfo=UTC)

WORDS: list[tuple[dict[str, Any], str, str]] = [
    ({"status": "prepared"}, "approved, not sent yet", "neutral"),
    (
        {"status": "prepared", "cleared_by": "person", "attempt_allowed_by": User(first_name="Ben")},
        "to be sent once more, as Ben allowed",
        "neutral",
    ),
    ({"status": "sending"}, "being sent now", "info"),
    ({"status": "sent"}, "sent, TikTok is working on it", "info"),
    ({"status": "unknown"}, "unknown: being looked into since 2026-11-18 14:02 UTC", "warning"),
    ({"status": "held", "error": "It changed."}, "held: It changed.", "warning"),
    ({"status": "handed_over"}, "handed over to a person", "warning"),
    ({"status": "confirmed", "confirmed_by": "provider"}, "posted (TikTok confirmed)", "good"),
    (
        {"status": "confirmed", "confirmed_by": "person", "settled_by": User(first_name="Ana")},
        "posted (link given by Ana)",
        "good",
    ),
    (
        {"status": "confirmed", "confirmed_by": "provider", "kind": "create_campaign"},
        "created, switched off (TikTok confirmed)",
        "good",
    ),
    ({"status": "confirmed", "confirmed_by": "provider", "kind": "gone"}, "done (TikTok confirmed)", "good"),
    ({"status": "failed", "error": "No \u202ebytes."}, "failed: No [U+202E]bytes.", "bad"),
]


@pytest.mark.parametrize(("fields", "words", "tone"), WORDS)
def test_say_a_status_says_what_is_known_and_no_more(fields: dict[str, Any], words: str, tone: str) -> None:
    effect = Effect(status_since=SINCE, **{"kind": "post_video", **fields})
    assert (words_of(effect), tone_of(effect)) == (words, tone)


def test_say_a_status_knows_every_one_there_is() -> None:
    assert {fields["status"] for fields, _, _ in WORDS} == set(EFFECT.statuses)


@pytest.mark.parametrize("fields", [fields for fields, _, _ in WORDS if fields["status"] != "confirmed"])
def test_say_posted_of_nothing_nobody_confirmed(fields: dict[str, Any]) -> None:
    assert "posted" not in words_of(Effect(status_since=SINCE, **fields))


@pytest.mark.parametrize(("delivery", "words"), [("direct", "by us"), ("by_hand", "by a person")])
def test_say_a_delivery_promises_no_post(delivery: str, words: str) -> None:
    assert delivery_of(Effect(delivery=delivery)) == words


def test_say_a_delivery_knows_every_one_there_is() -> None:
    assert all(delivery_of(Effect(delivery=delivery)) for delivery in Effect.Delivery)


@pytest.mark.django_db
def test_fate_of_an_approval_is_how_far_its_effect_is() -> None:
    effect = effect_on(status="unknown")
    since(effect, SINCE)

    fate = fate_of(effect.request)

    assert fate is not None
    assert fate.words == "unknown: being looked into since 2026-11-18 14:02 UTC"
    assert (fate.since, fate.tone, fate.url) == (
        SINCE,
        "warning",
        f"/admin/workflows/effect/{effect.id}/change/",
    )


@pytest.mark.django_db
def test_fate_of_what_was_not_approved_is_none() -> None:
    assert fate_of(asked_request(make_world().account)) is None
