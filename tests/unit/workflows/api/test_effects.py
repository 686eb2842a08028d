"""`/api/v1/effects/`: whose word a confirmation is, hostile text as text, and nothing secret."""

from typing import Any

import pytest

from tests.factories.accounts import AccountFactory, UserFactory
from tests.factories.effects import REFERENCE, effect_on, since
from tests.factories.figures import NOON
from tests.unit.tiktok_ops.rest.callers import make_key, using
from workflows.effects.models import Effect
from workflows.transitions import EFFECT

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert(1)</script> ![x](https://evil.example/p.png) \u202egpj.exe\x07 "quoted"'
LINK = "https://www.tiktok.com/@lumen/video/7300000000000000000"


def read(effect: Effect, path: str = "") -> Any:
    """Return what the API says of the effect, with a key of its workspace."""
    answer = using(make_key(effect.workspace)).get(f"/api/v1/effects/{path or f'{effect.id}/'}")
    assert answer.status_code == 200, answer.json()
    return answer.json()


@pytest.mark.parametrize("status", EFFECT.statuses)
def test_read_an_effect_tells_its_status_as_it_is(status: str) -> None:
    effect = effect_on(status=status)
    since(effect, NOON)

    told = read(effect)

    assert (told["status"], told["status_since"]) == (status, "2025-06-30T12:00:00Z")
    assert told["confirmed_by"] == ("provider" if status == "confirmed" else "")
    assert (told["finished_at"] is not None) is (status in EFFECT.terminal)
    assert told["provider_ref"] == (REFERENCE if status in {"sent", "confirmed"} else "")
    assert bool(told["error"]) is (status in {"held", "failed"})


def test_read_an_effect_leads_to_what_was_asked_and_who_approved_it() -> None:
    effect = effect_on(claims=2)

    told = read(effect)

    assert told["run_id"] == str(effect.step.run_id)
    assert told["step_id"] == str(effect.step_id)
    assert told["approval_id"] == str(effect.request_id)
    assert told["decision_id"] == str(effect.decision_id)
    assert told["payload_sha256"] == effect.decision.payload_sha256
    assert (told["kind"], told["mode"], told["sandbox"], told["delivery"], told["claims"]) == (
        "post_video",
        "sandbox",
        True,
        "direct",
        2,
    )


def test_read_an_effect_a_person_closed_names_them() -> None:
    ben = UserFactory.create(username="ben")
    effect = effect_on(
        status="confirmed",
        delivery="by_hand",
        confirmed_by="person",
        settled_by=ben,
        url=LINK,
        post_id="7300000000000000000",
        evidence={"caption_matches": True},
    )

    told = read(effect)

    assert (told["confirmed_by"], told["settled_by"], told["url"]) == ("person", "user:ben", LINK)
    assert told["post_id"] == "7300000000000000000"
    assert told["evidence"] == {"caption_matches": True}


def test_read_an_effect_never_shows_where_the_upload_goes() -> None:
    effect = effect_on(status="sending", upload_secret=b"upload-secret-bytes", creator={"nickname": "Lumen"})

    for told in (read(effect), read(effect, "?status=sending")["results"][0]):
        assert "upload_secret" not in told
        assert "upload-secret" not in str(told)
        assert "creator" not in told


def test_read_an_effect_of_hostile_text_gives_it_back_as_text() -> None:
    effect = effect_on(
        AccountFactory.create(), status="failed", error=HOSTILE, evidence={HOSTILE: HOSTILE}, url=HOSTILE
    )
    client = using(make_key(effect.workspace))

    answer = client.get(f"/api/v1/effects/{effect.id}/")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["error"] == HOSTILE
    assert answer.json()["evidence"] == {HOSTILE: HOSTILE}
    assert answer.json()["url"] == HOSTILE
    assert client.get(f"/api/v1/effects/{effect.id}/", headers={"accept": "text/html"}).status_code == 406


def test_list_effects_shows_the_newest_first() -> None:
    first = effect_on()
    second = effect_on(AccountFactory.create(workspace=first.workspace), status="sent")

    told = read(first, "?page_size=10")

    assert [row["id"] for row in told["results"]] == [str(second.id), str(first.id)]


def test_read_an_effect_that_is_sent_once_more_names_who_allowed_it() -> None:
    ben = UserFactory.create(username="ben")
    effect = effect_on(
        claims=1,
        cleared_by="person",
        attempt_allowed_by=ben,
        attempt_allowed_at=NOON,
        attempt_reason="It is not there.",
    )

    told = read(effect)

    assert (told["attempt_allowed_by"], told["attempt_allowed_at"]) == ("user:ben", "2025-06-30T12:00:00Z")
    assert read(effect_on())["attempt_allowed_by"] is None
