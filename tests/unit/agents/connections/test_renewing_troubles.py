"""Renewing access when something goes wrong: what is tried again, what has to be connected again, what is lost."""

import signal
from typing import Any

import pytest

from agents.connections.models import TikTokConnection
from agents.connections.renewing import access_of
from agents.connections.services import disconnect
from agents.providers.errors import (
    AccessRefused,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderUnavailable,
    ReconnectNeeded,
)
from agents.providers.tiktok.access import access_token
from agents.sandbox.tiktok.grants import owner_of, take_back
from agents.sandbox.tiktok.ledger import received
from agents.sandbox_models import SandboxCreator
from tests.dying import end_of
from tests.factories.accounts import AccountFactory
from tests.factories.connections import (
    access_ages,
    again,
    alerts_of,
    connected,
    kept_pair,
    secret_of,
    token_of,
)
from tests.factories.posting import providers
from tests.forms import times
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.crash_points import CrashPoint, passes
from tiktok_ops.vault.services import destroy_secret

HALF, WHOLE = 3601.0, 7200.0


def renewals() -> list[str]:
    """Return what came of each call for new tokens, the first exchange left out."""
    return [request.outcome for request in received(operation="token")][1:]


def faulty(settings: Any, **faults: Any) -> None:
    """Let calls for tokens go wrong; the first of all was the exchange."""
    settings.PROVIDERS = providers(token=faults)


# What goes wrong -------------------------------------------------------------------------------------


def test_renewal_tiktok_was_never_asked_for_leaves_the_old_token_in_use(settings: Any) -> None:
    made = connected()
    before = kept_pair(made).access_token
    access_ages(made, HALF)
    faulty(settings, unreachable=(2,), rate_limited=(3,))
    assert [token_of(made), token_of(made)] == [before, before]
    assert token_of(made) != before


def test_renewal_that_is_refused_for_now_is_told_where_there_is_no_good_token(settings: Any) -> None:
    made = connected()
    access_ages(made, WHOLE)
    faulty(settings, rate_limited=(2,))
    with pytest.raises(ProviderRateLimited):
        token_of(made)
    assert again(made).renewing_until is None
    assert again(made).status == "connected"


@pytest.mark.parametrize("fault", times(long=["reset_before", "server_error_before"], short=["reset_before"]))
def test_answer_that_is_lost_before_tiktok_acted_is_found_out_by_asking_again(
    settings: Any, fault: str
) -> None:
    made = connected()
    access_ages(made, HALF)
    faulty(settings, **{fault: (2,)})
    with pytest.raises(ProviderUnavailable):
        token_of(made)
    assert owner_of(token_of(made))
    assert again(made).status == "connected"
    assert alerts_of(made) == []


@pytest.mark.parametrize(
    "fault",
    times(
        long=["timeout_after", "reset_after", "server_error_after", "malformed"],
        short=["timeout_after", "malformed"],
    ),
)
def test_answer_that_is_lost_after_rotation_asks_to_connect_again_and_nothing_else(
    settings: Any, fault: str
) -> None:
    made, other = connected(), connected()
    access_ages(made, HALF)
    faulty(settings, **{fault: (3,)})
    with pytest.raises(ProviderUnavailable):
        token_of(made)
    with pytest.raises(
        ReconnectNeeded, match="Choose 'Connect to TikTok' on its page; this goes on by itself"
    ):
        token_of(made)
    assert again(made).status == "reconnect"
    [alert] = alerts_of(made)
    assert (alert.kind, alert.severity, alert.subject_id) == ("connection_lost", "critical", made.account.id)
    assert again(other).status == "connected"
    assert owner_of(token_of(other))
    with pytest.raises(ReconnectNeeded):  # nobody asks TikTok again
        token_of(made)
    assert [request.outcome for request in received(operation="token", username=made.account.handle)] == [
        *("ok", "ok", "invalid_grant")
    ]


def test_renewal_of_what_the_owner_took_back_asks_to_connect_again() -> None:
    made = connected()
    take_back(SandboxCreator.objects.get(username=made.account.handle))
    access_ages(made, HALF)
    with pytest.raises(ReconnectNeeded, match="TikTok no longer takes what it gave us"):
        token_of(made)
    [alert] = alerts_of(made)
    assert "TikTok no longer takes" in alert.sentence


def test_token_unused_for_half_a_year_asks_to_connect_again_without_asking_tiktok() -> None:
    made = connected()
    access_ages(made, 181 * 86_400)
    with pytest.raises(ReconnectNeeded, match="not used for so long"):
        token_of(made)
    assert renewals() == []


def test_token_whose_secret_was_destroyed_asks_to_connect_again() -> None:
    made = connected()
    destroy_secret(secret_id=secret_of(made).id, by="a test")
    with pytest.raises(ReconnectNeeded, match="not in the vault any more"):
        token_of(made)
    assert again(made).status == "reconnect"


def test_token_sealed_with_a_key_this_host_lacks_is_a_matter_of_settings_and_loses_nothing(
    settings: Any,
) -> None:
    made = connected()
    settings.VAULT_KEYS = (("another", "a" * 40),)
    with pytest.raises(ProviderMisconfigured, match="add it to VAULT_KEYS"):
        token_of(made)
    assert again(made).status == "connected"


def test_token_renewed_while_it_was_being_read_is_the_new_one() -> None:
    made = connected()
    stale = again(made)
    access_ages(made, HALF)
    token = token_of(made)
    stale.renew_at = stale.expires_at  # as it was before
    assert access_of(stale, by="a test", why="to see").token == token


def test_token_of_a_disconnected_account_is_refused_in_the_sandbox_too() -> None:
    made = connected()
    disconnect(connection=made, by=made.connected_by)
    with pytest.raises(AccessRefused, match="was disconnected from TikTok") as caught:
        token_of(made)
    assert not isinstance(caught.value, ReconnectNeeded)


def test_account_of_another_mode_than_tiktok_is_not_renewed_there(settings: Any) -> None:
    account: TikTokAccount = AccountFactory.create(mode="sandbox")
    made = connected(account)
    TikTokConnection.objects.filter(id=made.id).update(mode="live")
    access_ages(made, WHOLE)
    with pytest.raises(
        ProviderMisconfigured, match="The account is of the mode 'live' and TIKTOK_MODE is 'sandbox'"
    ):
        access_token(account=account, mode="live")


# Deaths ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "status"),
    [
        (CrashPoint.IN_RENEWING, "connected"),
        (CrashPoint.BEFORE_PAIR_KEPT, "reconnect"),
        (CrashPoint.AFTER_PAIR_KEPT, "connected"),
    ],
)
def test_death_around_a_renewal_loses_at_most_the_connection_and_says_so(
    settings: Any, point: CrashPoint, status: str
) -> None:
    made = connected()
    access_ages(made, HALF)
    settings.CRASH_AT = {point.value: 1}
    assert end_of(lambda: token_of(made)) == -signal.SIGKILL
    settings.CRASH_AT = {}
    for file in passes(point, made.account.id):
        file.unlink()
    TikTokConnection.objects.filter(renewing_until__isnull=False).update(
        renewing_until="2020-01-01T00:00:00Z"
    )
    if status == "connected":
        assert owner_of(token_of(made))
    else:
        with pytest.raises(ReconnectNeeded):
            token_of(made)
    assert again(made).status == status
    assert bool(alerts_of(made)) is (status == "reconnect")
