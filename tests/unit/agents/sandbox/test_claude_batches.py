"""The sandbox's Message Batches at the bare wire: every route, every fate, and what is refused."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from django.db.models import F

from agents.models import SandboxBatch
from agents.providers.errors import (
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
)
from agents.sandbox.claude import SandboxClaudeTransport
from agents.sandbox.faults import Faults
from tests.unit.agents.providers.wire import REQUEST, answering, live

pytestmark = pytest.mark.django_db

BASE = "https://claude.sandbox.invalid/v1/messages/batches"
HEADERS = {"authorization": "Bearer sk-sandbox", "anthropic-version": "2026-10-21"}
PARAMS: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "max_tokens": 400,
    "messages": [{"role": "user", "content": "Summarise."}],
}


def call(
    method: str, path: str = "", body: object = None, *, wire: Any = None, **faults: Any
) -> httpx2.Response:
    """Send one request over the bare wire."""
    transport = wire or SandboxClaudeTransport(Faults.model_validate({"batches": faults}))
    with httpx2.Client(transport=transport) as client:
        return client.request(method, BASE + path, json=body, headers=HEADERS)


def created(*names: str, **faults: Any) -> dict[str, Any]:
    """Return a batch of requests of these names."""
    requests = [{"custom_id": name, "params": PARAMS} for name in names or ("one",)]
    answer = call("POST", body={"requests": requests}, **faults)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def results(batch: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the results of a batch by name."""
    lines = call("GET", f"/{batch['id']}/results").text.splitlines()
    return {line["custom_id"]: line["result"] for line in map(json.loads, lines)}


def test_create_batch_tells_of_it_as_documented() -> None:
    batch = created("one", "two", seconds=60)
    assert batch["id"].startswith("msgbatch_")
    assert (batch["type"], batch["processing_status"], batch["results_url"]) == (
        "message_batch",
        "in_progress",
        None,
    )
    assert batch["request_counts"] == {
        "processing": 2, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0,
    }  # fmt: skip
    assert call("GET", f"/{batch['id']}").json() == batch


def test_end_batch_gives_the_results_in_another_order() -> None:
    batch = created("one", "two", seconds=0)
    told = call("GET", f"/{batch['id']}").json()
    assert (told["processing_status"], told["request_counts"]["succeeded"]) == ("ended", 2)
    assert told["results_url"].endswith(f"{batch['id']}/results")
    answer = call("GET", f"/{batch['id']}/results")
    assert answer.headers["content-type"] == "application/x-jsonl"
    assert list(results(batch)) == ["two", "one"]
    message = results(batch)["one"]["message"]
    assert (message["stop_reason"], message["usage"]["service_tier"]) == ("end_turn", "batch")


@pytest.mark.parametrize(
    ("fault", "kind", "count"),
    [
        ("errored", "errored", "errored"),
        ("invalid", "errored", "errored"),
        ("expired", "expired", "expired"),
        ("canceled", "canceled", "canceled"),
    ],
)
def test_end_batch_with_a_fault_says_what_became_of_it(fault: str, kind: str, count: str) -> None:
    batch = created(seconds=0, **{fault: 1})
    SandboxBatch.objects.update(
        created_at=F("created_at") - timedelta(days=2), done_at=F("done_at") - timedelta(days=2)
    )
    assert results(batch)["one"]["type"] == kind
    assert call("GET", f"/{batch['id']}").json()["request_counts"][count] == 1


def test_end_batch_with_a_request_that_is_wrong_shows_in_its_result() -> None:
    wrong = {"requests": [{"custom_id": "one", "params": {**PARAMS, "temperature": 0}}]}
    batch = call("POST", body=wrong, seconds=0).json()
    result = results(batch)["one"]
    assert (result["type"], result["error"]["error"]["type"]) == ("errored", "invalid_request_error")


def test_cancel_batch_ends_what_is_not_done_and_nothing_else() -> None:
    going, done = created(seconds=60), created(seconds=0)
    assert call("POST", f"/{going['id']}/cancel").json()["processing_status"] == "canceling"
    assert call("POST", f"/{going['id']}/cancel").json()["processing_status"] == "ended"
    assert results(going)["one"] == {"type": "canceled"}
    assert call("POST", f"/{done['id']}/cancel").json()["cancel_initiated_at"] is None
    assert results(done)["one"]["type"] == "succeeded"


def test_list_batches_is_newest_first_and_paged() -> None:
    first, second, third = created(), created(), created()
    page = call("GET", "?limit=2").json()
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([third["id"], second["id"]], True)
    rest = call("GET", f"?limit=2&after_id={page['last_id']}").json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == ([first["id"]], False)


def test_lose_the_answer_to_a_creation_keeps_the_batch() -> None:
    with pytest.raises(httpx2.ReadTimeout):
        created(lost_answer=1)
    assert SandboxBatch.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"requests": []}, 400),
        ("POST", "", {"requests": [{"custom_id": "a b", "params": {}}]}, 400),
        ("POST", "", {"requests": [{"custom_id": "a", "params": {}}] * 2}, 400),
        ("POST", "", {"requests": [], "more": 1}, 400),
        ("GET", "?limit=0", None, 400),
        ("GET", "?limit=x", None, 400),
        ("GET", "/msgbatch_none", None, 404),
        ("POST", "/msgbatch_none", None, 404),
        ("GET", "/msgbatch_none/cancel", None, 404),
        ("DELETE", "/msgbatch_none", None, 404),
        ("GET", "/a/b/c", None, 404),
    ],
)
def test_ask_batches_wrongly_is_refused(method: str, path: str, body: object, status: int) -> None:
    assert call(method, path, body).status_code == status


