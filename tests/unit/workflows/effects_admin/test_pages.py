"""The list of effects and the page of one: everything there is to know, and nothing that is secret."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse

from approvals.services import Asking, open_request
from tests.factories.accounts import AccountFactory, MembershipFactory, UserFactory, person
from tests.factories.approvals import asked_request
from tests.factories.effects import REFERENCE, effect_on, make_effect, since, tell, yes_to
from tests.factories.workflows import WorkflowStepFactory
from tests.unit.workflows.effects_admin.sites import LIST, address, operator, page_of, signed_in
from tiktok_ops.accounts.models import Brand, TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content.models import Asset
from workflows.effects.models import Effect
from workflows.effects_admin.sheet import EVENTS_SHOWN, kind_label
from workflows.transitions import EFFECT

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> ![x](https://evil.example/p.png) \u202egpj.exe\x07 <b>&amp;</b> #tag"
SINCE = datetime(2026, 11, 18, 14, 2, tzinfo=UTC)
LINK = "https://www.tiktok.com/@lumen/video/7300000000000000000"


def flat(page: str) -> str:
    """Return the page's body with every run of white space as one space."""
    return re.sub(r"\s+", " ", page.partition("<body")[2])


def list_of(effect: Effect, query: str = "") -> str:
    """Return the list as an operator of the effect's workspace sees it."""
    return flat(signed_in(operator(effect)).get(LIST + query).content.decode())


def found(effect: Effect, query: str) -> set[Any]:
    """Return the ids of the effects a list narrowed so shows."""
    changelist: Any = signed_in(operator(effect)).get(LIST + query).context["cl"]
    return {row.pk for row in changelist.result_list}


# The list -------------------------------------------------------------------------------------------


def test_list_says_what_where_how_far_and_who_approved() -> None:
    effect = effect_on(AccountFactory.create(handle="lumen"), status="sent")
    since(effect, SINCE)

    page = list_of(effect)

    assert "Post on @lumen: A lamp, switched on #lamp" in page
    assert "sent, TikTok is working on it" in page
    assert ">by us</td>" in page
    assert "Sandbox" in page
    assert re.search(r"since <time [^>]*>18 Nov 2026, 14:02 UTC", page)
    assert "Ana<small>" in page


def test_list_without_any_says_what_will_stand_there() -> None:
    account: TikTokAccount = AccountFactory.create()

    page = signed_in(person(account.workspace, Role.VIEWER)).get(LIST).content.decode()

    assert "Nothing has left yet." in page


@pytest.mark.parametrize("status", EFFECT.statuses)
def test_list_by_status_shows_those(status: str) -> None:
    effect = effect_on(status=status)

    assert found(effect, f"?status={status}") == {effect.pk}
    other = next(name for name in EFFECT.statuses if name != status)
    assert found(effect, f"?status={other}") == set()


def test_list_by_delivery_mode_and_account_shows_those() -> None:
    effect = effect_on(status="handed_over")
    other = effect_on(AccountFactory.create(workspace=effect.workspace))

    assert found(effect, "?delivery__exact=by_hand") == {effect.pk}
    assert found(effect, "?delivery__exact=direct") == {other.pk}
    assert found(effect, "?mode__exact=sandbox") == {effect.pk, other.pk}
    assert found(effect, "?mode__exact=live") == set()
    assert found(effect, f"?account__id__exact={other.account_id}") == {other.pk}


def test_list_is_searched_by_account_title_and_reference() -> None:
    effect = effect_on(AccountFactory.create(handle="lumen"), status="sent")

    for words in ("lumen", "switched on", REFERENCE):
        assert found(effect, f"?q={words}") == {effect.pk}, words
    assert found(effect, "?q=nothing") == set()


# The page -------------------------------------------------------------------------------------------


def test_page_says_who_approved_what_when_and_the_digests() -> None:
    effect = effect_on(AccountFactory.create(handle="lumen"), status="sent", claims=2, looks=3)

    page = flat(page_of(effect))

    decision = effect.decision
    for told in (
        "A lamp, switched on #lamp",
        "<td>Ana</td>",
        decision.payload_sha256,
        decision.seal,
        str(decision.id),
        '<th scope="row">Times sending began</th><td>2</td>',
        '<th scope="row">Times TikTok was asked what became of it</th><td>3</td>',
        REFERENCE,
        f"post_video:{effect.step_id}",
        "This is the sandbox: nothing of it reaches TikTok.",
    ):
        assert told in page, told
    assert "The seal does not hold." not in page


def test_page_leads_to_account_approval_and_run() -> None:
    effect = effect_on()

    page = page_of(effect)

    assert reverse("admin:accounts_tiktokaccount_change", args=[effect.account_id]) in page
    assert reverse("admin:approvals_approvalrequest_change", args=[effect.request_id]) in page
    assert reverse("admin:workflows_workflowrun_change", args=[effect.step.run_id]) in page


