"""TikTok's OAuth over HTTP: codes for tokens, new tokens for old ones, and their end.

Its bodies are forms and its answers flat, without the Open API's envelope. An `error` in an answer counts whatever
the HTTP status is: `invalid_grant` was seen on 200. No sentence holds a code, a token or the client secret.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated

import httpx
from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter

from agents.providers.breakers import Guard
from agents.providers.errors import (
    AccessRefused,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderUnavailable,
)
from agents.providers.tiktok.connection import (
    CALL_TIMEOUT_SECONDS,
    LONGEST_LOG_ID,
    Answer,
    Connection,
    read_object,
    read_shape,
    timeout_of,
)
from agents.providers.tiktok.grants import SCOPES, Grant, authorize_query
from agents.providers.tiktok.problems import (
    SLIDING_MINUTE_SECONDS,
    Meaning,
    make_problem,
    said_by_tiktok,
    status_problem,
    unknown_meaning,
)

_KEYS = Meaning(ProviderMisconfigured, "look at TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET")
_OURS = Meaning(
    ProviderMisconfigured, "this is a fault of ours, or of what the app may do in TikTok's portal"
)
_BUSY = Meaning(ProviderUnavailable, "try again", may_have_acted=True)

ERRORS: Mapping[str, Meaning] = MappingProxyType(
    {
        "access_denied": Meaning(
            AccessRefused, "the account's owner said no; ask them, and connect it again"
        ),
        "invalid_client": _KEYS,
        "unauthorized_client": _KEYS,
        "invalid_grant": Meaning(AccessRefused, "connect the account again"),
        "invalid_request": _OURS,
        "invalid_scope": _OURS,
        "unsupported_grant_type": _OURS,
        "unsupported_response_type": _OURS,
        "rate_limit_exceeded": Meaning(
            ProviderRateLimited, "wait a minute before the next call", wait_seconds=SLIDING_MINUTE_SECONDS
        ),
        "server_error": _BUSY,
        "temporarily_unavailable": _BUSY,
    }
)
"""Every documented `error`, of the way back from the consent page and of the token endpoint."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """The token endpoint's answer."""

    open_id: Annotated[str, Field(min_length=1, max_length=64)]
    access_token: Annotated[str, Field(min_length=1)] = field(repr=False)
    expires_in: Annotated[int, Field(gt=0)]
    refresh_token: Annotated[str, Field(min_length=1)] = field(repr=False)
    refresh_expires_in: Annotated[int, Field(gt=0)]
    scope: Annotated[
        tuple[str, ...],
        BeforeValidator(lambda given: tuple(filter(None, str(given or "").replace(" ", ",").split(",")))),
        Field(validation_alias=AliasChoices("scope", "scopes")),
    ] = ()


_PAIR = TypeAdapter(_Pair)


class OAuthClient(Connection):
    """Our app's OAuth with TikTok; `authorize_at` is the address of the page where owners are asked."""

    def __init__(
        self,
        *,
        base_url: str,
        authorize_at: str,
        client_key: str,
        client_secret: str,
        make_transport: Callable[[], httpx.BaseTransport | None],
        guard: Guard | None = None,
        takes_hint: bool = False,
    ) -> None:
        super().__init__(base_url=base_url, make_transport=make_transport, guard=guard)
        self._authorize_at = authorize_at
        self._client_key = client_key
        self._client_secret = client_secret
        self._takes_hint = takes_hint

    def __repr__(self) -> str:
        return "OAuthClient()"

    def authorize_url(self, *, state: str, redirect_uri: str, verifier: str, hint: str = "") -> str:
        """Return where the account's owner is to say yes; `hint` tells the sandbox whom it asks.

        Raises `ProviderMisconfigured` without the app's key and secret.
        """
        self._check_keys()
        query = authorize_query(
            client_key=self._client_key,
            scopes=SCOPES,
            redirect_uri=redirect_uri,
            state=state,
            verifier=verifier,
        )
        said = f"&username={hint}" if hint and self._takes_hint else ""
        return f"{self._authorize_at}?{query}{said}"

    def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Return the first pair for a code, which is good once, with the address and verifier it began with."""
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return self._pair(given, secret=code)

    def refresh(self, *, refresh_token: str) -> Grant:
        """Return a new pair for the one before, whose refresh token is dead from then on.

        Raises `AccessRefused` with the code `invalid_grant` where it is dead already. Where the error's
        `may_have_acted` is true, nobody knows whether it is.
        """
        given = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._pair(given, secret=refresh_token)

    def revoke(self, *, token: str) -> None:
        """End all that was granted with this token; one that is dead already raises `AccessRefused`."""
        self._ask("/v2/oauth/revoke/", "revoke", {"token": token}, secret=token)

    def refusal(self, *, error: str, said: str) -> ProviderError:
        """Return the error for what an owner's browser came back with instead of a code."""
        return oauth_problem(error, said)

    def _pair(self, given: Mapping[str, str], *, secret: str) -> Grant:
        pair = read_shape(_PAIR, self._ask("/v2/oauth/token/", "token", given, secret=secret))
        return Grant(
            open_id=pair.open_id,
            scopes=pair.scope,
            access_token=pair.access_token,
            expires_in_seconds=pair.expires_in,
            refresh_token=pair.refresh_token,
            refresh_expires_in_seconds=pair.refresh_expires_in,
        )

    def _ask(self, path: str, operation: str, given: Mapping[str, str], *, secret: str) -> Answer:
        self._check_keys()
        request = self._hold().build_request(
            "POST",
            f"{self._base_url}{path}",
            data={"client_key": self._client_key, "client_secret": self._client_secret, **given},
            timeout=timeout_of(CALL_TIMEOUT_SECONDS),
        )
        with self._guard.around(operation, timeout_seconds=CALL_TIMEOUT_SECONDS):
            return read_flat(self._send(request), secrets=(secret, self._client_secret))

    def _check_keys(self) -> None:
        if not (self._client_key and self._client_secret):
            raise ProviderMisconfigured(
                "TIKTOK_CLIENT_KEY or TIKTOK_CLIENT_SECRET is empty: set both, as TikTok's developer portal shows "
                "them.",
                was_sent=False,
                may_have_acted=False,
            )


def read_flat(response: httpx.Response, *, secrets: tuple[str, ...]) -> Answer:
    """Return what an answer of OAuth holds, or raise the `ProviderError` of its `error` or its HTTP status."""
    body = read_object(response.content)
    error = body.get("error")
    log_id = str(body.get("log_id") or body.get("logid") or "")[:LONGEST_LOG_ID]
    if isinstance(error, str) and error:
        said = str(body.get("error_description") or "")
        raise oauth_problem(error, said, status=response.status_code, secrets=secrets, log_id=log_id)
    if response.status_code != 200 or (response.content.strip() and not body):
        raise status_problem(response.status_code)
    return Answer(body, log_id)


def oauth_problem(
    error: str, said: str, *, status: int = 400, secrets: tuple[str, ...] = (), log_id: str = ""
) -> ProviderError:
    """Return the error for an `error` of OAuth, of an answer or of the way back from the consent page."""
    code = error if error in ERRORS else "a word that is not documented"
    meaning = ERRORS.get(error) or unknown_meaning(status)
    for secret in filter(None, secrets):
        said = said.replace(secret, "[secret]")
    told = said_by_tiktok(said, "\0")
    return make_problem(meaning, f"TikTok refused ({code}{told})", code=code, log_id=log_id)
