"""The SDK's exceptions as ours: one class, one sentence and one piece of advice for each."""

from datetime import UTC, datetime

import anthropic
import httpx2
import pytest
import time_machine

from agents.providers.claude_problems import problem_of
from agents.providers.errors import (
    Advice,
    PromptTooLong,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUnpaid,
)
from tests.unit.agents.providers.wire import REQUEST, Handler, answering, failing, live, refusing


def problem(handler: Handler) -> ProviderError:
    """Return what is raised when the wire does this."""
    with pytest.raises(ProviderError) as caught:
        live(handler).ask(REQUEST)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "ours", "advice"),
    [
        (400, "invalid_request_error", ProviderRejected, Advice.GIVE_UP),
        (400, "billing_error", ProviderUnpaid, Advice.ASK_PERSON),
        (401, "authentication_error", ProviderMisconfigured, Advice.ASK_PERSON),
        (402, "billing_error", ProviderUnpaid, Advice.ASK_PERSON),
        (403, "permission_error", ProviderMisconfigured, Advice.ASK_PERSON),
        (404, "not_found_error", ProviderMisconfigured, Advice.ASK_PERSON),
        (408, "timeout_error", ProviderUnavailable, Advice.RETRY),
        (409, "conflict_error", ProviderUnavailable, Advice.RETRY),
        (413, "request_too_large", PromptTooLong, Advice.GIVE_UP),
        (418, "teapot", ProviderRejected, Advice.GIVE_UP),
        (422, "invalid_request_error", ProviderRejected, Advice.GIVE_UP),
        (429, "rate_limit_error", ProviderRateLimited, Advice.WAIT),
        (431, "invalid_request_error", ProviderRejected, Advice.GIVE_UP),
        (499, "api_error", ProviderRejected, Advice.GIVE_UP),
        (500, "api_error", ProviderUnavailable, Advice.RETRY),
        (502, "api_error", ProviderUnavailable, Advice.RETRY),
        (503, "api_error", ProviderUnavailable, Advice.WAIT),
        (504, "timeout_error", ProviderUnavailable, Advice.RETRY),
        (529, "overloaded_error", ProviderUnavailable, Advice.WAIT),
        (301, "moved", ProviderMisconfigured, Advice.ASK_PERSON),
        (308, "moved", ProviderMisconfigured, Advice.ASK_PERSON),
    ],
)
def test_refuse_with_status_raises_our_class_and_advice(
    status: int, kind: str, ours: type[ProviderError], advice: Advice
) -> None:
    error = problem(refusing(status, kind))
    assert type(error) is ours
    assert error.advice is advice
    assert error.request_id == "req_7"
    assert error.usage is None
    expected_status = 402 if kind == "billing_error" else status
    assert kind in str(error)
    assert str(status) in str(error) or expected_status != status
    assert str(error).endswith(".")


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "ANTHROPIC_API_KEY"),
        (403, "ANTHROPIC_API_KEY"),
        (404, "MODELS"),
        (402, "add credit"),
        (413, "send less"),
    ],
)
def test_refuse_with_status_names_the_remedy(status: int, remedy: str) -> None:
    assert remedy in str(problem(refusing(status, "some_error")))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:00 GMT"}, 60.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "86400000"}, 3600.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "whenever"}, None),
        ({"retry-after-ms": "1500", "retry-after": "12"}, 1.5),
        ({"retry-after-ms": "999999999999"}, 3600.0),
        ({"retry-after-ms": "soon", "retry-after": "12"}, 12.0),
    ],
)
@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_refuse_for_now_says_how_long_to_wait(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    with time_machine.travel(datetime(2026, 11, 20, 12, 0, tzinfo=UTC), tick=False):
        assert problem(refusing(status, "api_error", headers=headers)).retry_after_seconds == seconds


def test_refuse_for_good_never_says_to_wait() -> None:
    error = problem(refusing(400, "invalid_request_error", headers={"retry-after": "12"}))
    assert error.retry_after_seconds is None


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        (httpx2.ReadTimeout("x"), "Claude did not answer in time (ReadTimeout); try again."),
        (httpx2.ConnectTimeout("x"), "Claude did not answer in time (ConnectTimeout); try again."),
        (httpx2.PoolTimeout("x"), "Claude did not answer in time (PoolTimeout); try again."),
        (httpx2.ConnectError("x"), "The connection to Claude failed (ConnectError); try again."),
        (httpx2.ReadError("x"), "The connection to Claude failed (ReadError); try again."),
        (
            httpx2.RemoteProtocolError("x"),
            "The connection to Claude failed (RemoteProtocolError); try again.",
        ),
    ],
)
def test_fail_on_the_way_is_unavailable(cause: Exception, sentence: str) -> None:
    error = problem(failing(cause))
    assert type(error) is ProviderUnavailable
    assert (str(error), error.advice, error.retry_after_seconds) == (sentence, Advice.RETRY, None)


def test_fail_in_the_sdk_otherwise_is_unavailable() -> None:
    error = problem_of(anthropic.AnthropicError("something sk-ant-secret-0123456789"), key="k")
    assert str(error) == "The call to Claude failed (AnthropicError); try again."


def test_reject_tells_what_the_api_said_on_one_short_line() -> None:
    text = "output_config.format.schema:\n  minItems is not supported " + "x" * 500
    sentence = str(problem(refusing(400, "invalid_request_error", text=text)))
    assert sentence.startswith(
        "Claude rejected the request (400 invalid_request_error: output_config.format.schema: minItems is not"
    )
    assert sentence.endswith("xxx); it has to be changed.")
    assert len(sentence) < 300


def test_reject_without_words_leaves_them_out() -> None:
    sentence = "Claude rejected the request (400 invalid_request_error); it has to be changed."
    assert str(problem(refusing(400, "invalid_request_error", text=" "))) == sentence


def test_reject_with_another_key_in_its_words_cuts_it_out() -> None:
    error = problem(refusing(400, "invalid_request_error", text="key sk-ant-api03-abcdefgh is old"))
    assert "key [key] is old" in str(error)


def test_reject_with_our_key_of_any_shape_in_its_words_cuts_it_out() -> None:
    provider = live(
        refusing(400, "invalid_request_error", text="no gateway=token!"), api_key="gateway=token!"
    )
    with pytest.raises(ProviderRejected, match=r"invalid_request_error: no \[key\]\)"):
        provider.ask(REQUEST)


@pytest.mark.parametrize(
    "body",
    [
        "<html>Bad gateway</html>",
        "",
        "[]",
        '{"error": "no"}',
        '{"error": {"type": ["x"], "message": 7}}',
        '{"error": {"type": "<script>", "message": null}}',
    ],
)
def test_refuse_with_body_of_a_proxy_says_the_status_only(body: str) -> None:
    assert str(problem(answering(body, status=502))) == "Claude failed to answer (502); try again."
    assert (
        str(problem(answering(body, status=400)))
        == "Claude rejected the request (400); it has to be changed."
    )


def test_refuse_with_half_a_surrogate_pair_says_what_can_be_stored() -> None:
    str(problem(refusing(400, "invalid_request_error", text="a\ud800b"))).encode()


def test_refuse_without_request_id_leaves_it_empty() -> None:
    assert problem(refusing(500, "api_error", headers={"request-id": ""})).request_id == ""
    assert len(problem(refusing(500, "api_error", headers={"request-id": "r" * 500})).request_id) == 100
