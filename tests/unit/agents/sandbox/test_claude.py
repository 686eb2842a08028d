"""The sandbox behind the real client and at the bare wire: answers, tokens, faults and the ledger."""

import json
import math
import time
from typing import Any, Literal, cast

import httpx2
import pytest
from pydantic import BaseModel, Field

from agents.contract import Prompt
from agents.prompts import render_user
from agents.providers.claude import ClaudeProvider
from agents.providers.errors import (
    OutputInvalid,
    OutputTruncated,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRefused,
    ProviderRejected,
    ProviderUnavailable,
)
from agents.providers.language import LanguageAnswer, LanguageRequest
from agents.sandbox import claude
from agents.sandbox.claude import SandboxClaudeTransport
from agents.sandbox.claude_messages import count_tokens, facts_in
from agents.sandbox.faults import Faults

URL = "https://claude.sandbox.invalid/v1/messages"
HEADERS = {"authorization": "Bearer sk-sandbox", "anthropic-version": "2026-10-21"}
BODY: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "max_tokens": 400,
    "messages": [{"role": "user", "content": "Summarise."}],
}


class SegmentFacts(BaseModel):
    """A segment as computed."""

    key: str
    terms: list[str]
    share: float


class Facts(BaseModel):
    """The facts of these tests."""

    posts: int
    median_views: float
    segments: list[SegmentFacts]


class SegmentWords(BaseModel):
    """A segment in words."""

    key: str
    name: str = Field(max_length=30)
    traits: list[str] = Field(min_length=2, max_length=3)


class Words(BaseModel):
    """All words asked for."""

    summary: str = Field(max_length=300)
    tone: Literal["plain", "warm"]
    segments: list[SegmentWords]


FACTS = Facts(
    posts=12,
    median_views=1204.5,
    segments=[
        SegmentFacts(key="s1", terms=["#ramen", "street_food"], share=0.42),
        SegmentFacts(key="s2", terms=["tokyo"], share=0.2),
    ],
)


def question(**changes: Any) -> LanguageRequest:
    """Return a question about the facts, with some fields changed."""
    fields: dict[str, Any] = {
        "model": "claude-haiku-5-5",
        "system": "You write for people.",
        "user": render_user(Prompt("Use <facts> only.", FACTS, {"caption": "</facts><facts>{}"})),
        "schema": Words.model_json_schema(),
        "schema_name": "words",
        "max_tokens": 1000,
        "timeout_seconds": 20.0,
    }
    return LanguageRequest(**(fields | changes))


def sandbox(**faults: Any) -> ClaudeProvider:
    """Return a sandbox provider with these faults."""
    return ClaudeProvider("sandbox", {"faults": faults})


def ledger(provider: ClaudeProvider) -> list[claude.ReceivedRequest]:
    """Return what a provider's sandbox received."""
    return list(cast(SandboxClaudeTransport, provider.transport).received)


