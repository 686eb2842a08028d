"""Claude's answers: blocks, usage, every stop reason, and JSON that can or cannot be kept."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.providers.claude_answers import read_answer
from agents.providers.errors import (
    AnswerError,
    ContextExceeded,
    OutputInvalid,
    OutputPaused,
    OutputTruncated,
    ProviderRefused,
    ProviderUnavailable,
    UnknownStop,
)
from agents.providers.language import LanguageAnswer, Usage
from tests.unit.agents.providers.wire import REQUEST, answering, live, message, said

FINE = '{"summary": "Fine."}'


def read(body: Mapping[str, Any]) -> LanguageAnswer:
    """Return what a body means, as it comes off the wire."""
    return live(answering(body)).ask(REQUEST)


def usage_of(**usage: Any) -> Usage:
    """Return the usage of an answer with these wire figures."""
    return read(message(usage={"input_tokens": 1, "output_tokens": 2, **usage})).usage


def test_read_good_answer_gives_all_of_it() -> None:
    assert read(message(model="claude-haiku-5-5-20261001")) == LanguageAnswer(
        text=FINE,
        data={"summary": "Fine."},
        usage=Usage(input_tokens=100, output_tokens=20),
        model="claude-haiku-5-5-20261001",
        stop_reason="end_turn",
        request_id="req_7",
    )


def test_read_answer_without_request_id_leaves_it_empty() -> None:
    assert live(answering(message(), headers={"request-id": ""})).ask(REQUEST).request_id == ""


def test_read_answer_with_endless_request_id_cuts_it() -> None:
    assert live(answering(message(), headers={"request-id": "r" * 500})).ask(REQUEST).request_id == "r" * 100


def test_read_answer_with_other_blocks_takes_the_text_ones() -> None:
    blocks = [
        {"type": "thinking", "thinking": '{"summary": "No."}', "signature": "s"},
        {"type": "text", "text": '{"summary":'},
        {"type": "something_new", "text": "not this"},
        {"text": "nor this"},
        {"type": "text", "text": None},
        {"type": "text", "text": ' "Yes."}'},
    ]
    assert read(message(content=blocks)).data == {"summary": "Yes."}


def test_read_usage_without_cache_counts_none() -> None:
    assert usage_of() == Usage(input_tokens=1, output_tokens=2)
    assert (
        usage_of(cache_read_input_tokens=None, cache_creation_input_tokens=None, cache_creation=None)
        == usage_of()
    )


def test_read_usage_with_cache_prices_each_class_apart() -> None:
    usage = usage_of(
        cache_read_input_tokens=30,
        cache_creation_input_tokens=900,
        cache_creation={"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 500},
    )
    assert usage == Usage(1, 2, cache_read_tokens=30, cache_write_5m_tokens=400, cache_write_1h_tokens=500)


def test_read_usage_with_writes_of_untold_length_counts_five_minutes() -> None:
    assert usage_of(cache_creation_input_tokens=70) == Usage(1, 2, cache_write_5m_tokens=70)


def test_read_usage_with_total_above_its_parts_loses_nothing() -> None:
    usage = usage_of(cache_creation_input_tokens=70, cache_creation={"ephemeral_1h_input_tokens": 20})
    assert usage == Usage(1, 2, cache_write_5m_tokens=50, cache_write_1h_tokens=20)


def test_read_usage_with_parts_above_their_total_loses_nothing() -> None:
    usage = usage_of(cache_creation_input_tokens=0, cache_creation={"ephemeral_5m_input_tokens": 20})
    assert usage == Usage(1, 2, cache_write_5m_tokens=20)


@pytest.mark.parametrize(
    ("reason", "kind", "words"),
    [
        ("max_tokens", OutputTruncated, "cut off at max_tokens=500"),
        ("refusal", ProviderRefused, "refused to write 'words' (category: 'not given')"),
        ("pause_turn", OutputPaused, "paused in the middle"),
        ("model_context_window_exceeded", ContextExceeded, "ran out of room"),
        ("tool_use", OutputInvalid, "wanted to use a tool instead of writing 'words'"),
        ("stop_sequence", UnknownStop, "for the reason 'stop_sequence'"),
        ("nap_time", UnknownStop, "for the reason 'nap_time'"),
        ("{name}", UnknownStop, "for the reason '{name}'"),
        (None, UnknownStop, "for the reason None"),
    ],
)
def test_read_answer_stopped_otherwise_raises_by_name(
    reason: str, kind: type[AnswerError], words: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        read(message(stop_reason=reason))
    error = caught.value
    assert type(error) is kind
    assert words in str(error)
    assert error.usage == Usage(input_tokens=100, output_tokens=20)
    assert error.request_id == "req_7"
    assert error.answer is not None
    assert (error.answer.text, error.answer.data) == (FINE, {})
    assert error.answer.stop_reason == (reason or "")


def test_read_refusal_with_details_names_the_category_only() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Because of this and that."}
    with pytest.raises(ProviderRefused) as caught:
        read(message(content=[], stop_reason="refusal", stop_details=details))
    assert "(category: 'cyber')" in str(caught.value)
    assert "this and that" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("Here you are: {}", "Expecting value"),
        (FINE[:-1], "Expecting"),
        (FINE + FINE, "Extra data"),
        ("[]", "it is a list"),
        ('"fine"', "it is a str"),
        ("null", "it is a NoneType"),
        ('{"a": NaN}', "it holds NaN"),
        ('{"a": -Infinity}', "it holds -Infinity"),
        ('{"a": 1e999}', "infinite number"),
        ('{"a": ["b", {"c": "\\u0000"}]}', "a NUL"),
        ('{"\\u0000": 1}', "a NUL"),
        ('{"a": "\\ud800"}', "half a surrogate pair"),
        ("[" * 100_000, "recursion"),
        ('{"a": ' + "[" * 400 + "]" * 400 + "}" + "x", "Extra data"),
    ],
)
def test_read_answer_that_is_no_object_we_can_keep_raises_with_its_usage(text: str, why: str) -> None:
    with pytest.raises(OutputInvalid) as caught:
        read(said(text))
    assert why in str(caught.value)
    assert str(caught.value).endswith("ask again.")
    assert caught.value.usage == Usage(input_tokens=100, output_tokens=20)
    assert caught.value.answer is not None
    assert caught.value.answer.text == text


def test_read_answer_with_raw_nul_or_half_a_pair_keeps_a_text_that_can_be_stored() -> None:
    with pytest.raises(OutputInvalid) as caught:
        read(said("a\x00b\ud83dc"))
    assert caught.value.answer is not None
    assert caught.value.answer.text == "a\ufffdb\ufffdc"


def test_read_answer_with_whole_pairs_and_signs_keeps_them() -> None:
    assert read(said('{"summary": "Größe 🍜 \\ud83c\\udf5c \\\\u0000"}')).data == {
        "summary": "Größe 🍜 🍜 \\u0000"
    }


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=10,
        ),
    )
)
def test_read_any_object_gives_it_back_or_refuses_it(data: dict[str, Any]) -> None:
    text = json.dumps(data)
    body = json.dumps(said(text)).encode()
    try:
        answer = read_answer(body, request_id="req_1", request=REQUEST)
    except OutputInvalid:
        assert "\\u0000" in text or "NaN" in text or "Infinity" in text
    else:
        assert answer.data == data
        json.dumps(answer.data, allow_nan=False).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe\x00",
        b'{"type": "error"}',
        b"[" * 100_000,
        json.dumps(message(usage=None)).encode(),
        b" " * 8_000_000 + json.dumps(message()).encode(),
        json.dumps(message(usage={"input_tokens": -1, "output_tokens": 2})).encode(),
        json.dumps(message(usage={"input_tokens": 1})).encode(),
        json.dumps(message())[:-1].encode(),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
def test_read_body_that_is_no_message_is_unavailable(body: bytes, content_type: str) -> None:
    handler = answering(body, headers={"content-type": content_type})
    with pytest.raises(ProviderUnavailable, match="something that is no message") as caught:
        live(handler).ask(REQUEST)
    assert caught.value.request_id == "req_7"
    assert caught.value.usage is None


@pytest.mark.parametrize(
    "content",
    [
        None,
        "text",
        7,
        [],
        ["text"],
        [None, 7],
        [{"type": "text"}],
        [{"type": "text", "text": ["a"]}],
        [{"type": 7}],
        {},
    ],
)
def test_read_answer_without_text_in_its_content_was_paid_and_says_so(content: object) -> None:
    with pytest.raises(OutputInvalid) as caught:
        read(message(content=content))
    assert caught.value.usage == Usage(input_tokens=100, output_tokens=20)


def test_read_answer_passes_over_blocks_that_are_no_text() -> None:
    content = [
        {"type": "thinking", "thinking": "I would rather…", "signature": "x"},
        {"type": "tool_use", "id": "t1", "name": "post_video", "input": {"text": "No."}},
        {"type": "server_tool_use", "text": "No."},
        {"type": "hologram", "text": "No."},
        {"type": "text", "text": '{"summary": "Fine."}'},
    ]
    assert read(message(content=content)).data == {"summary": "Fine."}
