"""Posting by hand: what is handed over, and closing an effect with a link."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.accounts import AccountFactory, MembershipFactory, WorkspaceFactory, person
from tests.factories.approvals import GIVEN
from tests.factories.effects import effect_on, since
from tests.unit.workflows.effects_admin.sites import address, operator, page_of, settle, signed_in
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.models import Asset
from workflows.approval_kinds import VideoPost
from workflows.effects.models import Effect
from workflows.effects.next_look import UNKNOWN_LONG
from workflows.effects_admin.by_hand import settings_in_the_app, takes_a_link
from workflows.models import WorkflowStep
from workflows.transitions import EFFECT

pytestmark = pytest.mark.django_db

LINK = "https://www.tiktok.com/@lumen/video/7300000000000000000"
NOW = datetime(2026, 11, 18, 14, 2, tzinfo=UTC)
HIDDEN = "A lamp\u202e#pmal </textarea><script>alert(1)</script>"


@pytest.fixture
def account() -> TikTokAccount:
    """An account of a brand."""
    made: TikTokAccount = AccountFactory.create(handle="lumen")
    return made


@pytest.fixture
def handed_over(account: TikTokAccount) -> Effect:
    """A post a person is to make."""
    return effect_on(account, status="handed_over")


def unknown_for(account: TikTokAccount, minutes: int) -> Effect:
    """Return an effect nobody has been sure of for so long."""
    effect = effect_on(account, status="unknown")
    since(effect, timezone.now() - timedelta(minutes=minutes))
    return effect


def flat(page: str) -> str:
    """Return the page's body with every run of white space as one space."""
    return re.sub(r"\s+", " ", page.partition("<body")[2])


# Decisions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", EFFECT.statuses)
@pytest.mark.parametrize("age", [timedelta(0), UNKNOWN_LONG - timedelta(seconds=1), UNKNOWN_LONG])
def test_take_a_link_for_what_was_handed_over_or_is_unknown_for_long(status: str, age: timedelta) -> None:
    effect = Effect(status=status, status_since=NOW - age)

    expected = status == "handed_over" or (status == "unknown" and age == UNKNOWN_LONG)

    assert takes_a_link(effect, now=NOW) is expected


def post(**changes: Any) -> VideoPost:
    """Return an approved post."""
    given = {
        **GIVEN,
        "account": "01920000-0000-7000-8000-000000000002",
        "handle": "lumen",
        "mode": "sandbox",
        "delivery": "by_hand",
    }
    return VideoPost.model_validate(given | changes)


def test_settings_in_the_app_are_those_that_were_approved() -> None:
    assert settings_in_the_app(post()) == [
        ("Who can view this post", "Everyone"),
        ("Allow comments", "Off"),
        ("Allow Duet", "Off"),
        ("Allow Stitch", "Off"),
        ("Disclose commercial content", "Off"),
        ("AI-generated content", "Off"),
    ]


@pytest.mark.parametrize(
    ("changes", "setting", "choice"),
    [
        ({"privacy_level": "MUTUAL_FOLLOW_FRIENDS"}, "Who can view this post", "Friends"),
        ({"privacy_level": "FOLLOWER_OF_CREATOR"}, "Who can view this post", "Followers"),
        ({"privacy_level": "SELF_ONLY"}, "Who can view this post", "Only you"),
        ({"allow_comment": True}, "Allow comments", "On"),
        ({"allow_duet": True}, "Allow Duet", "On"),
        ({"allow_stitch": True}, "Allow Stitch", "On"),
        ({"is_brand_organic": True}, "Disclose commercial content", "On: Your brand"),
        ({"is_branded_content": True}, "Disclose commercial content", "On: Branded content"),
        (
            {"is_brand_organic": True, "is_branded_content": True},
            "Disclose commercial content",
            "On: Your brand and Branded content",
        ),
        ({"is_ai_generated": True}, "AI-generated content", "On"),
    ],
)
def test_settings_in_the_app_follow_each_field(changes: dict[str, Any], setting: str, choice: str) -> None:
    assert dict(settings_in_the_app(post(**changes)))[setting] == choice


# What is handed over --------------------------------------------------------------------------------


def test_page_hands_over_video_caption_and_settings(account: TikTokAccount) -> None:
    asset = Asset.objects.create(
        workspace=account.workspace,
        brand=account.brand,
        file="assets/made.mp4",
        sha256="a" * 64,
        media_type="video/mp4",
        bytes=5,
    )
    effect = effect_on(account, status="handed_over", given={"asset": str(asset.id)})

    raw = page_of(effect)
    page = flat(raw)

    video = reverse("admin:content_asset_file", args=[asset.id])
    assert f'<a href="{video}" download class="ops-button">Download the video</a>' in page
    assert "the phone that is signed in as @lumen." in page
    assert ' readonly dir="auto" spellcheck="false">\nA lamp, switched on #lamp</textarea>' in raw
    assert 'data-copy="caption" data-copied="Copied" hidden>Copy the caption</button>' in page
    assert '<th scope="row">Who can view this post</th><td>Everyone</td>' in page
    assert "Post it as soon as you can." in page
    assert "characters that cannot be seen" not in page


def test_page_without_the_video_says_that_no_other_is_to_be_posted(handed_over: Effect) -> None:
    page = page_of(handed_over)

    assert "Download the video" not in page
    assert "Post no other." in page


