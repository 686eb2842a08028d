"""The sandbox's OAuth: codes and refresh tokens good once, scopes that narrow, documented refusals, webhooks."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from django.db import connection as database

from agents.providers.tiktok.grants import challenge_of
from agents.sandbox.tiktok import consent
from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.grants import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    allow,
    owner_of,
    take_back,
)
from agents.sandbox.tiktok.ledger import received
from agents.sandbox.tiktok.wire import open_id_of
from agents.sandbox_grant_models import SandboxNotice, SandboxToken
from agents.sandbox_models import ALL_SCOPES
from tests.factories.tiktok import USERNAME, make_creator
from tests.unit.agents.sandbox.tiktok.wire import OAUTH_PATHS, ask, exchange, refused

pytestmark = pytest.mark.usefixtures("committed_sandbox")

BACK = "https://ops.example/connect/tiktok/callback/"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
APP = {"client_key": SANDBOX_CLIENT_KEY, "client_secret": SANDBOX_CLIENT_SECRET}
FORM = {"content-type": "application/x-www-form-urlencoded"}
SOME = ["user.info.basic", "video.list"]


def post(operation: str, given: dict[str, Any], **more: Any) -> httpx.Response:
    """Send a form to an OAuth endpoint as our app."""
    content = urlencode(APP | given).encode()
    return exchange("POST", OAUTH_PATHS[operation], content=content, headers=FORM | more)


def code_for(scopes: list[str] | None = None, **given: Any) -> str:
    """Return a code a creator's yes gave."""
    creator = make_creator()
    told = {"redirect_uri": BACK, "code_challenge": challenge_of(VERIFIER)} | given
    return allow(creator, scopes=scopes or list(ALL_SCOPES), **told)


def redeemed(code: str, **given: Any) -> httpx.Response:
    """Ask for tokens for a code."""
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    return post("token", asked | given)


