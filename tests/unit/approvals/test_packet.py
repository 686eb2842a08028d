"""The packet: preview, findings at their phrases, what changed, who did what, and what became of it."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from approvals.models import ApprovalRequest
from approvals.packet import in_words, words_of
from approvals.services import approve
from tests.factories.accounts import AccountFactory, BrandFactory, MembershipFactory, person
from tests.factories.approvals import asked_request, asked_run, request_of
from tests.factories.effects import effect_on
from tests.unit.approvals.findings import finding
from tests.unit.approvals.test_differences import ask_again
from tiktok_ops.accounts.models import Brand, TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.content.models import Asset

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> ![x](https://evil.example/p.png) \u202egpj.exe\x07 <b>&amp;</b> \"' #tag"
SHA256 = "a" * 64


@pytest.fixture
def account() -> TikTokAccount:
    """An account of a brand."""
    made: TikTokAccount = AccountFactory.create(handle="lumen.lamps")
    return made


@pytest.fixture
def asset(account: TikTokAccount) -> Asset:
    """A video of the account's brand, with its measures."""
    return Asset.objects.create(
        workspace=account.workspace,
        brand=account.brand,
        file="assets/made.mp4",
        sha256=SHA256,
        media_type="video/mp4",
        bytes=5,
        probe={"duration_seconds": 12.5, "width": 1080, "height": 1920},
    )


def page_of(asked: ApprovalRequest, by: User | None = None) -> str:
    """Return the packet as an approver of the workspace sees it, or as `by` does."""
    client = Client()
    client.force_login(by or person(asked.workspace, Role.APPROVER))
    return client.get(reverse("admin:approvals_approvalrequest_change", args=[asked.id])).content.decode()


def asked_about(account: TikTokAccount, caption: str, **facts: Any) -> ApprovalRequest:
    """Return a request for this caption with these facts."""
    asked = asked_request(account, caption=caption)
    ApprovalRequest.objects.filter(id=asked.id).update(facts=facts)
    return asked


def flat(page: str) -> str:
    """Return the page with every run of white space as one space."""
    return re.sub(r"\s+", " ", page)


# The preview ----------------------------------------------------------------------------------------


def test_preview_plays_the_video_beside_handle_and_words(account: TikTokAccount, asset: Asset) -> None:
    page = page_of(asked_request(account, asset=str(asset.id)))

    video = reverse("admin:content_asset_file", args=[asset.id])
    assert f'<video controls preload="metadata" playsinline src="{video}"' in page
    assert '<strong class="phone-handle">@lumen.lamps</strong>' in page
    assert "A lamp, switched on <b>#lamp</b></summary>" in page
    assert "MP4 video, 12.5 s, 1080 × 1920." in page


def test_preview_without_the_video_says_so(account: TikTokAccount) -> None:
    page = page_of(asked_request(account))

    assert "<video" not in page
    assert "The video is not there, or not yours to see." in page


def test_preview_of_another_file_than_was_asked_about_is_not_played(
    account: TikTokAccount, asset: Asset
) -> None:
    asked = asked_request(account, asset=str(asset.id))
    Asset.objects.update(sha256="b" * 64)

    page = page_of(asked)

    assert "<video" not in page
    assert "The video is not the one this asks about: its digest is another." in page


def test_preview_of_a_file_of_another_brand_is_not_shown_to_who_is_kept_from_it(
    account: TikTokAccount, asset: Asset
) -> None:
    asked = asked_request(account, asset=str(asset.id))
    Asset.objects.update(brand=BrandFactory.create(workspace=account.workspace))
    client = MembershipFactory.create(workspace=account.workspace, role=Role.APPROVER, reach="brands")
    client.brands.set(Brand.objects.filter(accounts=account))

    assert "<video" in page_of(asked)
    assert "<video" not in page_of(asked, client.user)


def test_preview_of_a_file_of_another_workspace_is_not_shown(account: TikTokAccount, asset: Asset) -> None:
    asked = asked_request(account, asset=str(asset.id))
    both = person(account.workspace, Role.APPROVER)
    other: TikTokAccount = AccountFactory.create()
    MembershipFactory.create(workspace=other.workspace, user=both, role=Role.APPROVER)
    Asset.objects.update(workspace=other.workspace, brand=None)

    assert "<video" not in page_of(asked, both)


def test_post_without_words_says_that_the_video_goes_out_alone(account: TikTokAccount) -> None:
    page = page_of(asked_request(account, caption=""))

    assert "No words: the video goes out alone." in page
    assert "phone-caption" not in page.partition("<body")[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("A lamp", [("A lamp", False)]),
        ("#one#two end", [("#one", True), ("#two", True), (" end", False)]),
        ("On #lamp", [("On ", False), ("#lamp", True)]),
    ],
)
def test_words_are_cut_at_hashtags(text: str, words: list[tuple[str, bool]]) -> None:
    assert words_of(text) == words


