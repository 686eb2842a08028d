"""The guardrails on the bytes about to leave: held where nobody was shown what is in them, and never by an old scan."""

from typing import Any

import pytest

from agents.guardrails.models import GuardrailFinding
from agents.guardrails.policy import Preset
from agents.sandbox.tiktok import ledger as tiktok_ledger
from tests.factories.approvals import request_of
from tests.factories.checking import broken_checker
from tests.factories.guardrails import policy_of
from tests.factories.posting import (
    approved_post,
    decide,
    direct_account,
    effect_of,
    moves,
    post_step,
    sql,
    taken_work,
    until_it_rests,
    work,
)
from workflows.effects import ledger
from workflows.effects.final_scan import scan_final
from workflows.models import WorkflowRun

LINK = "See example.org for the lamp #lamp"


def stricter(run: WorkflowRun, **verdicts: str) -> None:
    """Let the policy of the run's workspace become this strict."""
    policy_of(run.workspace, verdicts=verdicts)


def test_post_goes_by_the_stored_facts_of_a_scan_of_its_bytes(tiktok: Any) -> None:
    run = until_it_rests(work(approved_post(caption=LINK)))
    effect = effect_of(run)
    assert run.status == "succeeded"
    assert effect.scan == {"sha256": effect.payload_sha256, "verdict": "allow", "why": "", "policy": 0}
    assert effect.scanned_at is not None
    [asked, final] = GuardrailFinding.objects.filter(request_id=effect.request_id).order_by("id")
    assert (asked.place, final.place, final.detector) == ("asked", "final_bytes", "link")
    assert final.step_id == effect.step_id


def test_post_approved_with_what_is_held_in_it_goes_out_as_it_was_shown(tiktok: Any) -> None:
    run = until_it_rests(work(approved_post(caption="Write to ana@example.com #lamp")))
    [post] = tiktok_ledger.posts()
    assert (run.status, post.caption) == ("succeeded", "Write to ana@example.com #lamp")
    assert request_of(run).risk == "high"


def test_post_in_which_more_is_found_than_was_shown_is_held_and_asked_again(tiktok: Any) -> None:
    run = approved_post(caption=LINK)
    stricter(run, link="hold")

    run = work(run)

    effect, asked = effect_of(run), request_of(run)
    assert tiktok_ledger.posts() == ()
    assert tiktok_ledger.received(operation="init") == ()
    assert (effect.status, asked.version, asked.status, asked.risk) == ("held", 2, "open", "high")
    assert effect.error == asked.facts["why_again"]
    assert effect.error == (
        "The guardrails hold this, for something that was not shown when it was approved: links in 'caption'."
    )
    decide(run)
    run = until_it_rests(work(run))
    assert (run.status, len(tiktok_ledger.posts())) == ("succeeded", 1)


def test_post_the_policy_blocks_by_now_ends_with_one_sentence(tiktok: Any) -> None:
    run = approved_post(caption="card 4111 1111 1111 1111 #lamp")
    policy_of(run.workspace, preset=Preset.REGULATED)

    run = work(run)

    assert tiktok_ledger.posts() == ()
    assert (run.status, effect_of(run).status) == ("failed", "failed")
    assert post_step(run).error.startswith("The guardrails refuse this: payment cards in 'caption'.")


def test_post_that_cannot_be_checked_is_held(tiktok: Any) -> None:
    run = approved_post()
    with broken_checker():
        run = work(run)
    assert tiktok_ledger.posts() == ()
    assert (effect_of(run).status, request_of(run).risk) == ("held", "high")
    assert "could not be checked" in effect_of(run).error
    decide(run)
    assert until_it_rests(work(run)).status == "succeeded"


def test_post_by_hand_is_checked_before_it_is_handed_over(tiktok: Any) -> None:
    run = approved_post(direct_account(delivery="by_hand"), caption=LINK)
    stricter(run, link="hold")
    assert moves(work(run)) == ["prepared", "held"]


@pytest.mark.parametrize("stale", ["scanned_at = scanned_at - interval '61 seconds'", "scan = NULL"])
def test_post_whose_scan_is_old_or_gone_gets_no_leave(
    tiktok: Any, monkeypatch: pytest.MonkeyPatch, stale: str
) -> None:
    run = approved_post()
    kept = ledger._keep_scan

    def keep_and_age(*args: Any) -> None:
        kept(*args)
        sql(f"UPDATE workflows_effect SET {stale}")

    monkeypatch.setattr(ledger, "_keep_scan", keep_and_age)
    work(run)
    assert (moves(run), post_step(run).error) == (["prepared"], "The guardrails checked it too long ago.")
    monkeypatch.undo()
    assert until_it_rests(run).status == "succeeded"


def test_post_scanned_again_on_another_try_keeps_each_finding_once(tiktok: Any) -> None:
    run = approved_post(caption=LINK)
    claimed = taken_work(run)
    effect = ledger.effect_of(claimed, kind="post_video")
    for _ in range(2):
        scan_final(effect, bytes(effect.decision.payload))
    found = GuardrailFinding.objects.filter(request_id=effect.request_id, place="final_bytes")
    assert found.count() == 1


def test_scan_bytes_that_were_not_approved_holds_them(tiktok: Any) -> None:
    run = approved_post()
    effect = ledger.effect_of(taken_work(run), kind="post_video")
    scanned = scan_final(effect, b"{}")
    assert (scanned["verdict"], scanned["why"]) == ("hold", "these are not the bytes that were approved")
