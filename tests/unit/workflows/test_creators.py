"""What the forms of posts know of a creator: TikTok's answer, kept for minutes, or that there is none."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings

from agents.sandbox_models import SandboxCreator, SandboxRequest
from tests.factories.accounts import AccountFactory, person
from tests.factories.tiktok import make_creator
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from workflows import creators
from workflows.creators import LEVELS, Creator, creator_of


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    cache.clear()


def _account(**changes: Any) -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create(**({"delivery": "direct"} | changes))
    return made


def test_ask_creator_of_a_direct_account_tells_what_tiktok_says(committed_db: str) -> None:
    account = _account()
    make_creator(
        account.handle,
        display_name="Lumen",
        privacy_level_options=["SELF_ONLY", "FOLLOWER_OF_CREATOR", "NEW_LEVEL"],
        comment_disabled=True,
        stitch_disabled=True,
        max_duration_seconds=60,
    )
    assert creator_of(account) == Creator(
        nickname="Lumen",
        levels=("FOLLOWER_OF_CREATOR", "SELF_ONLY"),
        comment_disabled=True,
        duet_disabled=False,
        stitch_disabled=True,
        max_duration_seconds=60,
    )


def test_ask_creator_again_within_minutes_asks_tiktok_once(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = _account()
    first = creator_of(account)
    SandboxCreator.objects.update(comment_disabled=True)
    assert creator_of(account) == first
    assert SandboxRequest.objects.count() == 1
    monkeypatch.setattr(creators, "KEPT_SECONDS", 0)
    cache.clear()
    assert creator_of(account).comment_disabled
    assert creator_of(account).comment_disabled
    assert SandboxRequest.objects.count() == 3


def test_ask_creators_of_two_accounts_keeps_them_apart(committed_db: str) -> None:
    first, second = _account(handle="first"), _account(handle="second")
    make_creator("second", duet_disabled=True)
    assert not creator_of(first).duet_disabled
    assert creator_of(second).duet_disabled


def test_ask_creator_of_a_renamed_account_asks_anew(committed_db: str) -> None:
    account = _account(handle="before")
    assert creator_of(account).nickname == "before"
    account.handle = "after"
    assert creator_of(account).nickname == "after"


@pytest.mark.django_db
@pytest.mark.parametrize("delivery", ["by_hand", "inbox"])
def test_ask_creator_of_an_account_we_do_not_post_to_asks_nobody(delivery: str) -> None:
    creator = creator_of(_account(handle="lumen", delivery=delivery))
    assert creator == Creator("@lumen")
    assert (creator.levels, creator.note, creator.max_duration_seconds) == (LEVELS, "", 600)


@pytest.mark.django_db
def test_ask_creator_of_a_live_account_that_is_not_connected_says_so() -> None:
    creator = creator_of(_account(handle="lumen", mode="live"))
    assert (creator.nickname, creator.levels) == ("@lumen", LEVELS)
    assert creator.note == (
        "TikTok could not be asked what this account may do, so everything is open here: @lumen is not "
        "connected to TikTok: choose 'Connect to TikTok' on its page, or set its mode to 'sandbox'."
    )


def test_ask_creator_who_may_not_post_says_why_and_is_asked_again(committed_db: str) -> None:
    account = _account()
    make_creator(account.handle, posting_refusal="spam_risk_user_banned_from_posting")
    assert "look into the TikTok app why it may not post" in creator_of(account).note
    SandboxCreator.objects.update(posting_refusal="")
    assert creator_of(account).note == ""


@pytest.mark.django_db
def test_ask_creator_where_no_tiktok_is_configured_says_so() -> None:
    claude = {"BACKEND": "agents.providers.claude.ClaudeProvider", "MODE": "sandbox", "OPTIONS": {}}
    with override_settings(PROVIDERS={"tiktok": claude}):
        assert (
            "is 'ClaudeProvider', which is not TikTok; name a TikTok provider." in creator_of(_account()).note
        )


def test_open_new_post_asks_tiktok_about_a_direct_account(committed_db: str) -> None:
    account = _account()
    make_creator(account.handle, display_name="Lumen Lamps", comment_disabled=True)
    client = Client()
    client.force_login(person(account.workspace, Role.OPERATOR))
    answer = client.get(f"/admin/accounts/tiktokaccount/{account.pk}/new-post/")
    assert "Lumen Lamps" in answer.content.decode()
    assert answer.context["form"].fields["allow_comment"].disabled