def test_ask_for_results_too_early_or_without_a_key_is_refused() -> None:
    batch = created(seconds=60)
    assert call("GET", f"/{batch['id']}/results").status_code == 404
    with httpx2.Client(transport=SandboxClaudeTransport()) as client:
        assert client.get(BASE).status_code == 401


def test_search_for_batches_goes_back_page_by_page_until_the_moment_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agents.providers.claude_batches.PAGE", 1)
    transport = SandboxClaudeTransport()
    provider = live(transport.handle_request)
    states = [provider.submit_batch(REQUEST, custom_id=f"one-{number}") for number in range(4)]
    found = provider.recent_batches(since=states[2].created_at)
    assert [state.id for state in found] == [states[3].id, states[2].id]
    assert len(provider.recent_batches(since=states[0].created_at)) == 4
    monkeypatch.setattr("agents.providers.claude_batches.MOST_PAGES", 2)
    assert len(provider.recent_batches(since=states[0].created_at)) == 2


def batch_of(**changes: Any) -> dict[str, Any]:
    """Return the body of a batch that has ended, with some fields changed."""
    counts = {"processing": 0, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0}
    moments = {"created_at": "2026-11-20T12:00:00Z", "expires_at": "2026-11-21T12:00:00Z"}
    return {"id": "msgbatch_1", "processing_status": "ended", "request_counts": counts, **moments, **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "../v1/keys"},
        {"id": 7},
        {"processing_status": "lost"},
        {"created_at": "noon"},
        {"request_counts": {}},
    ],
)
def test_read_a_batch_that_is_none_is_unavailable(changes: dict[str, Any]) -> None:
    with pytest.raises(ProviderUnavailable, match="something that is no batch"):
        live(answering(batch_of(**changes))).batch("msgbatch_1")


def line(result: object) -> str:
    """Return a line of the results."""
    return json.dumps({"custom_id": "one", "result": result})


@pytest.mark.parametrize(
    ("result", "kind", "sentence"),
    [
        ({"type": "succeeded"}, ProviderUnavailable, "not known here"),
        ({"type": "vanished"}, ProviderUnavailable, "not known here"),
        ({"type": "errored"}, ProviderUnavailable, "(no type given)"),
        ({"type": "errored", "error": {"error": {"type": "x y"}}}, ProviderUnavailable, "(no type given)"),
        ({"type": "errored", "error": {"error": "no"}}, ProviderUnavailable, "(no type given)"),
        (
            {"type": "errored", "error": {"request_id": "req_9", "error": {"type": "not_found_error"}}},
            ProviderRejected,
            "(not_found_error)",
        ),
    ],
)
def test_read_a_result_without_an_answer_says_what_became_of_it(
    result: object, kind: type[ProviderError], sentence: str
) -> None:
    with pytest.raises(kind) as caught:
        live(answering(line(result))).batch_result("msgbatch_1", custom_id="one")
    assert sentence in str(caught.value)
    assert caught.value.code == "batch_result"


@pytest.mark.parametrize("text", ["no json", '{"custom_id": 7}', "[]", " " * 8_000_001])
def test_read_results_that_are_none_is_unavailable(text: str) -> None:
    with pytest.raises(ProviderUnavailable, match="something that is no batch") as caught:
        live(answering(text)).batch_result("msgbatch_1", custom_id="one")
    assert (caught.value.code, caught.value.request_id) == ("", "req_7")


@pytest.mark.parametrize("given", [None, 7, "ümlaut"])
def test_read_an_answer_without_an_id_of_its_own_leaves_it_empty(given: object) -> None:
    provider = live(answering(line({"type": "succeeded", "message": MESSAGE | {"id": given}})))
    result = provider.batch_result("msgbatch_1", custom_id="one")
    assert result is not None
    assert provider.read_result(result, request=REQUEST).request_id == ""


MESSAGE: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "content": [{"type": "text", "text": '{"summary": "Fine."}'}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}


@pytest.mark.parametrize(
    ("status", "acted"), [(400, False), (401, False), (429, False), (409, True), (500, True)]
)
def test_hand_in_a_batch_that_fails_says_whether_it_may_be_there(status: int, acted: bool) -> None:
    body = {"type": "error", "error": {"type": "some_error", "message": "No."}}
    with pytest.raises(ProviderError) as caught:
        live(answering(body, status=status)).submit_batch(REQUEST, custom_id="one")
    assert (caught.value.may_have_acted, caught.value.was_sent) == (acted, True)


@pytest.mark.parametrize(
    ("model", "retired", "day"),
    [
        ("claude-opus-4-0", True, "2026-06-15"),
        ("claude-sonnet-4-5", False, "2026-11-30"),
        ("claude-haiku-5-5", False, ""),
    ],
)
def test_look_up_a_model_says_whether_it_is_gone(model: str, retired: bool, day: str) -> None:
    note = live(SandboxClaudeTransport().handle_request).look_up_model(model)
    assert (note.is_retired, note.retires_on) == (retired, day)


def test_look_up_a_model_there_is_none_of_is_misconfigured() -> None:
    with pytest.raises(ProviderMisconfigured, match="does not know the model"):
        live(SandboxClaudeTransport().handle_request).look_up_model("gpt")
