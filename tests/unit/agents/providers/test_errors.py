"""Provider errors: what they say, what they advise, and how long they ask us to wait."""

import pickle
from datetime import UTC, datetime
from inspect import getmembers, isclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.providers import errors
from agents.providers.errors import (
    LONGEST_RETRY_AFTER_SECONDS,
    Advice,
    AnswerError,
    OutputInvalid,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderUnavailable,
    read_retry_after,
)
from agents.providers.language import LanguageAnswer, Usage
from tiktok_ops.errors import Refused

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANSWER = LanguageAnswer(
    text="{",
    data={},
    usage=Usage(input_tokens=10, output_tokens=5),
    model="claude-haiku-5-5",
    stop_reason="max_tokens",
    request_id="req_1",
)
ERRORS = sorted(
    (kind for _, kind in getmembers(errors, isclass) if issubclass(kind, ProviderError)),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", ERRORS)
def test_raise_without_sentence_says_its_docstring(kind: type[ProviderError]) -> None:
    error = kind()
    assert str(error) == kind.__doc__
    assert str(error).endswith(".")
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("ProviderError", "give_up"),
        ("ProviderRateLimited", "wait"),
        ("ProviderUnavailable", "retry"),
        ("BreakerOpen", "wait"),
        ("ProviderMisconfigured", "ask_person"),
        ("ProviderUnpaid", "ask_person"),
        ("AccessRefused", "ask_person"),
        ("ReconnectNeeded", "wait"),
        ("ProviderRejected", "give_up"),
        ("PromptTooLong", "give_up"),
        ("AnswerError", "retry"),
        ("ProviderRefused", "ask_person"),
        ("OutputInvalid", "retry"),
        ("OutputTruncated", "retry"),
        ("OutputPaused", "retry"),
        ("ContextExceeded", "give_up"),
        ("UnknownStop", "ask_person"),
    ],
)
def test_advise_by_class_says_what_to_do(name: str, advice: str) -> None:
    error: ProviderError = getattr(errors, name)("It broke.")
    assert error.advice == advice
    assert isinstance(error, Refused)


def test_advise_every_class_is_listed_above() -> None:
    assert len(ERRORS) == 17


def test_raise_with_own_advice_keeps_it() -> None:
    error = ProviderUnavailable(
        "Overloaded.", advice=Advice.WAIT, retry_after_seconds=4.5, request_id="req_9"
    )
    assert (error.advice, error.retry_after_seconds, error.request_id) == (Advice.WAIT, 4.5, "req_9")
    assert ProviderUnavailable().advice is Advice.RETRY


def test_raise_without_a_word_on_sending_supposes_the_worst() -> None:
    error = ProviderUnavailable()
    assert (error.code, error.was_sent, error.may_have_acted) == ("", None, True)
    told = ProviderUnavailable("Gone.", code="gone", was_sent=False, may_have_acted=False)
    assert (told.code, told.was_sent, told.may_have_acted) == ("gone", False, False)


def test_usage_of_unpaid_error_is_unknown() -> None:
    assert ProviderRateLimited().usage is None
    assert ProviderRateLimited().request_id == ""
    assert AnswerError().usage is None
    assert AnswerError().request_id == ""


def test_usage_of_paid_error_is_the_answers() -> None:
    error = OutputInvalid("Not JSON.", answer=ANSWER)
    assert error.usage == Usage(input_tokens=10, output_tokens=5)
    assert error.answer is ANSWER
    assert error.request_id == "req_1"


def test_request_id_of_paid_error_given_wins_over_the_answers() -> None:
    assert OutputInvalid("Not JSON.", answer=ANSWER, request_id="req_2").request_id == "req_2"


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailable("Down.", advice=Advice.WAIT, retry_after_seconds=3.0, request_id="req_3"),
        OutputInvalid("Not JSON.", answer=ANSWER, advice=Advice.GIVE_UP),
        ProviderMisconfigured(),
    ],
)
def test_pickle_error_keeps_everything(error: ProviderError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0", 0.0),
        (" 2.5 ", 2.5),
        ("-5", 0.0),
        ("3600", 3600.0),
        ("3601", LONGEST_RETRY_AFTER_SECONDS),
        ("999999999999", LONGEST_RETRY_AFTER_SECONDS),
        ("1e400", LONGEST_RETRY_AFTER_SECONDS),
        ("inf", LONGEST_RETRY_AFTER_SECONDS),
        ("-inf", 0.0),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 12:00:30 -0000", 30.0),
        ("Fri, 20 Nov 2026 13:00:30 +0100", 30.0),
        ("Fri, 20 Nov 2026 11:59:00 GMT", 0.0),
        ("Fri, 20 Nov 2099 12:00:00 GMT", LONGEST_RETRY_AFTER_SECONDS),
        ("Fri, 99 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_read_retry_after_gives_bounded_seconds(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, now=NOW) == seconds


def test_read_retry_after_with_own_bound_keeps_it() -> None:
    assert read_retry_after("7200", longest=5000.0) == 5000.0


def test_read_retry_after_of_past_date_by_the_clock_is_zero() -> None:
    assert read_retry_after("Fri, 20 Nov 2020 12:00:00 GMT") == 0.0


@settings(deadline=None)
@given(
    st.text()
    | st.integers().map(str)
    | st.floats().map(str)
    | st.datetimes().map("{:%a, %d %b %Y %H:%M:%S}".format)
)
def test_read_retry_after_of_anything_stays_within_bounds(header: str) -> None:
    seconds = read_retry_after(header, now=NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER_SECONDS
