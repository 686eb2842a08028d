"""What the sandbox's Messages endpoint takes and refuses, as the documented one does."""

import json
from typing import Any

import pytest

from agents.sandbox.claude_wire import Question, WireError, read_question

HEADERS = {"authorization": "Bearer sk-sandbox", "anthropic-version": "2026-10-21"}
BODY: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
WITHOUT = object()


def read(
    body: object = BODY,
    *,
    method: str = "POST",
    path: str = "/v1/messages",
    headers: dict[str, str] = HEADERS,
) -> Question:
    """Return the question in a request."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_question(method, path, headers, content)


def refusal(body: object = BODY, **request: Any) -> tuple[int, str, str]:
    """Return how a request is refused: status, type and message."""
    with pytest.raises(WireError) as caught:
        read(body, **request)
    return caught.value.status, caught.value.kind, str(caught.value)


def changed(**fields: Any) -> dict[str, Any]:
    """Return the usual body with fields changed or, with WITHOUT, left out."""
    return {name: value for name, value in {**BODY, **fields}.items() if value is not WITHOUT}


def with_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the usual body with a schema for its answer."""
    return changed(output_config={"format": {"type": "json_schema", "schema": schema}})


def closed(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object with these properties."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def test_read_smallest_question_gives_its_parts() -> None:
    question = read()
    assert (question.model, question.max_tokens) == ("claude-haiku-5-5", 100)
    assert (question.system_text, question.turns, question.answer_schema) == ("", ["Hello"], None)


def test_read_question_with_everything_gives_its_parts() -> None:
    schema = closed(summary={"type": "string"})
    question = read(
        changed(
            system=[
                {"type": "text", "text": "One.", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "Two.", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            ],
            messages=[
                {"role": "user", "content": "First"},
                {"role": "assistant", "content": "Reply"},
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "Last"}, {"type": "text", "text": "words"}],
                },
            ],
            output_config={"effort": "low", "format": {"type": "json_schema", "schema": schema}},
            metadata={"user_id": "u"},
            service_tier="standard_only",
            stop_sequences=["###"],
            thinking={"type": "adaptive"},
            stream=False,
        )
    )
    assert question.system_text == "One.\nTwo."
    assert question.turns == ["First", "Reply", "Last\nwords"]
    assert question.answer_schema == schema


def test_read_question_with_system_as_text_gives_it() -> None:
    assert read(changed(system="One.")).system_text == "One."


def test_read_question_with_effort_only_has_no_schema() -> None:
    assert read(changed(output_config={"effort": "high"})).answer_schema is None


@pytest.mark.parametrize(
    "path", ["/", "/v1/complete", "/v1/messages/count_tokens", "/v1/messages/", "/messages"]
)
def test_read_unknown_path_is_not_found(path: str) -> None:
    assert refusal(path=path) == (404, "not_found_error", f"Not found: {path}")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_read_wrong_method_is_not_allowed(method: str) -> None:
    assert refusal(method=method) == (405, "invalid_request_error", f"Method not allowed: {method}")


@pytest.mark.parametrize("authorization", ["", "sk-sandbox", "Bearer ", "Bearer", "Basic abc", "Bearer a b"])
def test_read_without_bearer_key_is_unauthenticated(authorization: str) -> None:
    status, kind, _ = refusal(headers=HEADERS | {"authorization": authorization})
    assert (status, kind) == (401, "authentication_error")


def test_read_with_key_in_the_old_header_is_unauthenticated() -> None:
    assert refusal(headers={"x-api-key": "sk", "anthropic-version": "2026-10-21"})[0] == 401


