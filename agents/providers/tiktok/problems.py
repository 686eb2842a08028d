"""TikTok's error codes, and broken connections, as our errors: what happened, and what to do about it.

Codes: `error.code` of the Open API v2 as documented for content posting, cancelling and in general.
No sentence holds an address or a token; an upload address carries one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import httpx

from agents.providers.errors import (
    AccessRefused,
    Advice,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)

SLIDING_MINUTE_SECONDS = 60.0
"""TikTok sends no `Retry-After`; its limits are over a sliding minute."""
LONGEST_MESSAGE = 200
_CODE_SHAPE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_SECRET_LIKE = re.compile(
    r"\b(?:act|clt|rft)\.[^\s\"']+|\bTTP_[^\s\"']+|upload_token=[^\s\"'&]+|Bearer\s+\S+"
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means to us: the class of error, the advice, and the sentence's remedy."""

    kind: type[ProviderError]
    remedy: str
    advice: Advice | None = None
    may_have_acted: bool = False
    wait_seconds: float | None = None


_BAD_REQUEST = Meaning(ProviderRejected, "it has to be changed before it is sent again")
_NO_SCOPE = Meaning(AccessRefused, "ask the account's owner for that permission and connect it again")
_NOT_PERMITTED_NOW = Meaning(
    ProviderRejected, "no more posts by this account today; look at it tomorrow", Advice.ASK_PERSON
)
_BANNED = Meaning(ProviderRejected, "look into the TikTok app why it may not post", Advice.ASK_PERSON)

CODES: Mapping[str, Meaning] = MappingProxyType(
    {
        "invalid_param": _BAD_REQUEST,
        "invalid_params": _BAD_REQUEST,
        "invalid_file_upload": _BAD_REQUEST,
        "scope_permission_missed": _NO_SCOPE,
        "scope_not_authorized": _NO_SCOPE,
        "access_token_invalid": Meaning(AccessRefused, "renew the account's access, or connect it again"),
        "rate_limit_exceeded": Meaning(
            ProviderRateLimited, "wait a minute before the next call", wait_seconds=SLIDING_MINUTE_SECONDS
        ),
        "internal_error": Meaning(ProviderUnavailable, "try again", may_have_acted=True),
        "spam_risk_too_many_posts": _NOT_PERMITTED_NOW,
        "spam_risk_user_banned_from_posting": _BANNED,
        "spam_risk_too_many_pending_share": Meaning(
            ProviderRejected, "finish or delete drafts waiting in the TikTok app first", Advice.ASK_PERSON
        ),
        "spam_risk_text": Meaning(ProviderRejected, "have a person reword the caption", Advice.ASK_PERSON),
        "spam_risk": _BANNED,
        "reached_active_user_cap": Meaning(
            ProviderRejected, "our app may post for no more accounts today; try tomorrow", Advice.ASK_PERSON
        ),
        "unaudited_client_can_only_post_to_private_accounts": Meaning(
            ProviderMisconfigured, "have TikTok audit the app, or make the account private"
        ),
        "url_ownership_unverified": Meaning(
            ProviderMisconfigured, "verify the address's domain in TikTok's developer portal"
        ),
        "privacy_level_option_mismatch": Meaning(
            ProviderRejected, "choose one of the privacy levels the creator has now", Advice.ASK_PERSON
        ),
        "invalid_publish_id": Meaning(ProviderRejected, "TikTok knows no post under this id"),
        "token_not_authorized_for_specified_publish_id": Meaning(
            AccessRefused, "use the account that the post was begun with"
        ),
        "publish_not_cancellable": Meaning(ProviderRejected, "it is too late to call the post back"),
    }
)
"""Every documented code of `error.code` but `ok`."""

