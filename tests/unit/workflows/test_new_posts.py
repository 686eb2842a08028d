"""Beginning posts: what the runs are given, and what is refused, at which field, before anything begins."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone as clock
from pytest_django import Settings

from tests.factories.accounts import AccountFactory, BrandFactory, MembershipFactory, person
from tests.factories.media import stored_video, uploaded
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.models import Asset
from workflows.creators import Creator
from workflows.models import WorkflowRun
from workflows.new_posts import (
    FURTHEST_SLOT,
    NewVideo,
    PostRefused,
    PostSettings,
    check_account,
    start_own_post,
    start_post_draft,
)

pytestmark = pytest.mark.django_db

EVERYBODY = "PUBLIC_TO_EVERYONE"
OPEN = Creator("Lumen")
OFF = dict.fromkeys(
    (
        "allow_comment",
        "allow_duet",
        "allow_stitch",
        "is_brand_organic",
        "is_branded_content",
        "is_ai_generated",
    ),
    False,
)


@pytest.fixture(autouse=True)
def _files_elsewhere(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def account() -> TikTokAccount:
    """An own account, whose posts go out by hand."""
    made: TikTokAccount = AccountFactory.create()
    return made


@pytest.fixture
def operator(account: TikTokAccount) -> User:
    """Somebody who may start runs on it."""
    return person(account.workspace, Role.OPERATOR)


def _settings(**changes: Any) -> PostSettings:
    return PostSettings(**({"privacy_level": EVERYBODY} | changes))


def _post(account: TikTokAccount, by: User, **changes: Any) -> WorkflowRun:
    given: dict[str, Any] = {
        "video": NewVideo(file=uploaded()),
        "caption": "Hello #lamp",
        "settings": _settings(),
        "creator": OPEN,
    }
    return start_own_post(account=account, by=by, **(given | changes))


def _draft(account: TikTokAccount, by: User, **changes: Any) -> WorkflowRun:
    given: dict[str, Any] = {"settings": _settings(), "creator": OPEN}
    return start_post_draft(account=account, by=by, **(given | changes))


def _refusal(begin: Callable[..., WorkflowRun], *args: Any, **changes: Any) -> tuple[str, str]:
    """Return the field and the sentence of the refusal; no run may have begun."""
    with pytest.raises(PostRefused) as refused:
        begin(*args, **changes)
    assert not WorkflowRun.objects.exists()
    return refused.value.field, str(refused.value)


BOTH = pytest.mark.parametrize("begin", [_post, _draft])


# What the runs are given ----------------------------------------------------------------------------


def test_start_own_post_keeps_the_video_and_hands_it_to_the_run(
    account: TikTokAccount, operator: User
) -> None:
    end = datetime(2027, 5, 1, tzinfo=UTC)
    video = NewVideo(file=uploaded(), rights_note="Ours", rights_expire_at=end)
    run = _post(account, operator, video=video)
    asset = Asset.objects.get()
    assert (asset.workspace, asset.brand, asset.rights_note, asset.rights_expire_at) == (
        account.workspace,
        account.brand,
        "Ours",
        end,
    )
    assert (run.definition.slug, run.account, run.requested_by) == ("own_post", account, operator)
    assert run.input == {
        "asset": str(asset.id),
        "asset_sha256": asset.sha256,
        "caption": "Hello #lamp",
        "privacy_level": EVERYBODY,
        **OFF,
    }
    assert set(AuditEvent.objects.values_list("verb", flat=True)) >= {"asset.stored", "run.started"}


def test_start_own_post_with_everything_on_says_so(account: TikTokAccount, operator: User) -> None:
    slot = (clock.now() + timedelta(days=3)).astimezone(timezone(timedelta(hours=2))).replace(microsecond=0)
    run = _post(account, operator, settings=_settings(publish_at=slot, **dict.fromkeys(OFF, True)))
    assert run.input | dict.fromkeys(OFF, True) | {"publish_at": slot.isoformat()} == run.input
    assert run.input["publish_at"].endswith("+02:00")


def test_start_own_post_with_a_kept_video_uses_it(account: TikTokAccount, operator: User) -> None:
    asset = stored_video(account)
    run = _post(account, operator, video=asset.id)
    assert (run.input["asset"], run.input["asset_sha256"]) == (str(asset.id), asset.sha256)
    assert Asset.objects.count() == 1


def test_start_own_post_with_an_upload_that_is_kept_already_uses_that(
    account: TikTokAccount, operator: User
) -> None:
    first = _post(account, operator, video=NewVideo(file=uploaded(), rights_note="Ours"))
    second = _post(account, operator, video=NewVideo(file=uploaded(), rights_note="Theirs"))
    assert first.input["asset"] == second.input["asset"]
    assert Asset.objects.get().rights_note == "Ours"


def test_start_own_post_without_words_is_taken(account: TikTokAccount, operator: User) -> None:
    assert _post(account, operator, caption="").input["caption"] == ""


def test_start_draft_gives_the_run_what_was_asked_for(account: TikTokAccount, operator: User) -> None:
    run = _draft(account, operator, topics=["cold tea", "lamps"], duration_seconds=12)
    settings = {name: False for name in OFF if name != "is_ai_generated"}
    assert run.input == {
        "privacy_level": EVERYBODY,
        **settings,
        "topics": ["cold tea", "lamps"],
        "duration_seconds": 12,
    }
    assert (run.definition.slug, run.requested_by) == ("post_draft", operator)


def test_start_draft_with_nothing_said_leaves_it_to_the_workflow(
    account: TikTokAccount, operator: User
) -> None:
    assert not {"topics", "duration_seconds", "publish_at"} & set(_draft(account, operator).input)


# The account ----------------------------------------------------------------------------------------


@BOTH
def test_start_on_a_third_partys_account_is_refused(begin: Callable[..., WorkflowRun]) -> None:
    account = AccountFactory.create(handle="rival", ownership="third_party")
    assert _refusal(begin, account, person(account.workspace, Role.OPERATOR)) == (
        "",
        "@rival is a third party's, which is only read about: choose an account of your own.",
    )


@BOTH
def test_start_on_an_account_that_takes_drafts_in_the_app_is_refused(
    begin: Callable[..., WorkflowRun],
) -> None:
    account = AccountFactory.create(handle="lumen", delivery="inbox")
    assert _refusal(begin, account, person(account.workspace, Role.OPERATOR)) == (
        "",
        "@lumen takes posts as drafts in the TikTok app, which this version cannot send: change the account's "
        "delivery to 'Posted by us' or 'Posted by a person'.",
    )


@pytest.mark.parametrize("delivery", ["direct", "by_hand"])
def test_check_account_that_can_be_posted_to_is_silent(delivery: str) -> None:
    check_account(AccountFactory.create(delivery=delivery))


# The settings ---------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("level", ["FOLLOWER_OF_CREATOR", "", "public"])
def test_start_for_a_level_the_creator_has_not_is_refused(
    account: TikTokAccount, operator: User, begin: Callable[..., WorkflowRun], level: str
) -> None:
    creator = Creator("Lumen", levels=(EVERYBODY, "SELF_ONLY"))
    given = {"settings": _settings(privacy_level=level), "creator": creator}
    field, sentence = _refusal(begin, account, operator, **given)
    assert (field, sentence) == (
        "privacy_level",
        f"The creator cannot post for {level!r} now: choose another level.",
    )


@BOTH
def test_start_branded_content_for_the_creator_only_is_refused(
    account: TikTokAccount, operator: User, begin: Callable[..., WorkflowRun]
) -> None:
    settings = _settings(privacy_level="SELF_ONLY", is_branded_content=True)
    assert _refusal(begin, account, operator, settings=settings) == (
        "privacy_level",
        "Branded content cannot be for the creator only: choose who else can see it.",
    )
    assert not Asset.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"is_branded_content": True}, {"privacy_level": "SELF_ONLY", "is_brand_organic": True}]
)
def test_start_paid_or_private_alone_is_taken(
    account: TikTokAccount, operator: User, changes: dict[str, Any]
) -> None:
    run = _post(account, operator, settings=_settings(**changes))
    assert run.input | changes == run.input


@pytest.mark.parametrize("name", ["comment", "duet", "stitch"])
def test_start_with_what_the_creator_switched_off_is_refused(
    account: TikTokAccount, operator: User, name: str
) -> None:
    disabled: dict[str, Any] = {f"{name}_disabled": True}
    creator = Creator("Lumen", **disabled)
    settings = _settings(**{f"allow_{name}": True})
    assert _refusal(_post, account, operator, settings=settings, creator=creator) == (
        f"allow_{name}",
        f"The creator has switched {name} off in the TikTok app: leave it off here.",
    )
    assert _post(account, operator, creator=creator).input[f"allow_{name}"] is False


@pytest.mark.parametrize(
    ("away", "sentence"),
    [
        (timedelta(0), "is past: choose a later one, or none."),
        (timedelta(days=-1), "is past: choose a later one, or none."),
        (FURTHEST_SLOT + timedelta(minutes=1), "is more than a year away: choose an earlier one."),
    ],
)
@BOTH
def test_start_for_a_slot_that_cannot_be_is_refused(
    account: TikTokAccount,
    operator: User,
    begin: Callable[..., WorkflowRun],
    away: timedelta,
    sentence: str,
) -> None:
    settings = _settings(publish_at=clock.now() + away)
    field, said = _refusal(begin, account, operator, settings=settings)
    assert field == "day"
    assert said.endswith(sentence)


# The words ------------------------------------------------------------------------------------------


def test_start_with_a_caption_that_fits_exactly_is_taken(account: TikTokAccount, operator: User) -> None:
    assert _post(account, operator, caption="🧊" * 1_100).input["caption"] == "🧊" * 1_100


def test_start_with_a_caption_that_is_too_long_says_by_how_much(
    account: TikTokAccount, operator: User
) -> None:
    assert _refusal(_post, account, operator, caption="🧊" * 1_101) == (
        "caption",
        "The caption is 2,202 UTF-16 units long and TikTok takes 2,200: leave out 2.",
    )
    assert not Asset.objects.exists()


# The video ------------------------------------------------------------------------------------------


def test_start_with_what_is_no_video_says_so_at_the_upload(account: TikTokAccount, operator: User) -> None:
    field, sentence = _refusal(_post, account, operator, video=NewVideo(file=uploaded(b"hello", "a.txt")))
    assert (field, sentence) == (
        "upload",
        "The file 'a.txt' is no video TikTok takes; choose an MP4, MOV or WebM.",
    )


def test_start_with_a_video_of_another_brand_is_refused(account: TikTokAccount, operator: User) -> None:
    other = BrandFactory.create(workspace=account.workspace, name="Other")
    asset = stored_video(account, brand_id=other.id)
    field, sentence = _refusal(_post, account, operator, video=asset.id)
    assert (field, sentence) == (
        "asset",
        f"There is no video '{asset.id}' that {account} may use now: choose another.",
    )


def test_start_with_an_upload_that_is_kept_for_another_brand_is_refused(
    account: TikTokAccount, operator: User
) -> None:
    other = AccountFactory.create(
        workspace=account.workspace, brand=BrandFactory.create(workspace=account.workspace, name="Other")
    )
    stored_video(other, uploaded().read())
    assert _refusal(_post, account, operator) == (
        "upload",
        "The workspace keeps this file for the brand 'Other': choose another video.",
    )


def test_start_with_an_upload_that_is_kept_where_one_does_not_see_it_is_refused(
    account: TikTokAccount,
) -> None:
    stored_video(account, uploaded().read(), brand_id=None)
    client = MembershipFactory.create(workspace=account.workspace, role=Role.OWNER, reach="brands")
    assert account.brand
    client.brands.add(account.brand)
    field, sentence = _refusal(_post, account, client.user)
    assert (field, sentence.partition(":")[0]) == (
        "upload",
        "The workspace keeps this file already where you do not see it",
    )


@pytest.mark.parametrize("is_there", [True, False])
def test_start_with_a_video_of_another_team_or_of_nobody_is_refused(
    account: TikTokAccount, operator: User, is_there: bool
) -> None:
    key = stored_video(AccountFactory.create()).id if is_there else uuid4()
    assert _refusal(_post, account, operator, video=key)[0] == "asset"


def test_start_with_a_video_that_is_too_long_for_the_creator_is_refused(
    account: TikTokAccount, operator: User
) -> None:
    creator = Creator("Lumen", max_duration_seconds=10)
    sentence = "seconds long and this creator may post 10: choose a shorter one."
    field, said = _refusal(_post, account, operator, video=stored_video(account).id, creator=creator)
    assert (field, said) == ("asset", f"The video would be 12.4 {sentence}")
    creator = Creator("Lumen", max_duration_seconds=2)
    field, said = _refusal(_post, account, operator, creator=creator)
    assert (field, said.startswith("The video would be 3 seconds long")) == ("upload", True)


def test_start_a_draft_that_is_too_long_for_the_creator_is_refused(
    account: TikTokAccount, operator: User
) -> None:
    creator = Creator("Lumen", max_duration_seconds=30)
    assert _refusal(_draft, account, operator, duration_seconds=31, creator=creator)[0] == "duration_seconds"
    assert _draft(account, operator, duration_seconds=30, creator=creator).input["duration_seconds"] == 30


# The right to use it --------------------------------------------------------------------------------


def test_start_with_a_right_that_ends_before_the_slot_is_refused_before_the_video_is_kept(
    account: TikTokAccount, operator: User
) -> None:
    now = clock.now()
    video = NewVideo(file=uploaded(), rights_expire_at=now + timedelta(days=1))
    settings = _settings(publish_at=now + timedelta(days=2))
    field, sentence = _refusal(_post, account, operator, video=video, settings=settings)
    assert field == "rights_last_day"
    assert sentence.endswith("before the slot: have it extended, or choose another video.")
    assert not Asset.objects.exists()


def test_start_with_a_right_that_has_ended_is_refused(account: TikTokAccount, operator: User) -> None:
    video = NewVideo(file=uploaded(), rights_expire_at=clock.now() - timedelta(days=1))
    field, sentence = _refusal(_post, account, operator, video=video)
    assert field == "rights_last_day"
    assert "which is past" in sentence


@pytest.mark.parametrize("left", [timedelta(days=-1), timedelta(days=1)])
def test_start_with_a_kept_file_whose_right_ends_too_soon_is_refused(
    account: TikTokAccount, operator: User, left: timedelta
) -> None:
    stored_video(account, uploaded().read(), rights_expire_at=clock.now() + left)
    settings = _settings(publish_at=clock.now() + timedelta(days=2))
    assert _refusal(_post, account, operator, settings=settings)[0] == "upload"


def test_start_with_a_right_that_ends_after_the_slot_is_taken(account: TikTokAccount, operator: User) -> None:
    asset = stored_video(account, rights_expire_at=clock.now() + timedelta(days=2))
    settings = _settings(publish_at=clock.now() + timedelta(days=1))
    assert _post(account, operator, video=asset.id, settings=settings).status == "queued"