# Findings -------------------------------------------------------------------------------------------


def test_finding_is_marked_at_its_phrase_and_explained_beneath(account: TikTokAccount) -> None:
    caption = "A lamp that cures everything"
    found = finding(
        caption, "cures everything", "critical", explanation="It promises a cure.", fix="Say less."
    )

    page = flat(page_of(asked_about(account, caption, findings=[found], compliance_score=49.0, blocked=True)))

    assert (
        'A lamp that <mark class="packet-mark packet-critical">cures everything</mark>'
        '<sup><a href="#finding-1" aria-label="Finding 1, critical">1</a></sup>'
    ) in page
    assert '<li id="finding-1" value="1">' in page
    assert "It promises a cure." in page
    assert "<strong>What to do:</strong> Say less." in page
    assert "Compliance: 49 of 100." in page
    assert "Blocked by the compliance check." in page


def test_finding_at_no_place_is_listed_beneath_only(account: TikTokAccount) -> None:
    found = finding("A lamp", "", "low", explanation="Too many hashtags.")

    page = flat(page_of(asked_about(account, "A lamp", findings=[found], compliance_score=98)))

    assert "<mark" not in page
    assert "Too many hashtags." in page
    assert "not at one place in the words" in page
    assert "Blocked" not in page


def test_check_that_found_nothing_says_so(account: TikTokAccount) -> None:
    page = page_of(asked_about(account, "A lamp", findings=[], compliance_score=100.0, blocked=False))

    assert "Compliance: 100 of 100. Nothing was found." in page


def test_check_without_a_score_says_so(account: TikTokAccount) -> None:
    page = page_of(asked_about(account, "A lamp", findings=[], compliance_score=None))

    assert "Compliance was not scored." in page


def test_words_nobody_checked_are_called_that(account: TikTokAccount) -> None:
    assert "Nobody checked these words against the rules" in page_of(asked_about(account, "A lamp"))


def test_facts_that_are_lists_of_objects_have_a_line_for_each(account: TikTokAccount) -> None:
    pinned = [{"title": "Wax <bar>", "days_of_cover": 40.5}, {"title": "Gas stove", "days_of_cover": None}]
    page = page_of(asked_about(account, "A lamp", pinned=pinned))

    assert "title: Wax &lt;bar&gt; · days of cover: 40.5<br>title: Gas stove · days of cover: –</td>" in page


def test_findings_of_another_shape_are_shown_as_they_are(account: TikTokAccount) -> None:
    page = page_of(asked_about(account, "A lamp", findings=[{"odd": "<i>1</i>"}], compliance_score=7))

    assert "What it found cannot be shown at the words" in page
    assert "odd: &lt;i&gt;1&lt;/i&gt;" in page
    assert "Nobody checked" not in page


def test_other_facts_are_listed_in_plain_words(account: TikTokAccount) -> None:
    page = flat(
        page_of(asked_about(account, "A lamp", is_new=True, last_post=None, hashtags=["a", "b"], findings=[]))
    )

    assert '<th scope="row">is new</th><td>yes</td>' in page
    assert '<th scope="row">last post</th><td>–</td>' in page
    assert '<th scope="row">hashtags</th><td>a, b</td>' in page
    assert '<th scope="row">findings' not in page


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "yes"),
        (False, "no"),
        (None, "–"),
        ("", "–"),
        ("ü", "ü"),
        (0, "0"),
        ({"b": "ü"}, '{"b": "ü"}'),
        ([], "[]"),
        ([1], "[1]"),
        (["ü", "a"], "ü, a"),
    ],
)
def test_values_are_said_as_people_read_them(value: object, words: str) -> None:
    assert in_words(value) == words


# Hostile text ---------------------------------------------------------------------------------------


def test_hostile_text_is_text_in_preview_marks_findings_facts_and_differences(account: TikTokAccount) -> None:
    first = asked_about(account, "harmless")
    found = finding(HOSTILE, "\u202egpj.exe", explanation=HOSTILE, fix=HOSTILE)
    asked = ask_again(first, caption=HOSTILE)
    facts = {"findings": [found], "why_again": HOSTILE, HOSTILE: HOSTILE}
    ApprovalRequest.objects.filter(id=asked.id).update(facts=facts)

    body = page_of(asked).partition("<body")[2]

    assert "<script>alert(1)" not in body
    assert "<img" not in body
    assert "<b>&amp;</b>" not in body
    assert "\u202e" not in body
    assert "\x07" not in body
    assert '<mark class="packet-mark packet-high">[U+202E]</mark>' in body  # the guardrails' own finding
    assert '<mark class="packet-mark packet-medium">gpj.exe</mark>' in body
    assert body.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 7
    assert body.count("[U+0007]") >= 7


