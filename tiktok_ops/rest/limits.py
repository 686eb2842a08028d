"""How often somebody may ask: counted in one row of PostgreSQL each, so that it holds over all processes.

A window is a minute that begins with the first call in it; the database's clock measures it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tiktok_ops.accounts.models import ApiKey
from tiktok_ops.rest.exceptions import CONTENT_TYPE, Problem
from tiktok_ops.rest.scoping import caller_of

if TYPE_CHECKING:  # DRF's views import this module while they are themselves being imported
    from rest_framework.views import APIView

WINDOW_SECONDS = 60

# One statement, so that of any number of calls at once each is counted, and by itself.
_COUNT = """
    INSERT INTO accounts_ratewindow AS seen (bucket, started_at, hits) VALUES (%(bucket)s, clock_timestamp(), 1)
    ON CONFLICT (bucket) DO UPDATE SET
        hits = CASE
            WHEN seen.started_at + %(window)s::interval > excluded.started_at THEN seen.hits + 1
            ELSE 1
        END,
        started_at = CASE
            WHEN seen.started_at + %(window)s::interval > excluded.started_at THEN seen.started_at
            ELSE excluded.started_at
        END
    RETURNING hits, ceil(extract(epoch FROM started_at + %(window)s::interval - clock_timestamp()))::int
"""

_log = logging.getLogger(__name__)


class Tier(StrEnum):
    """What is counted apart; `RATE_TIERS` says how many calls a minute each allows."""

    AUTH = "auth"
    WRITE = "write"
    READ = "read"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Count:
    """The calls of a window so far, this one included; `seconds_left` until the next window may begin."""

    tier: Tier
    limit: int
    hits: int
    seconds_left: int

    @property
    def is_over(self) -> bool:
        """Whether this call is one too many."""
        return self.hits > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """What the caller is told of it (draft-ietf-httpapi-ratelimit-headers-06); with 429, when to return."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.hits)),
            "RateLimit-Reset": str(self.seconds_left),
        }
        return told | {"Retry-After": str(self.seconds_left)} if self.is_over else told

    @property
    def sentence(self) -> str:
        """What a person reads who asked too often."""
        return (
            f"More than {self.limit} calls of the tier {self.tier.value!r} came within a minute: "
            f"ask again in {self.seconds_left} seconds."
        )


class TooManyRequests(APIException):
    """Somebody asked too often."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, count: Count) -> None:
        super().__init__(count.sentence)
        self.headers = count.headers


class Uncountable(APIException):
    """A failed sign-in could not be counted, and is therefore not answered."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "Signing in does not work at the moment: try again in a minute."
    headers = {"Retry-After": str(WINDOW_SECONDS)}


class ByCaller(BaseThrottle):
    """Counts each call of a key or a person, reads and writes apart."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Return True, having told the view what to say of the rate; raises `TooManyRequests`."""
        who = caller_of(request).who
        kind = "api_key" if isinstance(who, ApiKey) else "user"
        tier = Tier.READ if request.method in SAFE_METHODS else Tier.WRITE
        count = count_call(tier, f"{kind}:{who.id}")
        if count is not None and count.is_over:
            raise TooManyRequests(count)
        if count is not None:
            view.headers |= count.headers
        return True


def count_failed_sign_in(request: HttpRequest) -> None:
    """Count a sign-in that failed, by the address it came from.

    Raises `TooManyRequests` beyond what the tier allows, and `Uncountable` when it cannot be counted.
    A key that opens is let in all the same: many people share an address, and 32 bytes are not guessed.
    """
    count = count_call(Tier.AUTH, address_of(request))
    if count is None:
        raise Uncountable
    if count.is_over:
        raise TooManyRequests(count)


def limited_by_address(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Count the calls of a page that asks for no sign-in, in the tier `health`; answer 429 beyond it."""

    @wraps(view)
    def limited(request: HttpRequest) -> HttpResponse:
        count = count_call(Tier.HEALTH, address_of(request))
        if count is None or not count.is_over:
            return view(request)
        problem = Problem(HTTPStatus.TOO_MANY_REQUESTS, count.sentence)
        return JsonResponse(
            problem.as_json(), status=problem.status, headers=count.headers, content_type=CONTENT_TYPE
        )

    return limited


def count_call(tier: Tier, who: str) -> Count | None:
    """Count a call, and return what the window came to; None when the database cannot count.

    Who asks is then let in: a limit that fails must not become an outage. Signing in decides otherwise.
    """
    try:
        with connection.cursor() as cursor:
            window = f"{WINDOW_SECONDS} seconds"
            cursor.execute(_COUNT, {"bucket": f"{tier.value}:{who}", "window": window})
            [(hits, seconds_left)] = cursor.fetchall()
    except Error:
        _log.exception("rate.uncounted %s", tier.value)
        return None
    return Count(tier, settings.RATE_TIERS[tier.value], hits, max(1, seconds_left))


def address_of(request: HttpRequest) -> str:
    """Return the address a request came from; of IPv6 the network (/64), which is what one customer has."""
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return "unknown"  # a Unix socket has no address
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False).network_address)
