"""Connecting an account in the browser: to TikTok and back, bound to one session, once, as the right account."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from agents.connections import flow
from agents.connections.listeners import register_listener
from agents.connections.models import TikTokConnection
from agents.connections.services import lose
from agents.sandbox.tiktok.grants import owner_of
from agents.sandbox_grant_models import SandboxGrant
from agents.sandbox_models import ALL_SCOPES
from tests.factories.accounts import AccountFactory, person
from tests.factories.connections import alerts_of, connected, connection_row, kept_pair
from tests.factories.posting import providers
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.vault.models import SecretVersion
from workflows.account_actions import wake_effects
from workflows.schedules.models import Schedule

SUBMITTED = {"_form_submitted": "True"}


@pytest.fixture
def account() -> TikTokAccount:
    """An account of our own."""
    made: TikTokAccount = AccountFactory.create()
    return made


def owner_of_team(account: TikTokAccount, role: Role = Role.OWNER) -> Client:
    """Return a browser of somebody in the account's workspace."""
    browser = Client()
    browser.force_login(person(account.workspace, role))
    return browser


def page_of(account: TikTokAccount) -> str:
    return reverse("admin:accounts_tiktokaccount_connect_to_tiktok", args=[account.pk])


def go_to_tiktok(browser: Client, account: TikTokAccount) -> dict[str, str]:
    """Begin, and return what TikTok is asked with."""
    answer = browser.post(page_of(account))
    parts = urlsplit(answer["Location"])
    assert parts.path == reverse("sandbox_tiktok_authorize")
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def say(browser: Client, asked: dict[str, str], answer: str = "allow", **given: Any) -> str:
    """Answer on the sandbox's page, and return where that leads."""
    told = {**asked, "answer": answer, "scopes": asked["scope"].split(","), **given}
    return str(browser.post(reverse("sandbox_tiktok_authorize"), told)["Location"])


def come_back(browser: Client, url: str) -> list[str]:
    """Follow TikTok's redirect, and return what the person is told."""
    answer = browser.get(url.removeprefix("http://testserver"))
    assert answer.status_code == 302
    return [str(message) for message in get_messages(answer.wsgi_request)]


def connection_of(account: TikTokAccount) -> TikTokConnection | None:
    return TikTokConnection.objects.filter(account=account).first()


def test_connect_leads_to_tiktok_and_back_and_keeps_what_it_gave_in_the_vault(account: TikTokAccount) -> None:
    browser = owner_of_team(account)
    page = browser.get(page_of(account)).content.decode()
    assert f"Connect @{account.handle} to TikTok" in page
    asked = go_to_tiktok(browser, account)
    assert browser.get(reverse("sandbox_tiktok_authorize"), asked).status_code == 200
    assert come_back(browser, say(browser, asked)) == [f"@{account.handle} is connected to TikTok."]
    made = connection_of(account)
    assert made is not None
    assert (made.status, made.mode, sorted(made.scopes)) == (
        "connected",
        "sandbox",
        sorted(asked["scope"].split(",")),
    )
    owner = owner_of(kept_pair(made).access_token)
    assert owner is not None
    assert owner.username == account.handle
    listing = browser.get(reverse("admin:accounts_tiktokaccount_changelist")).content.decode()
    assert ">Connected<" in re.sub(r"\s", "", listing)


def test_ask_of_tiktok_is_what_its_documentation_wants(account: TikTokAccount) -> None:
    asked = go_to_tiktok(owner_of_team(account), account)
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == "http://testserver/connect/tiktok/callback/"
    assert set(asked["scope"].split(",")) <= set(ALL_SCOPES)
    assert re.fullmatch("[0-9a-f]{64}", asked["code_challenge"])
    assert (asked["code_challenge_method"], asked["disable_auto_auth"]) == ("S256", "1")


def test_ask_of_tiktok_with_a_public_address_leads_back_there(account: TikTokAccount, settings: Any) -> None:
    settings.PUBLIC_URL = "https://ops.example"
    asked = go_to_tiktok(owner_of_team(account), account)
    assert asked["redirect_uri"] == "https://ops.example/connect/tiktok/callback/"


def test_come_back_twice_connects_once(account: TikTokAccount) -> None:
    browser = owner_of_team(account)
    url = say(browser, go_to_tiktok(browser, account))
    come_back(browser, url)
    told = come_back(browser, url)[-1]
    assert told.startswith("This answer of TikTok's is not for anything begun in this browser")