# Versions -------------------------------------------------------------------------------------------


def test_new_version_shows_what_changed_why_and_what_came_before(account: TikTokAccount) -> None:
    first = request_of(asked_run(account))
    ana = person(account.workspace, Role.APPROVER, first_name="Ana")
    approve(request_id=first.id, by=ana, channel="admin", seen_sha256=first.payload_sha256, comment="Nice.")
    second = ask_again(first, caption="A lamp, switched off #lamp", delivery="direct")
    ApprovalRequest.objects.filter(id=second.id).update(facts={"why_again": "Duet was switched off."})

    page = flat(page_of(second))

    assert "<strong>Asked again.</strong> Duet was switched off." in page
    assert "What is different from version 1" in page
    assert "That version was approved; this one was not." in page
    assert "A lamp, switched <del>on</del><ins>off</ins> #lamp" in page
    now_and_then = "<td><del>posted by a person</del></td><td><ins>posted by us</ins></td>"
    assert f'<th scope="row">Delivery</th>{now_and_then}' in page
    assert '<th scope="col">Approved</th>' in page
    told = ["asked for version 1", "<strong>Ana</strong> approved it (Admin): Nice.", "asked for version 2"]
    places = [page.index(one) for one in told]
    assert places == sorted(places)


def test_new_version_of_one_nobody_approved_says_before_not_approved(account: TikTokAccount) -> None:
    page = page_of(ask_again(asked_request(account), delivery="direct"))

    assert "That version was never approved." in page
    assert '<th scope="col">Before</th>' in page


def test_new_version_of_the_same_bytes_says_that_nothing_differs(account: TikTokAccount) -> None:
    assert "Nothing: these are the same bytes." in page_of(ask_again(asked_request(account)))


def test_old_version_leads_to_the_newer_one(account: TikTokAccount) -> None:
    first = asked_request(account)
    second = ask_again(first)

    assert reverse("admin:approvals_approvalrequest_change", args=[second.id]) in page_of(first)
    assert "there is a newer version" not in page_of(second)


def test_page_says_who_started_the_run_that_asks(account: TikTokAccount) -> None:
    oscar = person(account.workspace, Role.OPERATOR, first_name="Oscar")

    page = page_of(request_of(asked_run(account, by=oscar)))

    assert "asked for version 1, in a run that Oscar started" in page


# Deciding, and after --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_branded", "sentence"),
    [
        (False, "By posting, you agree to TikTok&#x27;s Music Usage Confirmation."),
        (True, "By posting, you agree to TikTok&#x27;s Branded Content Policy and Music Usage Confirmation."),
    ],
)
def test_button_stands_beside_what_pressing_it_agrees_to(
    account: TikTokAccount, is_branded: bool, sentence: str
) -> None:
    page = flat(page_of(asked_request(account, is_branded_content=is_branded)))

    assert f'id="consent">{sentence}</p>' in page
    assert (
        'class="ops-button ops-button-primary" aria-describedby="consent">Approve and hand over now<' in page
    )


def test_page_names_the_digest_that_is_sealed(account: TikTokAccount) -> None:
    asked = asked_request(account)
    assert f"SHA-256 <code>{asked.payload_sha256}</code>" in page_of(asked)


def test_page_after_the_approval_tells_what_became_of_it() -> None:
    effect = effect_on(status="sent")

    page = flat(page_of(effect.request))

    address = reverse("admin:workflows_effect_change", args=[effect.id])
    assert "What became of it: <strong>sent, TikTok is working on it</strong>, since " in page
    assert f'<a href="{address}">All about it</a>' in page
    assert "<strong>The workflow</strong> sent, TikTok is working on it" in page
    assert 'name="verb"' not in page


def test_page_before_anything_came_of_it_promises_nothing(account: TikTokAccount) -> None:
    assert "What became of it" not in page_of(asked_request(account))


def test_page_asks_the_database_as_often_for_ten_versions_as_for_two(account: TikTokAccount) -> None:
    approver = person(account.workspace, Role.APPROVER)
    newest = ask_again(asked_request(account))
    page_of(newest, approver)  # warms what is kept for the process
    asked = []
    for more in (0, 8):
        for _ in range(more):
            newest = ask_again(newest)
        with CaptureQueriesContext(connection) as queries:
            page = page_of(newest, approver)
        asked.append(len(queries))

    assert asked[0] == asked[1], [query["sql"] for query in queries]
    assert "asked for version 10" in page