def test_page_leads_to_the_video_that_was_approved_and_to_no_other() -> None:
    account: TikTokAccount = AccountFactory.create()
    asset = Asset.objects.create(
        workspace=account.workspace, brand=account.brand, sha256="a" * 64, media_type="video/mp4", bytes=5
    )
    effect = effect_on(account, given={"asset": str(asset.id)})
    video = reverse("admin:content_asset_change", args=[asset.id])

    assert video in page_of(effect)
    Asset.objects.update(sha256="b" * 64)
    assert video not in page_of(effect)


def test_page_tells_what_happened_in_order_and_nothing_of_other_effects() -> None:
    effect = effect_on(status="sent")
    tell(effect, "prepared", approved_by="Ana")
    tell(effect, "sending", **{"from": "prepared"})
    other = Effect(id=effect.decision_id, step=effect.step)
    tell(other, "failed", error="Of another.")

    page = flat(page_of(effect))

    happened = page.partition("What happened</h2>")[2]
    assert happened.index("prepared</strong>") < happened.index("sending</strong>")
    assert "approved by: Ana" in happened
    assert "from: prepared" in happened
    assert "Of another." not in page


def test_page_of_an_effect_with_many_events_shows_the_first_of_them() -> None:
    effect = effect_on()
    for _ in range(EVENTS_SHOWN + 1):
        tell(effect, "sending")

    assert page_of(effect).count("<strong>sending</strong>") == EVENTS_SHOWN


def test_page_without_events_says_so() -> None:
    assert "The run has written nothing down about it yet." in page_of(effect_on())


def test_page_never_shows_where_the_upload_goes() -> None:
    effect = effect_on(status="sending", upload_secret=b"upload-secret-bytes")

    assert "upload-secret" not in page_of(effect)
    [row] = signed_in(operator(effect)).get(LIST).context["cl"].result_list
    assert "upload_secret" in row.get_deferred_fields()


def test_page_shows_what_tiktok_allowed() -> None:
    creator = {"creator_nickname": "<i>Lumen</i>", "duet_disabled": True}
    page = page_of(effect_on(creator=creator, checked_at=SINCE))

    assert "TikTok&#x27;s creator nickname</th><td>&lt;i&gt;Lumen&lt;/i&gt;</td>" in page
    assert "TikTok&#x27;s duet disabled</th><td>yes</td>" in page
    assert "TikTok was asked what it allows" in page.partition("For the record")[2]


def test_page_of_an_unknown_kind_calls_it_by_its_name() -> None:
    assert kind_label(Effect(kind="dance")) == "dance"
    assert kind_label(Effect(kind="post_video")) == "Post a video"


def test_page_that_is_not_there_leads_back() -> None:
    effect = effect_on()
    stranger = effect_on()

    assert signed_in(operator(effect)).get(address(stranger)).status_code == 302
    assert signed_in(operator(effect)).get(f"{LIST}not-an-id/change/").status_code == 302


def test_page_refuses_to_be_posted_to() -> None:
    effect = effect_on()
    client = signed_in(operator(effect))
    client.get(LIST)
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    assert client.post(address(effect), token).status_code == 403


# What proves it -------------------------------------------------------------------------------------


def test_page_of_what_tiktok_confirmed_says_on_whose_word() -> None:
    evidence = {
        "tiktok_said": "PUBLISH_COMPLETE",
        "privacy_level": "SELF_ONLY",
        "asked_at": SINCE.isoformat(),
        "odd_fact": [1],
    }
    page = flat(page_of(effect_on(status="confirmed", evidence=evidence)))

    assert "posted (TikTok confirmed)" in page
    assert '<th scope="row">Whose word it is</th><td>TikTok</td>' in page
    assert '<th scope="row">TikTok said</th><td>PUBLISH_COMPLETE</td>' in page
    assert '<th scope="row">Who can see it</th><td>only the creator</td>' in page
    assert '<th scope="row">Asked at</th><td>2026-11-18 14:02:00 UTC</td>' in page
    assert '<th scope="row">Odd fact</th><td>[1]</td>' in page


def test_page_of_what_nobody_confirmed_has_no_proof() -> None:
    page = flat(page_of(effect_on(status="sent")))

    assert "Nothing yet: only TikTok" in page
    for unknown in ("Whose word it is", "Link", "Over", "What went wrong", "Times TikTok was asked"):
        assert f'<th scope="row">{unknown}' not in page, unknown


