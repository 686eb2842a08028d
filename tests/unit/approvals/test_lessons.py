"""What decisions teach is proposed with them, and told once a person accepts it."""

from typing import Any

import pytest

from agents.memory.models import MemoryItem
from approvals.amending import approve_edited
from approvals.differences import word_changes
from approvals.kinds import kind_of
from approvals.lessons import changes_in_words, propose_from_edit
from approvals.models import ApprovalRequest, Decision
from approvals.services import reject
from approvals.shares import share_of, with_shares
from tests.factories.accounts import AccountFactory, person
from tests.factories.approvals import asked_request, asked_run, given_on, request_of
from tests.factories.posting import decide
from tiktok_ops.accounts.models import Brand, TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.canonical import canonical_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create(locale="en")
    return made


def say(account: TikTokAccount, asked: ApprovalRequest, **words: Any) -> dict[str, Any]:
    """Return what an approver says."""
    return {
        "request_id": asked.id,
        "by": person(account.workspace, Role.APPROVER),
        "channel": "admin",
        "seen_sha256": asked.payload_sha256,
        **words,
    }


def edited(asked: ApprovalRequest, **changes: Any) -> dict[str, Any]:
    """Return the payload that was asked for with some fields changed."""
    payload = kind_of(asked.kind).Payload.model_validate_json(bytes(asked.payload))
    return payload.model_dump(mode="json") | changes


def test_rejection_proposes_what_was_wrong_as_a_lesson_of_the_brand(account: TikTokAccount) -> None:
    run = asked_run(account)
    asked = request_of(run)
    decision = reject(**say(account, asked, comment="We never name a price."))
    lesson = MemoryItem.objects.get()
    assert lesson.text == "Rejected: “A lamp, switched on #lamp”. Reason: We never name a price."
    assert (lesson.kind, lesson.status, lesson.brand) == ("lesson", "proposed", account.brand)
    assert (lesson.source_run_id, lesson.source) == (run.id, f"approval {asked.id}")
    assert (lesson.language, decision.verb) == ("english", "reject")


def test_rejection_that_does_not_come_about_teaches_nothing(account: TikTokAccount) -> None:
    asked = request_of(asked_run(account))
    reject(**say(account, asked, comment="No."))
    MemoryItem.objects.all().delete()
    with pytest.raises(Exception, match="already rejected"):
        reject(**say(account, asked, comment="No, again."))
    assert not MemoryItem.objects.exists()


def test_edit_that_is_approved_proposes_the_words_that_were_changed(account: TikTokAccount) -> None:
    run = asked_run(account)
    asked = request_of(run)
    caption = "A warm lamp, switched on"
    decision = approve_edited(
        **say(account, asked, payload=edited(asked, caption=caption), comment="Warmer, and no tags.")
    )
    lesson = MemoryItem.objects.get()
    assert lesson.text == (
        "Edited before it was approved: “warm” was added; “#lamp” was left out. Reason: Warmer, and no tags."
    )
    assert decision.request_id == request_of(run).id != asked.id
    run.refresh_from_db()
    output: Any = run.steps.get(key="gate").output
    assert output["payload"]["caption"] == caption


def test_edit_of_settings_alone_teaches_no_words(account: TikTokAccount) -> None:
    asked = request_of(asked_run(account))
    approve_edited(**say(account, asked, payload=edited(asked, allow_comment=True)))
    assert not MemoryItem.objects.exists()


def test_long_edit_is_told_in_a_few_changes(account: TikTokAccount) -> None:
    caption = " ".join(f"{word} same{word}" for word in "abcdefgh")
    asked = asked_request(account, caption=caption)
    new = edited(asked, caption=" ".join(f"new{word} same{word}" for word in "abcdefgh"))
    decision = Decision(decided_by=person(account.workspace, Role.APPROVER))
    lesson = propose_from_edit(kind_of(asked.kind), asked, canonical_json(new), decision)
    assert lesson is not None
    assert lesson.text.startswith("Edited before it was approved: “a” became “newa”; ")
    assert lesson.text.endswith("; and 2 more.")


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("cheap lamp", "fine lamp", ["“cheap” became “fine”"]),
        ("a cheap lamp", "a lamp", ["“cheap” was left out"]),
        ("a lamp", "a fine lamp", ["“fine” was added"]),
        ("a lamp now", "a lamp", ["“now” was left out"]),
        ("a  lamp", "a lamp", []),
        ("", "a lamp", ["“a lamp” was added"]),
    ],
)
def test_changes_in_words(before: str, now: str, told: list[str]) -> None:
    assert changes_in_words(word_changes(before, now)) == told


def test_kind_that_drafts_nothing_teaches_nothing(account: TikTokAccount) -> None:
    asked, decision = asked_request(account), Decision(comment="x")
    budget = kind_of("budget")
    assert not budget.teaches
    assert propose_from_edit(budget, asked, b"{}", decision) is None


def test_share_approved_without_edits_counts_each_approval_once(account: TikTokAccount) -> None:
    decide(asked_run(account))
    decide(asked_run(account), "reject")
    asked = request_of(asked_run(account, given=given_on(account, caption="Another lamp")))
    approve_edited(**say(account, asked, payload=edited(asked, caption="Another")))
    other = AccountFactory.create(workspace=account.workspace)
    brands = {brand: brand for brand in with_shares(Brand.objects.all(), ApprovalRequest.objects.all())}
    mine, others = brands[account.brand], brands[other.brand]
    assert (mine.approved, mine.without_edits, share_of(mine)) == (2, 1, 0.5)
    assert (others.approved, share_of(others)) == (0, None)
