"""What the sandbox says to a question, and how many tokens that is: from the request alone, always the same.

Tokens are counted as UTF-8 bytes by 4, rounded up, of the texts that were really sent.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from agents.sandbox.answers import answer_for
from agents.sandbox.claude_wire import Question
from agents.sandbox.faults import Fault

BYTES_PER_TOKEN = 4
_FACTS = re.compile(r"<facts>\s*(\{.*?\})\s*</facts>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one answer, by the classes they are priced in."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0


def count_tokens(text: str) -> int:
    """Return the sandbox's count of tokens: UTF-8 bytes by 4, rounded up."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def input_tokens(question: Question) -> int:
    """Return the tokens of all that was sent."""
    return sum(map(count_tokens, [question.system_text, *question.turns]))


def message_to(
    question: Question, *, request_id: str, fault: Fault | None = None, is_cached: bool | None = None
) -> tuple[dict[str, Any], Tokens]:
    """Return the body of an answer, with what it took: an empty thinking block, as able models send, and the text.

    `is_cached` says whether the system text was found in the cache; None where it is not cached at all.
    """
    text, stop_reason = _text(question, fault)
    refused = stop_reason == "refusal"
    blocks: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "", "signature": "sandbox"},
        {"type": "text", "text": text},
    ]
    tokens = _tokens(question, text, is_cached)
    message = {
        "id": request_id.replace("req_", "msg_"),
        "type": "message",
        "role": "assistant",
        "model": question.model,
        "content": [] if refused else blocks,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "category": None, "explanation": None} if refused else None,
        "usage": _usage(tokens),
    }
    return message, tokens


def facts_in(text: str) -> dict[str, Any]:
    """Return the JSON object between `<facts>` and `</facts>`; empty where there is none."""
    for found in _FACTS.finditer(text):
        facts = object_in(found[1].encode())
        if facts:
            return facts
    return {}


def object_in(content: bytes) -> dict[str, Any]:
    """Return the JSON object that `content` is; empty where it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(question: Question, fault: Fault | None) -> tuple[str, str]:
    """Return what is said, and why it stops there; an answer over `max_tokens` is really cut."""
    text = _said(question)
    match fault:
        case Fault.REFUSAL:
            return "", "refusal"
        case Fault.TRUNCATED:
            return text[: len(text) // 2], "max_tokens"
        case Fault.MALFORMED:
            return f"Here is the JSON you asked for:\n{text[:-1]}", "end_turn"
        case _:
            allowed = text.encode()[: question.max_tokens * BYTES_PER_TOKEN].decode(errors="ignore")
            return allowed, "end_turn" if allowed == text else "max_tokens"


def _said(question: Question) -> str:
    facts = facts_in(question.turns[-1])
    schema = question.answer_schema or {"type": "string", "title": "Summary"}
    answer = answer_for(schema, facts)
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    # Facts may escape half a surrogate pair, which no answer can carry.
    return text.encode("utf-8", "replace").decode()


def _tokens(question: Question, text: str, is_cached: bool | None) -> Tokens:
    """Return what an answer took; the system text is read from the cache, written to it, or neither."""
    written = max(count_tokens(text), 1)
    if is_cached is None:
        return Tokens(input_tokens(question), written)
    system = count_tokens(question.system_text)
    fresh = input_tokens(question) - system
    if is_cached:
        return Tokens(fresh, written, cache_read_tokens=system)
    if question.cache_ttl == "1h":
        return Tokens(fresh, written, cache_write_1h_tokens=system)
    return Tokens(fresh, written, cache_write_5m_tokens=system)


def _usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "input_tokens": tokens.input_tokens,
        "output_tokens": tokens.output_tokens,
        "cache_creation_input_tokens": tokens.cache_write_5m_tokens + tokens.cache_write_1h_tokens,
        "cache_read_input_tokens": tokens.cache_read_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.cache_write_5m_tokens,
            "ephemeral_1h_input_tokens": tokens.cache_write_1h_tokens,
        },
        "output_tokens_details": {"thinking_tokens": 0},
        "service_tier": "standard",
    }
