"""The sandbox's OAuth: codes for tokens, new tokens for old ones, and their end; as the Open API documents it.

Its bodies are forms, and its answers flat: no envelope. A refresh token is good once, and dies the moment a new
one is given, whether or not the answer arrives.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from agents.sandbox.tiktok.grants import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    Pair,
    grant_by_code,
    is_redeemable,
    is_renewable,
    pair_by_token,
    redeem,
    remove,
    renew,
)
from agents.sandbox.tiktok.operations import Operation, Style
from agents.sandbox.tiktok.wire import Received, Refusal, Reply, open_id_of
from agents.sandbox_grant_models import SandboxGrant, SandboxToken
from agents.sandbox_models import SandboxCreator
from tiktok_ops.clock import database_now

FORM = "application/x-www-form-urlencoded"
CALLS_A_MINUTE = 6000
"""TikTok documents no limit here; this one only keeps a client that goes round in circles from going on."""
_STATUS = {"invalid_client": 401, "rate_limit_exceeded": 429, "server_error": 500}
_SAID = {
    "invalid_client": "Client key or secret is incorrect.",
    "invalid_grant": "The code or the refresh token is invalid, expired or was used before.",
    "invalid_request": "The request parameters are malformed.",
    "unsupported_grant_type": "The grant type is not supported.",
    "server_error": "Something went wrong.",
    "rate_limit_exceeded": "Too many requests.",
}


@dataclass(frozen=True, slots=True)
class FlatReply(Reply):
    """An answer of OAuth: its fields beside each other, the log id among them."""

    def content(self, log_id: str) -> bytes:
        """Return the body; empty where success has nothing to say."""
        return json.dumps({**self.data, "log_id": log_id}).encode() if self.data else b""


class OAuthError(Refusal):
    """OAuth refuses this, by one of its own words."""

    def __init__(self, error: str, said: str = "") -> None:
        data = {"error": error, "error_description": said or _SAID[error]}
        super().__init__(FlatReply(_STATUS.get(error, 400), error, data, said))


def _form(received: Received) -> Mapping[str, str]:
    """Return the fields of a form; those given twice are as if they were not there."""
    fields = parse_qs(received.content.decode(errors="replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def _check_app(received: Received) -> None:
    """Refuse whoever is not our app, and what is no form."""
    if received.headers.get("content-type", "").partition(";")[0].strip() != FORM:
        raise OAuthError("invalid_request", f"Content-Type must be {FORM}")
    form = _form(received)
    given = (form.get("client_key", "").encode(), form.get("client_secret", "").encode())
    ours = (SANDBOX_CLIENT_KEY.encode(), SANDBOX_CLIENT_SECRET.encode())
    if not all(hmac.compare_digest(one, other) for one, other in zip(given, ours, strict=True)):
        raise OAuthError("invalid_client")
    if received.path == TOKEN_PATH and form.get("grant_type") not in {"authorization_code", "refresh_token"}:
        raise OAuthError("unsupported_grant_type")


def _grant_of(received: Received) -> SandboxGrant | None:
    """Return the grant a request is about: its code's, or that of a token in it."""
    form = _form(received)
    if form.get("grant_type") == "authorization_code":
        return grant_by_code(form.get("code", ""))
    pair = pair_by_token(form.get("refresh_token", "") or form.get("token", ""))
    return pair.grant if pair else None


def username_of_form(received: Received) -> str:
    """Return which creator a request is about; empty where nothing in it was ever given out."""
    grant = _grant_of(received)
    return grant.creator.username if grant else ""


def token(received: Received, creator: SandboxCreator) -> Reply:
    """Answer with a pair of tokens: for a code, or for the refresh token of the pair before."""
    form = _form(received)
    if form["grant_type"] == "authorization_code":
        return _redeem(form)
    given = form.get("refresh_token", "")
    pair = pair_by_token(given)  # again: the creator is locked only now
    if pair is None or not is_renewable(pair, refresh_token=given, client_key=form["client_key"]):
        raise OAuthError("invalid_grant")
    return _paired(renew(pair))


def revoke(received: Received, creator: SandboxCreator) -> Reply:
    """End a grant by one of its tokens; success has an empty body."""
    grant = _grant_of(received)
    if grant is None or not remove(SandboxGrant.objects.filter(id=grant.id)):
        raise OAuthError("invalid_grant")
    return Reply(200, "ok")


def _redeem(form: Mapping[str, str]) -> Reply:
    grant = grant_by_code(form.get("code", ""))
    if grant is None or not is_redeemable(
        grant,
        client_key=form["client_key"],
        redirect_uri=form.get("redirect_uri", ""),
        verifier=form.get("code_verifier", ""),
    ):
        raise OAuthError("invalid_grant")
    return _paired(redeem(grant))


def _paired(pair: Pair) -> Reply:
    now, row = database_now(), SandboxToken.objects.filter(grant=pair.grant).latest("issued_at")
    data: dict[str, Any] = {
        "open_id": open_id_of(pair.grant.creator.username),
        "scope": ",".join(pair.grant.scopes),
        "access_token": pair.access_token,
        "expires_in": round((row.expires_at - now).total_seconds()),
        "refresh_token": pair.refresh_token,
        "refresh_expires_in": round((row.refresh_expires_at - now).total_seconds()),
        "token_type": "Bearer",
    }
    return FlatReply(200, "ok", data)


TOKEN_PATH = "/v2/oauth/token/"  # noqa: S105
OAUTH = Style(
    token_header="",
    token_shape=re.compile("(?!)"),  # who asks is in the form
    bad_token=lambda: OAuthError("invalid_grant"),
    no_scope=lambda said: OAuthError("invalid_request", said),
    limited=lambda: OAuthError("rate_limit_exceeded"),
    broken=lambda: OAuthError("server_error"),
    check=_check_app,
    username_of=username_of_form,
)
OPERATIONS = (
    Operation("token", "POST", TOKEN_PATH, frozenset(), token, CALLS_A_MINUTE, OAUTH),
    Operation("revoke", "POST", "/v2/oauth/revoke/", frozenset(), revoke, CALLS_A_MINUTE, OAUTH),
)
