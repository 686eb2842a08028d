"""Every documented code and status as our error: its class, its advice, and whether TikTok may have acted."""

import httpx
import pytest

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
    CODES,
    UPLOADS,
    code_problem,
    network_problem,
    shape_problem,
    status_problem,
    upload_problem,
)
from tests.unit.agents.providers.tiktok.wire import TOKEN

REQUEST = httpx.Request("POST", "https://open.tiktokapis.com/v2/", headers={"authorization": TOKEN})
DOCUMENTED: list[tuple[str, int, type[ProviderError], Advice, bool]] = [
    ("invalid_param", 400, ProviderRejected, Advice.GIVE_UP, False),
    ("invalid_params", 400, ProviderRejected, Advice.GIVE_UP, False),
    ("invalid_file_upload", 400, ProviderRejected, Advice.GIVE_UP, False),
    ("scope_permission_missed", 400, AccessRefused, Advice.ASK_PERSON, False),
    ("scope_not_authorized", 401, AccessRefused, Advice.ASK_PERSON, False),
    ("access_token_invalid", 401, AccessRefused, Advice.ASK_PERSON, False),
    ("spam_risk_too_many_posts", 403, ProviderRejected, Advice.ASK_PERSON, False),
    ("spam_risk_too_many_posts", 200, ProviderRejected, Advice.ASK_PERSON, False),
    ("spam_risk_user_banned_from_posting", 403, ProviderRejected, Advice.ASK_PERSON, False),
    ("spam_risk_too_many_pending_share", 403, ProviderRejected, Advice.ASK_PERSON, False),
    ("spam_risk_text", 403, ProviderRejected, Advice.ASK_PERSON, False),
    ("spam_risk", 403, ProviderRejected, Advice.ASK_PERSON, False),
    ("reached_active_user_cap", 403, ProviderRejected, Advice.ASK_PERSON, False),
    (
        "unaudited_client_can_only_post_to_private_accounts",
        403,
        ProviderMisconfigured,
        Advice.ASK_PERSON,
        False,
    ),
    ("url_ownership_unverified", 403, ProviderMisconfigured, Advice.ASK_PERSON, False),
    ("privacy_level_option_mismatch", 403, ProviderRejected, Advice.ASK_PERSON, False),
    ("rate_limit_exceeded", 429, ProviderRateLimited, Advice.WAIT, False),
    ("internal_error", 500, ProviderUnavailable, Advice.RETRY, True),
    ("invalid_publish_id", 400, ProviderRejected, Advice.GIVE_UP, False),
    ("token_not_authorized_for_specified_publish_id", 400, AccessRefused, Advice.ASK_PERSON, False),
    ("publish_not_cancellable", 400, ProviderRejected, Advice.GIVE_UP, False),
]


def problem(code: str, *, status: int = 400, message: str = "") -> ProviderError:
    """Return the error for a code."""
    return code_problem(code, status=status, message=message, token=TOKEN, log_id="log1")


def told(found: ProviderError) -> tuple[type[ProviderError], Advice, bool]:
    """Return what an error says to do."""
    return type(found), found.advice, found.may_have_acted


@pytest.mark.parametrize(("code", "status", "kind", "advice", "may_have_acted"), DOCUMENTED)
def test_read_documented_code_gives_its_error_by_name(
    code: str, status: int, kind: type[ProviderError], advice: Advice, may_have_acted: bool
) -> None:
    found = problem(code, status=status)
    assert told(found) == (kind, advice, may_have_acted)
    assert (found.code, found.request_id, found.was_sent) == (code, "log1", True)
    assert str(found).startswith(f"TikTok refused ({code}); ")
    assert str(found).endswith(".")


def test_know_codes_has_those_the_documentation_names_and_no_other() -> None:
    assert set(CODES) == {code for code, *_ in DOCUMENTED}


def test_limit_of_a_minute_says_how_long_to_wait() -> None:
    assert problem("rate_limit_exceeded", status=429).retry_after_seconds == 60
    assert problem("internal_error", status=500).retry_after_seconds is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, (ProviderRejected, Advice.ASK_PERSON, True)),
        (400, (ProviderRejected, Advice.ASK_PERSON, False)),
        (429, (ProviderRateLimited, Advice.WAIT, False)),
        (500, (ProviderUnavailable, Advice.RETRY, True)),
        (503, (ProviderUnavailable, Advice.RETRY, True)),
    ],
)
def test_read_code_nobody_documented_goes_by_the_status(
    status: int, expected: tuple[type[ProviderError], Advice, bool]
) -> None:
    found = problem("something_new", status=status)
    assert told(found) == expected
    assert found.code == "something_new"


