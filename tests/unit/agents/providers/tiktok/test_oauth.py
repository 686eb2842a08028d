"""TikTok's OAuth as the client reads it: errors whatever the status is, shapes, and no secret in any sentence."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from agents.providers.errors import (
    AccessRefused,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from agents.providers.tiktok.grants import SCOPES, Grant
from agents.providers.tiktok.oauth import ERRORS, OAuthClient, oauth_problem
from tests.unit.agents.providers.tiktok.wire import Recorder, answering

PAIR: dict[str, Any] = {
    "open_id": "-000made",
    "scope": "user.info.basic,video.list",
    "access_token": "act.geheim",
    "expires_in": 7200,
    "refresh_token": "rft.geheim",
    "refresh_expires_in": 15_552_000,
    "token_type": "Bearer",
}
SECRET = "client-geheim"


class Watched(OAuthClient):
    """A client that keeps what it asked."""

    def __init__(self, recorder: Recorder, **given: Any) -> None:
        super().__init__(**given)
        self.asked = recorder.requests


def client(answer: Any = None, *, status: int = 200, **changes: Any) -> Watched:
    """Return a client whose TikTok gives this answer."""
    recorder = Recorder([answering(PAIR if answer is None else answer, status=status)])
    given = {"client_key": "aw_made", "client_secret": SECRET} | changes
    return Watched(
        recorder,
        base_url="https://open.example",
        authorize_at="https://www.example/authorize/",
        make_transport=lambda: recorder,
        **given,
    )


def refusal(made: Watched) -> ProviderError:
    """Return what a renewal is refused with."""
    with pytest.raises(ProviderError) as caught:
        made.refresh(refresh_token="rft.old")
    return caught.value


def test_renew_asks_with_a_form_and_reads_what_comes_back() -> None:
    made = client()
    grant = made.refresh(refresh_token="rft.old")
    [request] = made.asked
    assert (request.method, request.url.path) == ("POST", "/v2/oauth/token/")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert {name: values for name, [values] in parse_qs(request.content.decode()).items()} == {
        "client_key": "aw_made",
        "client_secret": SECRET,
        "grant_type": "refresh_token",
        "refresh_token": "rft.old",
    }
    assert grant == Grant(
        "-000made", ("user.info.basic", "video.list"), "act.geheim", 7200, "rft.geheim", 15_552_000
    )
    assert "geheim" not in repr(grant)


def test_exchange_sends_the_code_with_its_address_and_verifier() -> None:
    made = client()
    made.exchange(code="a*0!b", redirect_uri="https://ops.example/back/", verifier="v" * 43)
    form = parse_qs(made.asked[0].content.decode())
    assert (form["code"], form["grant_type"]) == (["a*0!b"], ["authorization_code"])
    assert (form["redirect_uri"], form["code_verifier"]) == (["https://ops.example/back/"], ["v" * 43])


@pytest.mark.parametrize("scope", ["a,b", "a b", ["a", "b"], None])
def test_read_scopes_however_they_are_written(scope: Any) -> None:
    given = ",".join(scope) if isinstance(scope, list) else scope
    grant = client(PAIR | {"scope": given}).refresh(refresh_token="rft.old")
    assert grant.scopes == (() if scope is None else ("a", "b"))


def test_revoke_takes_an_empty_answer_for_yes() -> None:
    made = client(b"")
    made.revoke(token="act.old")
    assert made.asked[0].url.path == "/v2/oauth/revoke/"


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("error", sorted(ERRORS))
def test_error_counts_whatever_the_status_is(error: str, status: int) -> None:
    said = {"error": error, "error_description": "So.", "log_id": "L1"}
    caught = refusal(client(said, status=status))
    assert type(caught) is ERRORS[error].kind
    assert (caught.code, caught.request_id, caught.was_sent) == (error, "L1", True)
    assert caught.may_have_acted is (error in {"server_error", "temporarily_unavailable"})


def test_words_are_told_apart_by_what_is_to_be_done() -> None:
    kinds = {word: type(oauth_problem(word, "")) for word in ERRORS}
    assert kinds["invalid_grant"] is kinds["access_denied"] is AccessRefused
    assert kinds["invalid_client"] is kinds["invalid_scope"] is ProviderMisconfigured
    assert kinds["rate_limit_exceeded"] is ProviderRateLimited
    assert type(oauth_problem("made_up", "", status=400)) is ProviderRejected
    assert type(client().refusal(error="access_denied", said="No.")) is AccessRefused


@pytest.mark.parametrize(
    ("answer", "status"),
    [(b"<html>", 200), (b'{"cut', 200), ({}, 200), (PAIR | {"expires_in": 0}, 200), ({}, 502), (b"", 500)],
)
def test_answer_that_cannot_be_read_may_have_cost_the_token(answer: Any, status: int) -> None:
    caught = refusal(client(answer, status=status))
    assert isinstance(caught, ProviderUnavailable)
    assert caught.may_have_acted


@pytest.mark.parametrize("echoed", ["rft.old", SECRET, "act.another"])
def test_sentence_never_holds_what_was_sent(echoed: str) -> None:
    said = {"error": "invalid_grant", "error_description": f"bad {echoed} here", "log_id": ""}
    caught = refusal(client(said, status=400))
    assert echoed not in str(caught)
    assert "bad" in str(caught)
    assert caught.__context__ is None


def test_word_that_is_not_documented_is_not_repeated() -> None:
    caught = refusal(client({"error": "rft.old", "error_description": ""}, status=400))
    assert "rft.old" not in str(caught)
    assert "a word that is not documented" in str(caught)


@pytest.mark.parametrize("missing", ["client_key", "client_secret"])
def test_ask_without_the_apps_keys_is_refused_unsent(missing: str) -> None:
    lacking: dict[str, Any] = {missing: ""}
    made = client(**lacking)
    with pytest.raises(ProviderMisconfigured, match="TIKTOK_CLIENT_KEY or TIKTOK_CLIENT_SECRET is empty"):
        made.authorize_url(state="s", redirect_uri="https://ops.example/", verifier="v")
    assert refusal(made).was_sent is False
    assert made.asked == []


@pytest.mark.parametrize("takes_hint", [True, False])
def test_address_of_the_page_asks_for_all_scopes_and_tells_only_the_sandbox_whom(takes_hint: bool) -> None:
    url = client(takes_hint=takes_hint).authorize_url(
        state="s", redirect_uri="https://o.example/", verifier="v", hint="lumen"
    )
    query = parse_qs(urlsplit(url).query)
    assert query["scope"] == [",".join(SCOPES)]
    assert ("username" in query) is takes_hint
