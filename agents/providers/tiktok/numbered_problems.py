"""The numbers the Business API and the Shop API refuse with, as our errors: what happened, and what to do.

Source: the Business API's own list of codes, and what is known of the Shop API's, as of 2026-11-20. A number
not listed here is for a person to look at, unless the HTTP status says more.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from agents.providers.errors import (
    AccessRefused,
    Advice,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from agents.providers.tiktok.problems import (
    SLIDING_MINUTE_SECONDS,
    Meaning,
    make_problem,
    said_by_tiktok,
    unknown_meaning,
)

PARKED_SECONDS = 300.0
"""The Business API's limit by the minute asks for five minutes of silence; nothing tells which limit it was."""

_FIX = Meaning(ProviderRejected, "it has to be changed before it is sent again")
_PERSON = Meaning(
    ProviderRejected, "a person has to look at it in TikTok's business center", Advice.ASK_PERSON
)
_NO_RIGHT = Meaning(AccessRefused, "ask the account's owner for that permission and connect it again")
_RECONNECT = Meaning(AccessRefused, "renew the account's access, or connect it again")
_APP = Meaning(ProviderMisconfigured, "correct our app's settings at TikTok")
_LIMIT = Meaning(ProviderRateLimited, "wait five minutes before the next call", wait_seconds=PARKED_SECONDS)
_LIMIT_NOW = Meaning(ProviderRateLimited, "wait a moment before the next call", wait_seconds=1.0)
_BUSY = Meaning(ProviderUnavailable, "try again")
_BROKEN = Meaning(ProviderUnavailable, "find out what it did before it is sent again", may_have_acted=True)


def _table(*rows: tuple[Meaning, Sequence[int]]) -> Mapping[int, Meaning]:
    return MappingProxyType({code: meaning for meaning, codes in rows for code in codes})


BUSINESS_CODES = _table(
    (_FIX, (40000, 40002, 40006, 40007, 40011, 40053, 40065, 40700, 51065)),
    (_FIX, (40904, 40905, 40906, 40907, 40908, 40909, 40910, 40911, 40912, 40914, 40915)),
    (_PERSON, (40118, 40119, 40121, 40122, 40124, 40125, 40300, 40301, 40502)),
    (_NO_RIGHT, (40001, 40106)),
    (_RECONNECT, (40101, 40102, 40103, 40104, 40105, 40107)),
    (_APP, (40108, 40110, 40112, 40113, 40115, 40116, 41000)),
    (_LIMIT, (40016, 40100, 40132)),
    (_LIMIT_NOW, (40133,)),
    (_BUSY, (40201, 40202, 40902, 40903, 40913)),
    (Meaning(ProviderUnavailable, "wait until the video is ready", Advice.WAIT), (40901,)),
    (Meaning(ProviderUnavailable, "TikTok is being maintained; wait", Advice.WAIT), (60001,)),
    (Meaning(ProviderRejected, "look up what the first request made", may_have_acted=True), (40050,)),
    (_BROKEN, (50000, 50002, 51305)),
)
SHOP_CODES = _table(
    (_FIX, (36009004,)),
    (_RECONNECT, (105001, 105002)),
    (_NO_RIGHT, (105005,)),
    (_APP, (106001, 106013, 36009009, 36009010, 36009033)),
    (
        Meaning(
            ProviderRateLimited, "wait a minute before the next call", wait_seconds=SLIDING_MINUTE_SECONDS
        ),
        (36009002, 36009037),
    ),
    (
        Meaning(
            ProviderRejected, "the day's searches for creators are used up; try tomorrow", Advice.ASK_PERSON
        ),
        (45101004,),
    ),
    (_BROKEN, (36009003, 36009007)),
)


def business_problem(code: int, *, status: int, message: str, token: str, log_id: str) -> ProviderError:
    """Return the error for a number of the Business API."""
    return _problem(BUSINESS_CODES, code, status=status, message=message, token=token, log_id=log_id)


def shop_problem(code: int, *, status: int, message: str, token: str, log_id: str) -> ProviderError:
    """Return the error for a number of the Shop API."""
    return _problem(SHOP_CODES, code, status=status, message=message, token=token, log_id=log_id)


def shop_item_problem(errors: Any, *, token: str, log_id: str) -> ProviderError:
    """Return the error for what a good answer says went wrong with some items; others may be done."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    said = said_by_tiktok(str(first.get("message") or ""), token)
    meaning = Meaning(
        ProviderRejected, "look at what was changed and what was not", Advice.ASK_PERSON, may_have_acted=True
    )
    code = str(first.get("code", ""))[:20]
    return make_problem(meaning, f"TikTok refused a part of it ({code}{said})", code=code, log_id=log_id)


def _problem(
    codes: Mapping[int, Meaning], code: int, *, status: int, message: str, token: str, log_id: str
) -> ProviderError:
    meaning = codes.get(code) or unknown_meaning(status)
    what = f"TikTok refused ({code}{said_by_tiktok(message, token)})"
    return make_problem(meaning, what, code=str(code), log_id=log_id)
