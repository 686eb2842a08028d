"""Renewing access: which token is used, one call whoever needs it, and the pair kept before it is used."""

import threading
from typing import Any

import pytest
from django.db import connection as database

from agents.connections.models import TikTokConnection
from agents.connections.renewing import AccessBusy
from agents.connections.services import claim_renewal, disconnect, keep_renewed, release_renewal
from agents.providers.errors import (
    AccessRefused,
    ProviderUnavailable,
    ReconnectNeeded,
)
from agents.providers.tiktok.access import access_token, open_id, speaking_for
from agents.providers.tiktok.provider import get_tiktok
from agents.sandbox.tiktok.grants import owner_of
from agents.sandbox.tiktok.ledger import received
from agents.sandbox.tiktok.wire import open_id_of, username_of
from tests.factories.accounts import AccountFactory
from tests.factories.connections import (
    access_ages,
    again,
    alerts_of,
    connected,
    granted,
    kept_ciphertexts,
    kept_pair,
    token_of,
)
from tests.factories.posting import providers
from tests.forms import times
from tiktok_ops.audit.models import AuditEvent

HALF, WHOLE = 3601.0, 7200.0
USERS = times(long=200, short=20)


def renewals() -> list[str]:
    """Return what came of each call for new tokens, the first exchange left out."""
    return [request.outcome for request in received(operation="token")][1:]


# Which token ------------------------------------------------------------------------------------------


def test_token_of_a_sandbox_account_never_connected_is_one_the_sandbox_knows() -> None:
    account = AccountFactory.create(handle="lumen.lamps")
    assert username_of(access_token(account=account, mode="sandbox")) == "lumen.lamps"
    assert open_id(account=account, mode="sandbox") == open_id_of("lumen.lamps")


def test_token_of_a_live_account_never_connected_says_so() -> None:
    account = AccountFactory.create(handle="lumen.lamps")
    with pytest.raises(
        AccessRefused, match=r"@lumen\.lamps is not connected to TikTok: choose 'Connect"
    ) as caught:
        access_token(account=account, mode="live")
    assert caught.value.may_have_acted is False
    assert open_id(account=account, mode="live") == ""


def test_token_of_a_connected_account_is_its_own_and_asks_nobody() -> None:
    made = connected()
    token = token_of(made)
    owner = owner_of(token)
    assert owner is not None
    assert owner.username == made.account.handle
    assert username_of(token) == ""  # none of those that are everybody's
    assert renewals() == []
    assert open_id(account=made.account, mode="sandbox") == open_id_of(made.account.handle)


def test_expiry_and_renewal_follow_from_what_tiktok_says() -> None:
    made = connected()
    lasts = (made.expires_at - made.connected_at).total_seconds()
    assert lasts == pytest.approx(WHOLE, abs=5)
    assert (made.expires_at - made.renew_at).total_seconds() == pytest.approx(lasts / 2, abs=5)


def test_token_before_half_of_its_life_is_not_renewed_and_after_it_is() -> None:
    made = connected()
    access_ages(made, HALF - 60)
    before = token_of(made)
    access_ages(made, 60)
    after = token_of(made)
    assert before != after
    assert renewals() == ["ok"]
    assert owner_of(after) is not None


def test_renewed_pair_is_kept_sealed_in_a_new_version_and_the_old_one_destroyed() -> None:
    made = connected()
    old = kept_pair(made)
    access_ages(made, HALF)
    token = token_of(made)
    new = kept_pair(made)
    assert (new.version, new.access_token) == (2, token)
    assert new.refresh_token != old.refresh_token
    assert [row is None for row in kept_ciphertexts(made)] == [True, False]
    told = AuditEvent.objects.filter(workspace_id=made.account.workspace_id, verb__startswith="connection.")
    verbs = list(told.values_list("verb", flat=True))
    assert sorted(verbs) == ["connection.connected", "connection.renewed"]