def renewed(refresh_token: str) -> httpx.Response:
    """Ask for new tokens for a refresh token."""
    return post("token", {"grant_type": "refresh_token", "refresh_token": refresh_token})


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the `error` of an answer, which is flat."""
    assert set(answer.json()) == {"error", "error_description", "log_id"}
    return answer.status_code, answer.json()["error"]


def test_challenge_is_the_hex_tiktok_wants() -> None:
    assert challenge_of(VERIFIER) == "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3"


def test_redeem_a_code_gives_a_pair_with_its_times_and_scopes() -> None:
    answer = redeemed(code_for(SOME))
    told = answer.json()
    assert answer.status_code == 200
    assert (told["open_id"], told["scope"]) == (open_id_of(USERNAME), ",".join(SOME))
    assert (told["token_type"], told["expires_in"], told["refresh_expires_in"]) == (
        "Bearer",
        7200,
        15_552_000,
    )
    owner = owner_of(told["access_token"])
    assert owner is not None
    assert (owner.username, owner.scopes) == (USERNAME, frozenset(SOME))


def test_redeem_a_code_twice_is_refused_the_second_time() -> None:
    code = code_for()
    assert redeemed(code).status_code == 200
    assert error_of(redeemed(code)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "given",
    [{"code": "made up"}, {"redirect_uri": f"{BACK}x"}, {"code_verifier": "another"}, {"code_verifier": ""}],
)
def test_redeem_a_code_that_does_not_fit_is_refused(given: dict[str, str]) -> None:
    code = code_for()
    assert error_of(redeemed(**{"code": code} | given)) == (400, "invalid_grant")
    assert redeemed(code).status_code == 200  # nothing was used up


def test_redeem_a_code_that_is_old_is_refused() -> None:
    code = code_for()
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE agents_sandboxgrant SET code_expires_at = code_expires_at - '11 minutes'::interval"
        )
    assert error_of(redeemed(code)) == (400, "invalid_grant")


def test_renew_kills_the_refresh_token_at_once_and_leaves_the_access_token_its_time() -> None:
    first = redeemed(code_for()).json()
    second = renewed(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert error_of(renewed(first["refresh_token"])) == (400, "invalid_grant")
    assert owner_of(first["access_token"]) == owner_of(second["access_token"])
    assert renewed(second["refresh_token"]).status_code == 200


def test_renew_with_an_access_token_is_refused() -> None:
    first = redeemed(code_for()).json()
    assert error_of(renewed(first["access_token"])) == (400, "invalid_grant")


def test_revoke_ends_every_token_of_the_grant_and_says_nothing() -> None:
    first = redeemed(code_for()).json()
    second = renewed(first["refresh_token"]).json()
    answer = post("revoke", {"token": first["access_token"]})
    assert (answer.status_code, answer.content) == (200, b"")
    assert owner_of(second["access_token"]) is None
    assert error_of(renewed(second["refresh_token"])) == (400, "invalid_grant")
    assert error_of(post("revoke", {"token": first["access_token"]})) == (400, "invalid_grant")


def test_expire_by_the_clock_of_the_database() -> None:
    first = redeemed(code_for()).json()
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE agents_sandboxtoken SET issued_at = issued_at - '3 hours'::interval, "
            "expires_at = expires_at - '3 hours'::interval"
        )
    assert refused(ask("user_info", token=first["access_token"])) == (401, "access_token_invalid")
    assert renewed(first["refresh_token"]).status_code == 200


def test_speak_with_fewer_scopes_opens_less() -> None:
    token = redeemed(code_for(SOME)).json()["access_token"]
    assert ask("video_list", token=token).status_code == 200
    assert refused(ask("creator_info", token=token)) == (401, "scope_not_authorized")
    path = "/v2/user/info/?fields=follower_count"
    assert refused(ask("user_info", token=token, path=path)) == (401, "scope_not_authorized")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client")),
        ({"client_key": "aw_other"}, (401, "invalid_client")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"grant_type": "refresh_token", "refresh_token": ""}, (400, "invalid_grant")),
    ],
)
def test_ask_for_tokens_wrongly_is_refused_by_the_documented_word(given: dict[str, str], error: Any) -> None:
    assert error_of(post("token", {"grant_type": "refresh_token", "refresh_token": "x"} | given)) == error


def test_ask_for_tokens_with_json_is_refused() -> None:
    answer = exchange(
        "POST", OAUTH_PATHS["token"], content=b"{}", headers={"content-type": "application/json"}
    )
    assert error_of(answer) == (400, "invalid_request")


def test_ledger_has_every_call_with_its_creator_and_no_token() -> None:
    first = redeemed(code_for()).json()
    renewed(first["refresh_token"])
    renewed("made up")
    told = [(one.username, one.outcome, one.token_digest) for one in received(operation="token")]
    assert told == [(USERNAME, "ok", ""), (USERNAME, "ok", ""), ("", "invalid_grant", "")]
    rows = SandboxToken.objects.values_list("access_digest", "refresh_digest")
    assert all(len(digest) == 64 for row in rows for digest in row)


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [("rate_limited", 429, "rate_limit_exceeded"), ("server_error_before", 500, "server_error")],
)
def test_fault_is_told_in_the_words_of_oauth(fault: str, status: int, error: str) -> None:
    faults = TikTokFaults.model_validate({"token": {fault: 1}})
    content = urlencode(APP | {"grant_type": "refresh_token", "refresh_token": "x"}).encode()
    answer = exchange("POST", OAUTH_PATHS["token"], content=content, headers=FORM, faults=faults)
    assert error_of(answer) == (status, error)


def test_take_access_back_ends_it_and_tells_the_app(settings: Any) -> None:
    settings.TIKTOK_CLIENT_KEY, settings.WEBHOOK_SECRETS = "aw_made", {"tiktok": ("a secret we share",)}
    first = redeemed(code_for()).json()
    creator = SandboxToken.objects.get().grant.creator
    take_back(creator)
    take_back(creator)  # there is nothing left to take
    assert owner_of(first["access_token"]) is None
    assert list(SandboxNotice.objects.values_list("event", "content")) == [
        ("authorization.removed", {"reason": 1})
    ]


# The page --------------------------------------------------------------------------------------------

ASKED = {
    "client_key": SANDBOX_CLIENT_KEY,
    "scope": "user.info.basic,video.list",
    "redirect_uri": BACK,
    "state": "s3cret&state",
    "response_type": "code",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}


def sent_back(shown: consent.Shown) -> dict[str, str]:
    """Return what the browser takes back to the app."""
    parts = urlsplit(shown.location)
    assert shown.location.startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def test_open_the_page_asks_for_each_scope_and_carries_what_was_asked() -> None:
    shown = consent.ask(ASKED | {"username": "a<b"})
    assert shown.status == 200
    assert 'value="s3cret&amp;state"' in shown.html
    assert 'value="a&lt;b"' in shown.html
    assert shown.html.count('name="scopes"') == 2


def test_say_yes_leads_back_with_a_code_that_is_good_for_what_was_left_ticked() -> None:
    shown = consent.answer(ASKED | {"username": f"@{USERNAME}", "answer": "allow"}, scopes=["video.list"])
    told = sent_back(shown)
    assert (shown.status, told["state"], told["scopes"]) == (302, "s3cret&state", "video.list")
    assert redeemed(told["code"]).json()["scope"] == "video.list"


def test_say_no_leads_back_with_the_documented_word() -> None:
    told = sent_back(consent.answer(ASKED | {"username": USERNAME, "answer": "deny"}, scopes=[]))
    assert (told["error"], told["state"]) == ("access_denied", "s3cret&state")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"client_key": "aw_other"}, "client_key"),
        ({"response_type": "token"}, "response_type"),
        ({"state": ""}, "state"),
        ({"scope": "video.list,made.up"}, "scope: made.up"),
        ({"scope": ""}, "scope"),
        ({"redirect_uri": "http://ops.example/back/"}, "redirect_uri"),
        ({"redirect_uri": f"{BACK}?next=1"}, "redirect_uri"),
        ({"redirect_uri": f"{BACK}#there"}, "redirect_uri"),
        ({"redirect_uri": f"https://ops.example/{'x' * 500}"}, "redirect_uri"),
        ({"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge"),
        ({"code_challenge_method": "plain"}, "code_challenge"),
    ],
)
def test_ask_wrongly_shows_what_is_wrong_and_leads_nowhere(given: dict[str, str], said: str) -> None:
    for shown in (
        consent.ask(ASKED | given),
        consent.answer(ASKED | given | {"username": USERNAME, "answer": "allow"}, scopes=["video.list"]),
    ):
        assert (shown.status, shown.location) == (400, "")
        assert said in shown.html


def test_say_yes_as_nobody_is_refused() -> None:
    shown = consent.answer(ASKED | {"username": "no body", "answer": "allow"}, scopes=["video.list"])
    assert (shown.status, shown.location) == (400, "")


def test_ask_from_this_machine_needs_no_https() -> None:
    assert consent.ask(ASKED | {"redirect_uri": "http://127.0.0.1:8000/back/"}).status == 200