def test_come_back_in_another_browser_connects_nothing(account: TikTokAccount) -> None:
    browser, other = owner_of_team(account), owner_of_team(account)
    url = say(browser, go_to_tiktok(browser, account))
    go_to_tiktok(other, account)
    [told] = come_back(other, url)
    assert told.startswith("This answer of TikTok's is not for anything begun in this browser")
    assert connection_of(account) is None
    assert come_back(browser, url) == [f"@{account.handle} is connected to TikTok."]


def test_come_back_with_another_state_uses_up_what_was_begun(account: TikTokAccount) -> None:
    browser = owner_of_team(account)
    url = say(browser, go_to_tiktok(browser, account))
    come_back(browser, re.sub("state=[^&]*", "state=made-up", url))
    come_back(browser, url)
    assert connection_of(account) is None


def test_come_back_after_ten_minutes_connects_nothing(account: TikTokAccount) -> None:
    browser = owner_of_team(account)
    url = say(browser, go_to_tiktok(browser, account))
    session = browser.session
    session[flow.SESSION_KEY] = session[flow.SESSION_KEY] | {"begun_at": 0.0}
    session.save()
    [told] = come_back(browser, url)
    assert "took longer than 10 minutes" in told
    assert connection_of(account) is None


def test_come_back_signed_out_leads_to_the_sign_in_and_uses_nothing_up(account: TikTokAccount) -> None:
    browser = owner_of_team(account)
    url = say(browser, go_to_tiktok(browser, account))
    answer = Client().get(url.removeprefix("http://testserver"))
    assert answer["Location"] == reverse("admin:login")
    assert come_back(browser, url) == [f"@{account.handle} is connected to TikTok."]


def test_come_back_without_the_role_any_more_connects_nothing(account: TikTokAccount) -> None:
    browser = owner_of_team(account)
    url = say(browser, go_to_tiktok(browser, account))
    account.workspace.memberships.all().delete()
    [told] = come_back(browser, url)
    assert "You may not connect this account any more" in told
    assert connection_of(account) is None


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("error=access_denied&error_description=The+user+denied", "access_denied: The user denied"),
        ("error=made_up_word", "a word that is not documented"),
        ("", "without a code and without a reason"),
    ],
)
def test_come_back_without_a_code_says_why(account: TikTokAccount, query: str, said: str) -> None:
    browser = owner_of_team(account)
    asked = go_to_tiktok(browser, account)
    [told] = come_back(browser, f"{reverse('tiktok_callback')}?state={asked['state']}&{query}")
    assert said in told
    assert connection_of(account) is None


def test_say_no_at_tiktok_is_told(account: TikTokAccount) -> None:
    browser = owner_of_team(account)
    [told] = come_back(browser, say(browser, go_to_tiktok(browser, account), "deny"))
    assert "access_denied" in told
    assert "ask them, and connect it again" in told


def test_sign_in_there_as_somebody_else_is_refused_and_given_back(account: TikTokAccount) -> None:
    browser = owner_of_team(account)
    [told] = come_back(browser, say(browser, go_to_tiktok(browser, account), username="somebody.else"))
    assert told.startswith(f"You signed in to TikTok as @somebody.else, and this is @{account.handle}")
    assert connection_of(account) is None
    assert SandboxGrant.objects.get(creator__username="somebody.else").removed_at is not None


def test_leave_something_unticked_is_refused_and_given_back(account: TikTokAccount) -> None:
    browser = owner_of_team(account)
    [told] = come_back(browser, say(browser, go_to_tiktok(browser, account), scopes=["user.info.basic"]))
    assert "video.publish" in told
    assert "leave everything ticked" in told
    assert SandboxGrant.objects.get(creator__username=account.handle).removed_at is not None


def test_give_back_what_tiktok_cannot_take_now_still_refuses(account: TikTokAccount, settings: Any) -> None:
    browser = owner_of_team(account)
    url = say(browser, go_to_tiktok(browser, account), scopes=["user.info.basic"])
    settings.PROVIDERS = providers(revoke={"unreachable": 1})
    [told] = come_back(browser, url)
    assert "leave everything ticked" in told


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR])
def test_connect_without_being_an_owner_is_refused(account: TikTokAccount, role: Role) -> None:
    browser = owner_of_team(account, role)
    assert browser.post(page_of(account)).status_code == 403
    disconnect = reverse("admin:accounts_tiktokaccount_disconnect_from_tiktok", args=[account.pk])
    assert browser.post(disconnect, SUBMITTED).status_code == 403


def test_connect_a_third_partys_account_is_refused() -> None:
    foreign = AccountFactory.create(ownership="third_party")
    answer = owner_of_team(foreign).post(page_of(foreign), follow=True)
    assert "only an account of your own can be connected" in answer.content.decode()