def by_link(**changes: Any) -> Effect:
    """Return an effect somebody closed with a link."""
    ben = UserFactory.create(first_name="Ben")
    values: dict[str, Any] = {
        "confirmed_by": "person",
        "settled_by": ben,
        "url": LINK,
        "post_id": "7300000000000000000",
    }
    return effect_on(
        AccountFactory.create(handle="lumen"), status="confirmed", delivery="by_hand", **values | changes
    )


def test_page_of_what_a_person_closed_says_so_and_what_could_not_be_read() -> None:
    page = flat(page_of(by_link(evidence={"live_caption": None, "caption_matches": None})))

    assert "posted (link given by Ben)" in page
    assert "Ben, who gave the link" in page
    assert '<th scope="row">Caption on TikTok</th><td>it could not be read</td>' in page
    assert '<th scope="row">Is it the approved caption</th><td>it could not be read</td>' in page
    assert "is not the one that was approved" not in page


def test_page_of_a_live_caption_that_is_another_shows_the_difference() -> None:
    evidence = {"live_caption": "A lamp, switched off #lamp", "caption_matches": False}

    page = flat(page_of(by_link(evidence=evidence)))

    assert "The caption on TikTok is not the one that was approved." in page
    assert "switched <del>on</del><ins>off</ins> #lamp" in page
    assert '<th scope="row">Is it the approved caption</th><td>no</td>' in page


@pytest.mark.parametrize(
    ("mode", "url", "shown"),
    [
        ("sandbox", LINK, f"<td>{LINK} (simulated: there is nothing behind it)</td>"),
        ("live", LINK, f'href="{LINK}" rel="noopener noreferrer nofollow">{LINK}</a>'),
        ("live", "javascript:alert(1)", "<td>javascript:alert(1)</td>"),
    ],
)
def test_page_links_to_the_post_only_where_there_is_one(mode: str, url: str, shown: str) -> None:
    page = flat(page_of(by_link(mode=mode, url=url)))

    assert shown in page
    assert 'href="javascript' not in page
    assert ("This is the sandbox" in page) == (mode == "sandbox")


# When something is wrong ----------------------------------------------------------------------------


def handed_over_for(payload: bytes | None = None) -> Effect:
    """Return an effect whose decision has a made-up seal, and holds these bytes."""
    account: TikTokAccount = AccountFactory.create()
    step = WorkflowStepFactory.create(run__account=account, kind="action", status="waiting")
    decision = yes_to(asked_request(account), payload=payload)
    return make_effect(decision, step, status="handed_over", delivery="by_hand")


def test_page_of_bytes_the_seal_is_not_on_says_so_and_hands_nothing_over() -> None:
    page = flat(page_of(handed_over_for()))

    assert "The seal does not hold.</strong> " in page
    assert "Do not post this: what was approved cannot be trusted any more." in page
    assert "<textarea" not in page


def test_page_of_bytes_nobody_can_read_says_so() -> None:
    page = flat(page_of(handed_over_for(b'{"another": "shape"}')))

    assert "What was approved cannot be read any more" in page
    assert "Do not post this" in page


def test_page_of_a_held_effect_leads_to_what_is_asked_now() -> None:
    effect = effect_on(status="held")
    before = effect.request
    asking = Asking(run_id=before.run_id, step_id=before.step_id, requested_by=None)
    asked = open_request(
        kind=before.kind,
        account=before.account,
        payload=json.loads(bytes(before.payload)),
        facts={},
        asking=asking,
    )

    page = page_of(effect)

    assert "held: The delivery of @lumen was changed." in page
    assert reverse("admin:approvals_approvalrequest_change", args=[asked.id]) in page


def test_page_of_a_held_effect_nothing_is_asked_for_leads_nowhere() -> None:
    assert "what is asked now" not in page_of(effect_on(status="held"))


# Hostile text ---------------------------------------------------------------------------------------


def test_hostile_text_is_text_in_the_list_and_on_the_page() -> None:
    effect = effect_on(
        status="failed",
        given={"caption": HOSTILE},
        error=HOSTILE,
        provider_ref=HOSTILE[:64],
        evidence={HOSTILE: HOSTILE, "live_caption": HOSTILE},
        creator={"nickname": HOSTILE},
    )
    tell(effect, "failed", error=HOSTILE.replace("\x07", ""))

    for page in (list_of(effect), flat(page_of(effect))):
        assert "<script>alert(1)" not in page
        assert "<img" not in page
        assert "<b>&amp;</b>" not in page
        assert "\u202e" not in page
        assert "\x07" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "[U+202E]" in page


def test_brand_sees_its_own_effects_only() -> None:
    effect = effect_on()
    client = MembershipFactory.create(workspace=effect.workspace, role=Role.OWNER, reach="brands")

    assert signed_in(client.user).get(address(effect)).status_code == 302
    client.brands.set(Brand.objects.filter(accounts=effect.account))
    assert signed_in(client.user).get(address(effect)).status_code == 200