@pytest.mark.parametrize("version", ["", "latest", "2026-10", "2026-10-21-beta"])
def test_read_without_version_is_refused(version: str) -> None:
    assert refusal(headers=HEADERS | {"anthropic-version": version}) == (
        400,
        "invalid_request_error",
        "anthropic-version: header is required",
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": WITHOUT}, "model: Field required"),
        ({"max_tokens": WITHOUT}, "max_tokens: Field required"),
        ({"messages": WITHOUT}, "messages: Field required"),
        ({"model": ""}, "model: String should have at least 1 character"),
        ({"model": 5}, "model: Input should be a valid string"),
        ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
        ({"max_tokens": "100"}, "max_tokens: Input should be a valid integer"),
        ({"messages": []}, "messages: List should have at least 1 item"),
        ({"messages": "Hello"}, "messages: Input should be a valid"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role: Input should be 'user'"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages.0.content"),
        ({"temperature": 1}, "temperature: Extra inputs are not permitted"),
        ({"temperature": 0}, "temperature: Extra inputs are not permitted"),
        ({"top_p": 1}, "top_p: Extra inputs are not permitted"),
        ({"top_k": 5}, "top_k: Extra inputs are not permitted"),
        ({"output_format": {}}, "output_format: Extra inputs are not permitted"),
        ({"tool_choice": {"type": "any"}}, "tool_choice: Extra inputs are not permitted"),
        ({"stream": True}, "stream: Input should be False"),
        ({"output_config": {"format": {"type": "json", "schema": {}}}}, "output_config.format.type"),
        (
            {"output_config": {"format": {"type": "json_schema"}}},
            "output_config.format.schema: Field required",
        ),
        ({"output_config": {"effort": "huge"}}, "output_config.effort"),
        ({"system": [{"type": "text", "text": "x", "cache_control": {"type": "forever"}}]}, "system"),
    ],
)
def test_read_body_that_is_wrong_names_the_field(fields: dict[str, Any], message: str) -> None:
    status, kind, said = refusal(changed(**fields))
    assert (status, kind) == (400, "invalid_request_error")
    assert said.startswith(message)


@pytest.mark.parametrize("content", [b"", b"hello", b"[]", b"\xff", b"{"])
def test_read_body_that_is_no_object_is_refused(content: bytes) -> None:
    assert refusal(content)[:2] == (400, "invalid_request_error")


def test_read_unknown_model_is_not_found() -> None:
    assert refusal(changed(model="nobody-9")) == (404, "not_found_error", "model: nobody-9")


def test_read_question_with_the_answer_begun_is_refused() -> None:
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "{"}]
    status, _, said = refusal(changed(messages=turns))
    assert (status, said) == (400, "messages: this model does not take an answer begun for it")


def test_read_schema_with_open_object_is_refused() -> None:
    said = refusal(with_schema({"type": "object", "properties": {}}))[2]
    assert said == "output_config.format.schema: 'additionalProperties' must be false"


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        (closed(a={"type": "object"}), "schema.a"),
        (closed(a={"type": "array", "items": {"type": "object"}}), "schema.a.items"),
        (closed(a={"anyOf": [{"type": "null"}, {"type": "object"}]}), "schema.a.1"),
        (closed(a={"allOf": [{"type": "object"}]}), "schema.a.0"),
        ({**closed(), "$defs": {"Part": {"type": "object"}}}, "schema.Part"),
    ],
)
def test_read_schema_with_open_object_inside_says_where(schema: dict[str, Any], where: str) -> None:
    assert (
        refusal(with_schema(schema))[2]
        == f"output_config.format.{where}: 'additionalProperties' must be false"
    )


@pytest.mark.parametrize("keyword", ["minimum", "maximum", "minLength", "maxLength", "pattern", "maxItems"])
def test_read_schema_with_bound_is_refused(keyword: str) -> None:
    said = refusal(with_schema(closed(a={"type": "string", keyword: 1})))[2]
    assert said == f"output_config.format.schema.a: {keyword} is not supported"


def test_read_schema_with_property_named_like_a_keyword_is_taken() -> None:
    schema = closed(minimum={"type": "integer"}, items={"type": "array", "items": {"type": "string"}})
    assert read(with_schema(schema)).answer_schema == schema