def test_connect_a_live_account_while_tiktok_is_the_sandbox_is_refused(account: TikTokAccount) -> None:
    TikTokAccount.objects.filter(id=account.id).update(mode="live")
    answer = owner_of_team(account).post(page_of(account), follow=True)
    assert "TIKTOK_MODE is &#x27;sandbox&#x27;" in answer.content.decode()


def test_connect_again_after_it_was_lost_resolves_the_alert(account: TikTokAccount) -> None:
    made = connected(account)
    assert [lose(connection=made, why="It was lost.", by="a test") for _ in range(2)] == [True, False]
    assert [alert.status for alert in alerts_of(made)] == ["open"]
    browser = owner_of_team(account)
    assert "It was lost." in browser.get(page_of(account)).content.decode()
    come_back(browser, say(browser, go_to_tiktok(browser, account)))
    assert [alert.status for alert in alerts_of(made)] == ["resolved"]
    again = connection_of(account)
    assert again is not None
    assert (again.status, again.why, again.secret_version) == ("connected", "", 2)


# Ending ----------------------------------------------------------------------------------------------


def end(account: TikTokAccount) -> list[str]:
    """Disconnect on the account's page, and return what the person is told."""
    address = reverse("admin:accounts_tiktokaccount_disconnect_from_tiktok", args=[account.pk])
    answer = owner_of_team(account).post(address, SUBMITTED)
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_disconnect_revokes_at_tiktok_and_destroys_the_tokens(account: TikTokAccount) -> None:
    made = connected(account)
    token = kept_pair(made).access_token
    end(account)
    assert owner_of(token) is None
    again = connection_of(account)
    assert again is not None
    assert again.status == "disconnected"
    assert not SecretVersion.objects.filter(
        secret__workspace=account.workspace, ciphertext__isnull=False
    ).exists()
    assert AuditEvent.objects.filter(
        verb="connection.disconnected", workspace_id=account.workspace_id
    ).exists()


def test_disconnect_what_tiktok_had_ended_or_the_vault_lost_is_done_all_the_same(
    account: TikTokAccount,
) -> None:
    connected(account)
    SandboxGrant.objects.update(removed_at="2026-01-01T00:00:00Z")
    end(account)
    again = connection_of(account)
    assert again is not None
    assert again.status == "disconnected"
    row = connection_row()
    end(row.account)
    row.refresh_from_db()
    assert row.status == "disconnected"


def test_disconnect_while_tiktok_cannot_be_asked_changes_nothing(
    account: TikTokAccount, settings: Any
) -> None:
    made = connected(account)
    settings.PROVIDERS = providers(revoke={"unreachable": 1})
    [told] = end(account)
    assert "TikTok could not be reached" in told
    made.refresh_from_db()
    assert made.status == "connected"


@pytest.mark.parametrize("status", ["", "disconnected"])
def test_disconnect_what_is_not_connected_says_so(account: TikTokAccount, status: str) -> None:
    if status:
        connection_row(account, status=status)
    assert end(account) == [f"@{account.handle} is not connected to TikTok."]


# Rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"status": "connected", "why": "So."}, "connection_end_has_reason"),
        ({"status": "reconnect", "why": ""}, "connection_end_has_reason"),
        ({"open_id": ""}, "connection_is_of_somebody"),
        ({"secret_version": 0}, "connection_is_of_somebody"),
        ({"renew_at": "2030-01-01T00:00:00Z"}, "connection_renews_in_time"),
        ({"mode": "made"}, "connection_mode_known"),
        ({"status": "made"}, "connection_status_known"),
    ],
)
def test_write_a_connection_that_cannot_be_is_refused(
    account: TikTokAccount, changes: dict[str, Any], rule: str
) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        connection_row(account, **changes)


def test_connect_an_account_in_one_mode_twice_is_refused(account: TikTokAccount) -> None:
    connection_row(account)
    with pytest.raises(IntegrityError, match="connection_once"), transaction.atomic():
        connection_row(account)


def test_connect_an_account_has_it_synced_from_then_on(account: TikTokAccount) -> None:
    made = connected(account)
    schedule = Schedule.objects.get(account=account)
    assert (schedule.workflow, schedule.kept_by, schedule.state) == (
        "sync_account",
        made.connected_by,
        "active",
    )


def test_listen_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="listens to connections already"):
        register_listener(wake_effects)


def test_open_the_sandboxs_page_where_tiktok_is_live_finds_none(settings: Any) -> None:
    live = {**settings.PROVIDERS["tiktok"], "MODE": "live"}
    for tiktok in (live, {}):
        settings.PROVIDERS = {**settings.PROVIDERS, "tiktok": tiktok}
        assert Client().get(reverse("sandbox_tiktok_authorize")).status_code == 404