def test_page_hands_over_hidden_characters_as_they_are_and_says_where(account: TikTokAccount) -> None:
    page = page_of(effect_on(account, status="handed_over", given={"caption": HIDDEN}))

    field = page.partition('spellcheck="false">\n')[2].partition("</textarea>")[0]
    assert field == "A lamp\u202e#pmal &lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;"
    assert "The caption holds characters that cannot be seen." in page
    assert "A lamp[U+202E]#pmal" in page
    assert page.count("\u202e") == 1
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("status", [status for status in EFFECT.statuses if status != "handed_over"])
def test_page_of_any_other_status_hands_nothing_over(account: TikTokAccount, status: str) -> None:
    page = page_of(effect_on(account, status=status))

    assert "<textarea" not in page
    assert 'name="url"' not in page


# Closing it -----------------------------------------------------------------------------------------


def test_paste_the_link_closes_it_on_that_persons_word_and_the_run_goes_on(handed_over: Effect) -> None:
    ben = operator(handed_over, first_name="Ben", username="ben")

    answer = settle(handed_over, f"  {LINK} ", ben)

    assert (answer.status_code, answer.url) == (302, address(handed_over))
    handed_over.refresh_from_db()
    assert (handed_over.status, handed_over.confirmed_by, handed_over.settled_by) == (
        "confirmed",
        "person",
        ben,
    )
    assert handed_over.url == LINK
    assert WorkflowStep.objects.get(id=handed_over.step_id).status == "succeeded"
    assert AuditEvent.objects.filter(verb="effect.confirmed", actor="user:ben").count() == 1
    page = page_of(handed_over, ben)
    assert "posted (link given by Ben)" in page
    assert 'name="url"' not in page


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("", "Paste the link to the post: without it nothing is proven."),
        ("https://evil.example/x", "The link &#x27;https://evil.example/x&#x27; is not that of a post"),
        (LINK.replace("lumen", "lux"), "The link leads to a post of @lux: give the one on @lumen."),
        (f"https://x.example/{'y' * 300}", "Ensure this value has at most 300 characters"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
)
def test_paste_a_wrong_link_is_told_in_place_and_closes_nothing(
    handed_over: Effect, link: str, sentence: str
) -> None:
    answer = settle(handed_over, link)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in page
    assert 'name="url"' in page
    assert f'href="{link}"' not in page
    assert "<script>alert(1)" not in page
    handed_over.refresh_from_db()
    assert handed_over.status == "handed_over"


def test_paste_the_link_of_what_is_unknown_for_long_closes_it(account: TikTokAccount) -> None:
    effect = unknown_for(account, 16)
    page = page_of(effect)
    assert "It is live: give the link" in page
    assert "TikTok has not said what became of it." in page

    assert settle(effect, LINK).status_code == 302

    effect.refresh_from_db()
    assert (effect.status, effect.confirmed_by) == ("confirmed", "person")


def test_paste_the_link_of_what_became_unknown_just_now_is_refused(account: TikTokAccount) -> None:
    effect = unknown_for(account, 14)
    assert 'name="url"' not in page_of(effect)
    ben = operator(effect)

    assert settle(effect, LINK, ben).status_code == 302

    page = page_of(effect, ben)
    effect.refresh_from_db()
    assert effect.status == "unknown"
    assert "give the link" not in page


def test_paste_the_link_again_says_that_none_is_needed(handed_over: Effect) -> None:
    ben = operator(handed_over)
    settle(handed_over, LINK, ben)
    client = signed_in(ben)
    client.get(address(handed_over))
    token = client.cookies["csrftoken"].value

    answer = client.post(
        address(handed_over, "settle"), {"url": LINK, "csrfmiddlewaretoken": token}, follow=True
    )

    assert "This waits for no link: it is posted (link given by " in answer.content.decode()
    assert AuditEvent.objects.filter(verb="effect.confirmed").count() == 1


def test_paste_the_link_while_a_worker_is_at_it_is_refused_in_place(account: TikTokAccount) -> None:
    effect = unknown_for(account, 16)
    later = timezone.now() + timedelta(hours=1)
    WorkflowStep.objects.filter(id=effect.step_id).update(status="ready")
    WorkflowStep.objects.filter(id=effect.step_id).update(status="running", claims=1, lease_until=later)

    answer = settle(effect, LINK)

    assert answer.status_code == 200
    assert 'name="url"' in answer.content.decode()
    effect.refresh_from_db()
    assert effect.status == "unknown"


# Who may --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_paste_the_link_takes_who_may_run_things(handed_over: Effect, role: Role) -> None:
    by = person(handed_over.workspace, role)
    may = role in {Role.OPERATOR, Role.OWNER}
    page = page_of(handed_over, by)

    answer = settle(handed_over, LINK, by)

    assert ('name="url"' in page) is may
    assert ("An operator or an owner of the workspace closes this" in page) is not may
    assert answer.status_code == (302 if may else 403)
    handed_over.refresh_from_db()
    assert handed_over.status == ("confirmed" if may else "handed_over")


def test_paste_the_link_as_a_stranger_finds_nothing(handed_over: Effect) -> None:
    stranger = person(WorkspaceFactory.create(), Role.OWNER)
    client = Client()
    client.force_login(stranger)

    assert client.post(address(handed_over, "settle"), {"url": LINK}).status_code == 404


def test_paste_the_link_as_a_viewer_who_owns_another_workspace_is_refused(handed_over: Effect) -> None:
    both = person(handed_over.workspace, Role.VIEWER)
    MembershipFactory.create(workspace=WorkspaceFactory.create(), user=both, role=Role.OWNER)

    assert settle(handed_over, LINK, both).status_code == 403


def test_paste_the_link_without_a_token_or_by_get_changes_nothing(handed_over: Effect) -> None:
    client = signed_in(operator(handed_over))

    assert client.post(address(handed_over, "settle"), {"url": LINK}).status_code == 403
    assert client.get(address(handed_over, "settle"), {"url": LINK}).status_code == 302
    handed_over.refresh_from_db()
    assert handed_over.status == "handed_over"