@pytest.mark.parametrize("code", ["", "two words", "x" * 81, f"no_{TOKEN}", "<b>"])
def test_read_code_that_looks_like_none_is_not_shown(code: str) -> None:
    found = problem(code)
    assert found.code == "a code that cannot be shown"
    assert str(found).startswith("TikTok refused (a code that cannot be shown); ")


def test_read_message_shows_it_on_one_line() -> None:
    assert "(invalid_param: title: too long)" in str(problem("invalid_param", message=" title:\n too  long "))
    assert len(str(problem("invalid_param", message="x" * 5000))) < 400
    assert "\ud800" not in str(problem("invalid_param", message="half \ud800"))


@pytest.mark.parametrize(
    "message",
    [
        f"token {TOKEN} is bad",
        f"Bearer {TOKEN}",
        "act.anotherSecret99 is bad",
        "rft.anotherSecret99",
        "https://x/?upload_token=anotherSecret99&x=1",
        'Bearer "anotherSecret99"',
    ],
)
def test_read_message_with_a_secret_never_shows_it(message: str) -> None:
    sentence = str(problem("invalid_param", message=message))
    assert "[token]" in sentence
    assert "ecret" not in sentence


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (400, "upload_invalid", Advice.GIVE_UP),
        (403, "upload_expired", Advice.GIVE_UP),
        (404, "upload_unknown", Advice.GIVE_UP),
        (416, "upload_out_of_order", Advice.RETRY),
    ],
)
def test_upload_refused_by_status_gets_a_code_of_ours(status: int, code: str, advice: Advice) -> None:
    found = upload_problem(status)
    assert told(found) == (ProviderRejected, advice, False)
    assert (found.code, found.was_sent) == (code, True)
    assert f"({status})" in str(found)
    assert status in UPLOADS


@pytest.mark.parametrize("make", [upload_problem, status_problem])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, (ProviderUnavailable, Advice.RETRY, True)),
        (302, (ProviderMisconfigured, Advice.ASK_PERSON, False)),
        (401, (AccessRefused, Advice.ASK_PERSON, False)),
        (405, (ProviderMisconfigured, Advice.ASK_PERSON, False)),
        (408, (ProviderUnavailable, Advice.RETRY, True)),
        (429, (ProviderRateLimited, Advice.WAIT, False)),
        (500, (ProviderUnavailable, Advice.RETRY, True)),
        (503, (ProviderUnavailable, Advice.RETRY, True)),
    ],
)
def test_read_answer_without_a_code_goes_by_the_status(
    make: object, status: int, expected: tuple[type[ProviderError], Advice, bool]
) -> None:
    found = make(status) if callable(make) else None
    assert isinstance(found, ProviderError)
    assert told(found) == expected
    assert str(found).startswith(f"TikTok answered {status} and nothing we can read; ")


@pytest.mark.parametrize(
    "kind",
    [
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
    ],
)
def test_fail_before_a_byte_left_says_it_was_not_sent(kind: type[httpx.RequestError]) -> None:
    found = network_problem(kind(TOKEN, request=REQUEST))
    assert told(found) == (ProviderUnavailable, Advice.RETRY, False)
    assert found.was_sent is False
    assert str(found) == f"TikTok could not be reached ({kind.__name__}); try again."


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        (httpx.ReadTimeout, "TikTok did not answer in time"),
        (httpx.WriteTimeout, "TikTok did not answer in time"),
        (httpx.ReadError, "The connection to TikTok broke"),
        (httpx.WriteError, "The connection to TikTok broke"),
        (httpx.CloseError, "The connection to TikTok broke"),
        (httpx.RemoteProtocolError, "The connection to TikTok broke"),
        (httpx.LocalProtocolError, "The connection to TikTok broke"),
        (httpx.DecodingError, "The connection to TikTok broke"),
    ],
)
def test_fail_after_a_byte_may_have_left_says_nobody_knows(
    kind: type[httpx.RequestError], begins: str
) -> None:
    found = network_problem(kind(TOKEN, request=REQUEST))
    assert told(found) == (ProviderUnavailable, Advice.RETRY, True)
    assert found.was_sent is None
    assert str(found) == f"{begins} ({kind.__name__}); find out what it did first."


def test_read_answer_of_a_wrong_shape_may_have_acted() -> None:
    found = shape_problem("publish_id", log_id="log1")
    assert told(found) == (ProviderUnavailable, Advice.RETRY, True)
    assert (found.was_sent, found.request_id) == (True, "log1")
    assert str(found) == "TikTok's answer lacks a usable 'publish_id'; try again."