# One call --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [HALF, WHOLE], ids=["due", "run out"])
def test_many_users_of_one_account_at_once_make_one_renewal(settings: Any, age: float) -> None:
    made = connected()
    settings.PROVIDERS = providers(token={"slow_seconds": 0.2})
    access_ages(made, age)
    barrier = threading.Barrier(USERS)
    found: list[str] = []
    troubles: list[BaseException] = []

    def use() -> None:
        try:
            barrier.wait()
            while True:
                try:
                    found.append(token_of(made))
                except AccessBusy:
                    continue
                return
        except BaseException as error:  # noqa: BLE001 - whatever it is, a user met it
            troubles.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=use) for _ in range(USERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert len(found) == USERS
    assert renewals() == ["ok"]
    assert all(owner_of(token) for token in found)
    assert again(made).secret_version == 2


def test_token_while_another_renews_is_the_old_one_as_long_as_that_is_good() -> None:
    made = connected()
    before = kept_pair(made).access_token
    access_ages(made, HALF)
    assert claim_renewal(again(made))
    assert token_of(made) == before
    access_ages(made, HALF)
    with pytest.raises(AccessBusy, match="is being renewed this moment") as caught:
        token_of(made)
    assert caught.value.retry_after_seconds == 1
    assert renewals() == []


def test_claim_of_a_worker_that_died_runs_out() -> None:
    made = connected()
    access_ages(made, WHOLE)
    assert claim_renewal(again(made))
    assert not claim_renewal(again(made))
    TikTokConnection.objects.filter(id=made.id).update(renewing_until="2020-01-01T00:00:00Z")
    assert owner_of(token_of(made))


def test_release_lets_the_next_one_try() -> None:
    made = connected()
    access_ages(made, HALF)
    assert claim_renewal(again(made))
    release_renewal(again(made))
    assert claim_renewal(again(made))


# Fences ----------------------------------------------------------------------------------------------


def test_pair_that_comes_late_is_kept_although_somebody_gave_up_on_it() -> None:
    made = connected()
    access_ages(made, HALF)
    late = oauth_refresh(made)
    with pytest.raises(ReconnectNeeded):
        token_of(made)
    assert keep_renewed(connection=made, grant=late, by="a test") == 2
    assert again(made).status == "connected"
    assert token_of(made) == late.access_token
    assert [alert.status for alert in alerts_of(made)] == ["resolved"]


def test_pair_that_comes_after_another_was_kept_changes_nothing() -> None:
    made = connected()
    keep_renewed(connection=made, grant=granted(made.account.handle), by="a test")
    assert keep_renewed(connection=made, grant=granted(made.account.handle), by="a test") is None
    assert again(made).secret_version == 2


def test_pair_that_comes_after_the_account_was_disconnected_is_not_kept() -> None:
    made = connected()
    disconnect(connection=made, by=made.connected_by)
    assert keep_renewed(connection=made, grant=granted(made.account.handle), by="a test") is None
    assert again(made).status == "disconnected"
    assert kept_ciphertexts(made) == [None]


def oauth_refresh(made: TikTokConnection) -> Any:
    return get_tiktok().oauth.refresh(refresh_token=kept_pair(made).refresh_token)


# A token TikTok does not take --------------------------------------------------------------------------


def test_speak_with_a_token_tiktok_refuses_renews_it_before_the_next_call() -> None:
    made = connected()
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE agents_sandboxtoken SET issued_at = issued_at - '1 day'::interval, "
            "expires_at = issued_at - '1 hour'::interval"
        )
    with (
        pytest.raises(ProviderUnavailable, match="it is renewed before the next call"),
        speaking(made) as token,
    ):
        get_tiktok().display.user_info(token=token)
    with speaking(made) as token:
        assert get_tiktok().display.user_info(token=token).username == made.account.handle
    assert renewals() == ["ok"]


def speaking(made: TikTokConnection) -> Any:
    return speaking_for(account=made.account, mode=made.mode)


def test_speak_with_a_refused_scope_says_so_and_renews_nothing() -> None:
    made = connected()
    with pytest.raises(AccessRefused, match="scope_not_authorized"), speaking(made):
        raise AccessRefused("scope_not_authorized", code="scope_not_authorized")
    assert again(made).renew_at == made.renew_at


def test_speak_for_an_account_never_connected_passes_every_refusal_on() -> None:
    account = AccountFactory.create()
    with pytest.raises(AccessRefused), speaking_for(account=account, mode="sandbox"):
        raise AccessRefused("no", code="access_token_invalid")