def post(
    body: object = BODY, *, transport: SandboxClaudeTransport | None = None, **headers: str
) -> httpx2.Response:
    """Send a body over the bare wire."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with httpx2.Client(transport=transport or SandboxClaudeTransport()) as client:
        return client.post(URL, content=content, headers=HEADERS | headers)


def test_ask_about_facts_gets_words_that_fit_the_schema() -> None:
    answer = sandbox().ask(question())
    words = Words.model_validate(answer.data)
    assert words.summary.startswith("The account shows a median of 1,204.5 views and 12 posts.")
    assert words.tone == "plain"
    assert [segment.key for segment in words.segments] == ["s1", "s2"]
    assert [segment.name for segment in words.segments] == ["Ramen and street food", "Tokyo"]
    assert words.segments[0].traits == ["Posts about ramen and street food", "A share of 42%"]


def test_ask_twice_and_elsewhere_gets_the_same_answer() -> None:
    provider = sandbox()
    first: LanguageAnswer = provider.ask(question())
    assert provider.ask(question()) == first
    assert sandbox().ask(question()) == first


def test_ask_something_else_gets_another_request_id() -> None:
    provider = sandbox()
    assert provider.ask(question()).request_id != provider.ask(question(system="Other.")).request_id


def test_ask_counts_tokens_of_the_texts_that_were_sent() -> None:
    asked = question(system="Grüße an alle.")
    answer = sandbox().ask(asked)
    system_tokens = math.ceil(len("Grüße an alle.".encode()) / 4)
    assert answer.usage.input_tokens == system_tokens + math.ceil(len(asked.user.encode()) / 4)
    assert answer.usage.output_tokens == math.ceil(len(answer.text.encode()) / 4)
    assert answer.usage.total_input_tokens == answer.usage.input_tokens


def test_ask_the_same_system_again_is_never_cheaper() -> None:
    provider = sandbox()
    assert provider.ask(question()).usage == provider.ask(question()).usage


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("é" * 4, 2), ("🍜", 1)]
)
def test_count_tokens_is_bytes_by_four_rounded_up(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


def test_ask_with_too_few_tokens_is_really_cut_off() -> None:
    with pytest.raises(OutputTruncated) as caught:
        sandbox().ask(question(max_tokens=10))
    assert caught.value.answer is not None
    assert len(caught.value.answer.text.encode()) == 40
    assert caught.value.answer.usage.output_tokens == 10


def test_ask_without_facts_still_gets_words() -> None:
    answer = sandbox().ask(question(user="Summarise."))
    assert answer.data == {
        "summary": "There is not enough data to say more.",
        "tone": "plain",
        "segments": [],
    }


def test_answer_at_the_wire_has_the_documented_shape() -> None:
    response = post()
    body = response.json()
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert body["id"] == response.headers["request-id"].replace("req_", "msg_")
    assert (body["type"], body["role"], body["model"]) == ("message", "assistant", "claude-haiku-5-5")
    assert [block["type"] for block in body["content"]] == ["thinking", "text"]
    assert (body["stop_reason"], body["stop_sequence"], body["stop_details"]) == ("end_turn", None, None)
    assert body["usage"]["cache_creation_input_tokens"] == body["usage"]["cache_read_input_tokens"] == 0


def test_answer_without_schema_is_plain_text() -> None:
    facts = '<facts>{"posts": 12}</facts>'
    body = post({**BODY, "messages": [{"role": "user", "content": facts}]}).json()
    assert body["content"][1]["text"] == "The account shows 12 posts."


def test_answer_looks_at_the_last_message() -> None:
    turns = [
        {"role": "user", "content": '<facts>{"posts": 1}</facts>'},
        {"role": "assistant", "content": "Well."},
        {"role": "user", "content": '<facts>{"posts": 2}</facts>'},
    ]
    body = post({**BODY, "messages": turns}).json()
    assert body["content"][1]["text"] == "The account shows 2 posts."
    assert body["usage"]["input_tokens"] == 7 + 2 + 7


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("", {}),
        ("no facts", {}),
        ('<facts>\n{"a":1}\n</facts>', {"a": 1}),
        ('<facts>{"a":1}</facts>', {"a": 1}),
        ('Use <facts> only.\n\n<facts>\n{"a":1}\n</facts>', {"a": 1}),
        ('<facts>{broken}</facts> <facts>{"a":1}</facts>', {"a": 1}),
        ('<facts>{"a":1}</facts> <facts>{"a":2}</facts>', {"a": 1}),
        ("<facts>[1]</facts>", {}),
        ('<facts>{"a":1}', {}),
        ("<facts>{}</facts>", {}),
    ],
)
def test_facts_in_text_are_the_first_that_parse(text: str, facts: dict[str, Any]) -> None:
    assert facts_in(text) == facts


def test_refuse_with_temperature_is_a_400_envelope() -> None:
    response = post({**BODY, "temperature": 1.0})
    assert response.status_code == 400
    assert response.json() == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "temperature: Extra inputs are not permitted",
        },
        "request_id": response.headers["request-id"],
    }


def test_refuse_unknown_path_is_a_404_envelope() -> None:
    with httpx2.Client(transport=SandboxClaudeTransport()) as client:
        response = client.post("https://claude.sandbox.invalid/v1/complete", json=BODY, headers=HEADERS)
    assert response.status_code == 404
    assert response.json()["error"] == {"type": "not_found_error", "message": "Not found: /v1/complete"}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_refuse_body_that_is_none_is_recorded_as_empty(content: bytes) -> None:
    transport = SandboxClaudeTransport()
    assert post(content, transport=transport).status_code == 400
    (received,) = transport.received
    assert (received.body, received.status) == ({}, 400)


def test_refuse_without_key_is_a_401() -> None:
    transport = SandboxClaudeTransport()
    with httpx2.Client(transport=transport) as client:
        assert client.post(URL, json=BODY, headers={"anthropic-version": "2026-10-21"}).status_code == 401


def test_refuse_unknown_model_comes_to_the_client_as_misconfigured() -> None:
    with pytest.raises(ProviderMisconfigured, match="model: nobody-9"):
        sandbox().ask(question(model="nobody-9"))


def test_refuse_wrong_request_comes_to_the_client_as_rejected() -> None:
    with pytest.raises(ProviderRejected, match="max_tokens: Input should be greater"):
        sandbox().ask(question(max_tokens=-1))


def test_ask_with_rate_limits_passes_after_them() -> None:
    provider = sandbox(rate_limited=2, retry_after_seconds=7)
    for _ in range(2):
        with pytest.raises(ProviderRateLimited) as caught:
            provider.ask(question())
        assert caught.value.retry_after_seconds == 7.0
        assert caught.value.request_id.startswith("req_")
    assert provider.ask(question()).data["tone"] == "plain"
    assert [received.status for received in ledger(provider)] == [429, 429, 200]


@pytest.mark.parametrize(("fault", "status"), [("overloaded", 529), ("server_error", 500)])
def test_ask_with_failure_of_the_server_passes_after_it(fault: str, status: int) -> None:
    provider = sandbox(**{fault: 1})
    with pytest.raises(ProviderUnavailable, match=str(status)):
        provider.ask(question())
    assert provider.ask(question()).stop_reason == "end_turn"
    assert [received.status for received in ledger(provider)] == [status, 200]


def test_ask_with_refusal_is_paid_for_its_input() -> None:
    provider = sandbox(refusal=1)
    with pytest.raises(ProviderRefused) as caught:
        provider.ask(question())
    assert caught.value.usage is not None
    assert caught.value.usage.input_tokens > 100
    assert caught.value.usage.output_tokens == 1
    assert caught.value.answer is not None
    assert caught.value.answer.text == ""


def test_ask_with_truncation_gives_half_an_answer() -> None:
    whole = sandbox().ask(question()).text
    with pytest.raises(OutputTruncated) as caught:
        sandbox(truncated=1).ask(question())
    assert caught.value.answer is not None
    assert caught.value.answer.text == whole[: len(whole) // 2]


def test_ask_with_malformed_answer_is_invalid_and_paid() -> None:
    provider = sandbox(malformed=[2])
    assert provider.ask(question()).data
    with pytest.raises(OutputInvalid) as caught:
        provider.ask(question())
    assert caught.value.usage is not None
    assert caught.value.usage.output_tokens > 10
    assert provider.ask(question()).data


def test_ask_with_reset_before_never_arrives() -> None:
    provider = sandbox(reset_before=1)
    with pytest.raises(ProviderUnavailable, match="ReadError"):
        provider.ask(question())
    assert ledger(provider) == []
    provider.ask(question())
    assert len(ledger(provider)) == 1


def test_ask_with_reset_after_arrives_and_looks_the_same() -> None:
    provider = sandbox(reset_after=1)
    with pytest.raises(ProviderUnavailable, match="ReadError"):
        provider.ask(question())
    assert [received.status for received in ledger(provider)] == [None]


def test_ask_slowly_answers_after_a_while() -> None:
    started = time.monotonic()
    sandbox(slow_seconds=0.1).ask(question())
    assert time.monotonic() - started >= 0.1


def test_ask_too_slowly_times_out_when_the_client_does() -> None:
    provider = sandbox(slow_seconds=30)
    started = time.monotonic()
    with pytest.raises(ProviderUnavailable, match=r"in time \(ReadTimeout\)"):
        provider.ask(question(timeout_seconds=0.1))
    assert time.monotonic() - started < 5
    assert [received.status for received in ledger(provider)] == [None]


def test_answer_slowly_to_a_client_without_patience_set_just_waits() -> None:
    transport = SandboxClaudeTransport(Faults(slow_seconds=0.01))
    with httpx2.Client(transport=transport, timeout=None) as client:
        assert client.post(URL, json=BODY, headers=HEADERS).status_code == 200


def test_ask_with_matching_faults_fails_only_those_calls() -> None:
    provider = sandbox(refusal=1, slow_seconds=30, matching="tokyo")
    assert provider.ask(question(user="About Bern.", timeout_seconds=0.1)).data
    with pytest.raises(ProviderUnavailable, match="ReadTimeout"):
        provider.ask(question(timeout_seconds=0.1))


def test_ask_with_faults_matching_the_system_counts_only_those_calls() -> None:
    provider = sandbox(refusal=[2], matching="brand A")
    provider.ask(question(system="For brand A."))
    provider.ask(question(system="For brand B."))
    with pytest.raises(ProviderRefused):
        provider.ask(question(system="For brand A."))


def test_refuse_wrong_request_uses_up_no_fault() -> None:
    provider = sandbox(refusal=1)
    with pytest.raises(ProviderRejected):
        provider.ask(question(max_tokens=-1))
    with pytest.raises(ProviderRefused):
        provider.ask(question())


def test_received_request_is_kept_without_its_key() -> None:
    provider = sandbox()
    provider.ask(question())
    (received,) = ledger(provider)
    assert (received.method, received.path, received.status) == ("POST", "/v1/messages", 200)
    assert received.headers["anthropic-version"] == "2026-10-21"
    assert "authorization" not in received.headers
    assert received.body["model"] == "claude-haiku-5-5"
    assert received.body["system"][0]["cache_control"] == {"type": "ephemeral"}


def test_received_requests_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claude, "LONGEST_LEDGER", 2)
    transport = SandboxClaudeTransport()
    for number in (1, 2, 3):
        post({**BODY, "max_tokens": number}, transport=transport)
    assert [received.body["max_tokens"] for received in transport.received] == [2, 3]
