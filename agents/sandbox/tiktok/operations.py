"""What an endpoint is, and how each of TikTok's three styles of API is spoken here.

The Open API says `error.code`, the Business API a number with HTTP 200, the Shop API a number under a signed
address. An operation belongs to one style, which knows its token, its refusals and what it checks first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from agents.sandbox.tiktok.shop_gate import check_signed
from agents.sandbox.tiktok.wire import (
    TOKEN_MESSAGE,
    BusinessError,
    Received,
    Refusal,
    Reply,
    ShopError,
    WireError,
)
from agents.sandbox_models import SandboxCreator

Act = Callable[[Received, SandboxCreator], Reply]
_PLACE = re.compile(r"\{(\w+)\}")
_BEARER = re.compile(r"Bearer (\S+)")
_PLAIN = re.compile(r"(\S+)")


@dataclass(frozen=True, slots=True)
class Style:
    """One style of API: where its token is, and what it says when it refuses.

    `check` is asked before anything else, also the token. `username_of` says whose a request is where that is
    not in a token of its header.
    """

    token_header: str
    token_shape: re.Pattern[str]
    bad_token: Callable[[], Refusal]
    no_scope: Callable[[str], Refusal]
    limited: Callable[[], Refusal]
    broken: Callable[[], Refusal]
    check: Callable[[Received], None] = field(default=lambda received: None)
    username_of: Callable[[Received], str] | None = None

    def token_of(self, received: Received) -> str:
        """Return the request's token, empty where there is none."""
        found = self.token_shape.fullmatch(received.headers.get(self.token_header, ""))
        return found[1] if found else ""


LIMIT_MESSAGE = "The API rate limit was exceeded. Please try again later."
OPEN = Style(
    token_header="authorization",  # noqa: S106
    token_shape=_BEARER,
    bad_token=lambda: WireError("access_token_invalid", TOKEN_MESSAGE),
    no_scope=lambda said: WireError("scope_not_authorized", said),
    limited=lambda: WireError("rate_limit_exceeded", LIMIT_MESSAGE),
    broken=lambda: WireError("internal_error"),
)
BUSINESS = Style(
    token_header="access-token",  # noqa: S106
    token_shape=_PLAIN,
    bad_token=lambda: BusinessError(40105, "Access token is incorrect or has been revoked."),
    no_scope=lambda said: BusinessError(40001, said),
    limited=lambda: BusinessError(40100, "Too many requests. Please retry in some time."),
    broken=lambda: BusinessError(50000, "System error"),
)
SHOP = Style(
    token_header="x-tts-access-token",  # noqa: S106
    token_shape=_PLAIN,
    bad_token=lambda: ShopError(105002, "Expired credentials."),
    no_scope=lambda said: ShopError(105005, said),
    limited=lambda: ShopError(36009002, "Too many requests", status=429),
    broken=lambda: ShopError(36009003, "Internal error", status=500),
    check=check_signed,
)


@dataclass(frozen=True)
class Operation:
    """One endpoint: where it is, the scopes any of which it needs, how often it may be called, what it does.

    Without scopes it needs none. A `{name}` in `path` stands for one part of it, which the request is then
    `placed` with.
    """

    name: str
    method: str
    path: str
    scopes: frozenset[str]
    act: Act
    calls_a_minute: int
    style: Style = OPEN

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pieces = _PLACE.split(self.path)
        texts = [f"(?P<{piece}>[^/\\0]+)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)]
        return re.compile("".join(texts))

    def parts_of(self, method: str, path: str) -> dict[str, str] | None:
        """Return what stands for each `{name}` in the path; None for another endpoint's."""
        found = self._pattern.fullmatch(path) if method == self.method else None
        return None if found is None else found.groupdict()
