"""The limits TikTok puts an account under, from its word in the sandbox to the agents that judge by them."""

from dataclasses import replace
from typing import cast

import pytest
from django.utils import timezone

from agents.contract import AgentContext
from agents.providers.errors import AccessRefused, ProviderRejected
from agents.providers.tiktok.provider import TikTokProvider
from agents.registry import AGENTS
from agents.sandbox.world.build import build_world
from agents.sandbox.world.planting import plant_world
from agents.sandbox_models import SandboxCreator
from agents.sync import profile
from agents.sync.limits import limits_of
from agents.sync.parts import sync_part
from agents.sync.session import Session, open_session
from agents.worlds import sync_account_now
from tests.factories.accounts import AccountFactory
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.flags import note_limits
from tiktok_ops.content.models import PolicyFlag

HANDLE = "velvetfern"


@pytest.fixture(scope="module", autouse=True)
def world(module_db: str) -> None:
    plant_world(build_world(3), grows=False)


def refuse(code: str) -> None:
    SandboxCreator.objects.filter(username=HANDLE).update(posting_refusal=code)


def flags_seen(account: TikTokAccount, agent: str) -> float:
    """Return how many flags the agent counts, by what it puts out of them."""
    account.refresh_from_db()
    context = AgentContext(account_id=account.id, handle=HANDLE, as_of=account.data_as_of or timezone.now())
    facts = AGENTS[agent].compute(AGENTS[agent].Input(), context).model_dump()
    [told] = [
        one
        for one in facts.get("canaries") or facts["evidence"]
        if (one.get("name") or one["signal"]) == "policy_flags"
    ]
    return float(told["value"])


def test_account_tiktok_lets_not_post_is_flagged_until_it_may_again() -> None:
    account: TikTokAccount = AccountFactory.create(handle=HANDLE)
    sync_account_now(account.id)
    assert [flags_seen(account, agent) for agent in ("account_health", "shadowban_check")] == [0, 0]
    refuse("spam_risk_user_banned_from_posting")
    assert sync_part("all", account_id=account.id)
    assert PolicyFlag.objects.get().code == "spam_risk_user_banned_from_posting"
    assert [flags_seen(account, agent) for agent in ("account_health", "shadowban_check")] == [1, 1]
    refuse("")
    sync_part("all", account_id=account.id)
    assert [flags_seen(account, agent) for agent in ("account_health", "shadowban_check")] == [0, 0]


def test_refusal_that_is_about_our_app_is_no_flag_and_fails_the_part() -> None:
    account: TikTokAccount = AccountFactory.create(handle=HANDLE)
    refuse("reached_active_user_cap")
    with pytest.raises(ProviderRejected, match="reached_active_user_cap"):
        sync_part("profile", account_id=account.id)
    refuse("")
    assert not PolicyFlag.objects.filter(account=account).exists()


class Posting:
    """Refuses to say what a creator may do, with this code."""

    def __init__(self, code: str) -> None:
        self.posting, self.code = self, code

    def creator_info(self, *, token: str) -> None:
        """Refuse."""
        raise AccessRefused("TikTok refused it.", code=self.code, was_sent=True, may_have_acted=False)


def session_of(account: TikTokAccount, code: str) -> Session:
    return replace(open_session(account.id), tiktok=cast(TikTokProvider, Posting(code)))


def test_account_whose_owner_does_not_let_us_post_tells_no_limits() -> None:
    account: TikTokAccount = AccountFactory.create(handle=HANDLE)
    assert limits_of(session_of(account, "scope_not_authorized")) is None
    with pytest.raises(AccessRefused):
        limits_of(session_of(account, "access_token_invalid"))


def test_sync_that_is_told_no_limits_keeps_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    account: TikTokAccount = AccountFactory.create(handle=HANDLE)
    note_limits(account.id, ["spam_risk"], at=timezone.now())
    monkeypatch.setattr(profile, "limits_of", lambda session: None)
    assert sync_part("profile", account_id=account.id)["limits"] == 0
    assert PolicyFlag.objects.get(account=account).ended_at is None
