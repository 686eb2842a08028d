"""What TikTok's wire tells its breakers: which operation, for how long, and how it went."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from agents.providers.errors import AccessRefused, BreakerOpen, ProviderError
from agents.providers.tiktok.provider import TikTokProvider
from agents.providers.tiktok.wire import OPERATIONS, UPLOAD, Wire
from agents.sandbox.tiktok import registry
from agents.sandbox.tiktok.operations import OPEN
from tests.unit.agents.providers.tiktok.wire import (
    TOKEN,
    UPLOAD_URL,
    Handler,
    Recorder,
    answering,
    envelope,
    failing,
    refusing,
)


class Watching:
    """A guard that writes down what passes it; what is `shut` does not."""

    def __init__(self, *shut: str) -> None:
        self.shut = shut
        self.passed: list[tuple[str, float, str]] = []

    def check(self, operation: str) -> None:
        if operation in self.shut:
            raise BreakerOpen(retry_after_seconds=30)

    @contextmanager
    def around(self, operation: str, *, timeout_seconds: float) -> Iterator[None]:
        self.check(operation)
        try:
            yield
        except ProviderError as error:
            self.passed.append((operation, timeout_seconds, type(error).__name__))
            raise
        self.passed.append((operation, timeout_seconds, "well"))


def guarded(handler: Handler, *shut: str) -> tuple[Wire, Watching, Recorder]:
    """Return a wire behind a guard."""
    guard, recorder = Watching(*shut), Recorder([handler])
    made = Wire(
        base_url="https://open.tiktokapis.com",
        upload_domain="tiktokapis.com",
        make_transport=lambda: recorder,
        guard=guard,
    )
    return made, guard, recorder


def call(made: Wire, path: str = "/v2/post/publish/video/init/", token: str = TOKEN) -> None:
    """Call an endpoint."""
    made.call("POST", path, token=token, timeout_seconds=7)


def put(made: Wire) -> None:
    """Send bytes."""
    made.put(UPLOAD_URL, content=b"x", headers={}, timeout_seconds=9)


def test_name_operations_as_the_sandbox_does() -> None:
    of_open_api = [one for one in registry.OPERATIONS if one.style is OPEN]
    assert {operation.path: operation.name for operation in of_open_api} == OPERATIONS
    assert registry.UPLOAD == UPLOAD


@pytest.mark.parametrize(
    ("act", "operation", "seconds"),
    [
        (call, "init", 7),
        (lambda made: call(made, "/v2/something/else/"), "/v2/something/else/", 7),
        (put, "upload", 9),
    ],
)
@pytest.mark.parametrize(
    ("handler", "went"),
    [
        (failing(httpx.ReadTimeout), "ProviderUnavailable"),
        (refusing("internal_error", status=500), "ProviderUnavailable"),
        (answering(b"<html>", status=502), "ProviderUnavailable"),
        (answering(b"", status=429), "ProviderRateLimited"),
    ],
)
def test_call_in_vain_is_told_to_its_breaker(
    act: Callable[[Wire], None], operation: str, seconds: float, handler: Handler, went: str
) -> None:
    made, guard, _ = guarded(handler)
    with pytest.raises(ProviderError):
        act(made)
    assert guard.passed == [(operation, seconds, went)]


def test_call_that_goes_well_or_is_refused_by_name_is_told_as_that() -> None:
    made, guard, _ = guarded(answering(envelope()))
    call(made)
    made, refused, _ = guarded(refusing("spam_risk"))
    with pytest.raises(ProviderError):
        call(made)
    made, sent, _ = guarded(answering(b"", status=201))
    put(made)
    told = [*guard.passed, *refused.passed, *sent.passed]
    assert told == [("init", 7, "well"), ("init", 7, "ProviderRejected"), ("upload", 9, "well")]


@pytest.mark.parametrize(("act", "operation"), [(call, "init"), (put, "upload")])
def test_call_that_is_not_let_through_sends_nothing(act: Callable[[Wire], None], operation: str) -> None:
    made, guard, recorder = guarded(answering(envelope()), operation)
    with pytest.raises(BreakerOpen) as refused:
        act(made)
    with pytest.raises(BreakerOpen):
        made.check_open(operation)
    made.check_open("status")
    assert (recorder.requests, guard.passed) == ([], [])
    assert (refused.value.was_sent, refused.value.may_have_acted) == (False, False)


def test_call_with_a_token_that_is_none_does_not_reach_its_breaker() -> None:
    made, guard, _ = guarded(answering(envelope()))
    with pytest.raises(AccessRefused):
        call(made, token="")
    assert guard.passed == []


def test_provider_with_a_wire_of_a_tests_own_has_no_breakers() -> None:
    TikTokProvider("live", {}, transport=Recorder([answering(envelope())])).wire.check_open("init")