UPLOADS: Mapping[int, tuple[str, Meaning]] = MappingProxyType(
    {
        400: ("upload_invalid", Meaning(ProviderRejected, "the chunk's headers or size are wrong")),
        403: ("upload_expired", Meaning(ProviderRejected, "the upload address is too old; ask the status")),
        404: ("upload_unknown", Meaning(ProviderRejected, "TikTok knows no such upload; ask the status")),
        416: (
            "upload_out_of_order",
            Meaning(
                ProviderRejected, "ask the status and go on from the bytes TikTok already has", Advice.RETRY
            ),
        ),
    }
)
"""What an upload address answers, by HTTP status, and the code we give it (TikTok has none here)."""

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def code_problem(code: str, *, status: int, message: str, token: str, log_id: str) -> ProviderError:
    """Return the error for a code TikTok answered with; one not documented is for a person to look at."""
    shown = code if _CODE_SHAPE.fullmatch(code) and token not in code else "a code that cannot be shown"
    meaning = CODES.get(code) or unknown_meaning(status)
    said = said_by_tiktok(message, token)
    return make_problem(meaning, f"TikTok refused ({shown}{said})", code=shown, log_id=log_id)


def status_problem(status: int) -> ProviderError:
    """Return the error for an answer that says nothing but its HTTP status."""
    return make_problem(_unreadable(status), f"TikTok answered {status} and nothing we can read")


def upload_problem(status: int) -> ProviderError:
    """Return the error for what an upload address answered, other than 201 and 206."""
    if status not in UPLOADS:
        return status_problem(status)
    code, meaning = UPLOADS[status]
    return make_problem(meaning, f"TikTok did not take the chunk ({status})", code=code)


def shape_problem(where: str, *, log_id: str) -> ProviderError:
    """Return the error for an answer that says `ok` but lacks what it should hold."""
    return ProviderUnavailable(
        f"TikTok's answer lacks a usable {where!r}; try again.", request_id=log_id, was_sent=True
    )


def network_problem(error: httpx.RequestError) -> ProviderError:
    """Return the error for a connection that failed; it says whether a byte may have arrived."""
    name = type(error).__name__
    if isinstance(error, _NEVER_SENT):
        return ProviderUnavailable(
            f"TikTok could not be reached ({name}); try again.", was_sent=False, may_have_acted=False
        )
    if isinstance(error, httpx.TimeoutException):
        return ProviderUnavailable(f"TikTok did not answer in time ({name}); find out what it did first.")
    return ProviderUnavailable(f"The connection to TikTok broke ({name}); find out what it did first.")


def unknown_meaning(status: int) -> Meaning:
    """Return what a code not documented means, as far as its HTTP status tells."""
    if status >= 500:
        return CODES["internal_error"]
    if status == 429:
        return CODES["rate_limit_exceeded"]
    remedy = "this version does not know the code, so a person has to look at it"
    return Meaning(ProviderRejected, remedy, Advice.ASK_PERSON, may_have_acted=status < 400)


def _unreadable(status: int) -> Meaning:
    if status >= 500 or status == 408 or status < 300:
        return CODES["internal_error"]
    known = {401: CODES["access_token_invalid"], 429: CODES["rate_limit_exceeded"]}
    if status in known:
        return known[status]
    return Meaning(ProviderMisconfigured, "look at TIKTOK_BASE_URL and at what stands between us and TikTok")


def make_problem(meaning: Meaning, what: str, *, code: str = "", log_id: str = "") -> ProviderError:
    """Return the error a meaning stands for; `what` says what happened, its remedy is added."""
    return meaning.kind(
        f"{what}; {meaning.remedy}.",
        advice=meaning.advice,
        retry_after_seconds=meaning.wait_seconds,
        request_id=log_id,
        code=code,
        was_sent=True,
        may_have_acted=meaning.may_have_acted,
    )


def said_by_tiktok(message: str, token: str) -> str:
    """Return ': ' and TikTok's own message on one short line, without anything like a token; or ''."""
    line = " ".join(message.split()).replace(token, "[token]")
    line = _SECRET_LIKE.sub("[token]", line)[:LONGEST_MESSAGE]
    return f": {line.encode('utf-8', 'replace').decode()}" if line else ""
