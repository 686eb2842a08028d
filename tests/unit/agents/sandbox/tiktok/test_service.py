"""Faults acted out between client and sandbox, and what the ledger says of each."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.db import ProgrammingError, connection, connections

from agents.providers.errors import (
    AccessRefused,
    ProviderError,
    ProviderRateLimited,
    ProviderUnavailable,
)
from agents.providers.tiktok.provider import TikTokProvider
from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.ledger import received
from agents.sandbox.tiktok.oauth import OAUTH
from agents.sandbox.tiktok.operations import OPEN
from agents.sandbox.tiktok.registry import OPERATIONS
from agents.sandbox_models import SandboxCreator, SandboxPost, SandboxRequest
from tests.factories.tiktok import TOKEN, USERNAME, begin, sandbox_tiktok, send_small
from tests.unit.agents.sandbox.tiktok.wire import OAUTH_PATHS, PATHS, ask, exchange, refused

committed = pytest.mark.usefixtures("committed_sandbox")


def read_status(provider: TikTokProvider) -> object:
    """Ask for the status of a fresh post."""
    ticket = begin(sandbox_tiktok())
    return provider.posting.status(token=TOKEN, publish_id=ticket.publish_id)


CALLS: dict[str, Callable[[TikTokProvider], object]] = {
    "user_info": lambda provider: provider.display.user_info(token=TOKEN),
    "video_list": lambda provider: provider.display.video_list(token=TOKEN),
    "video_query": lambda provider: provider.display.video_query(token=TOKEN, video_ids=["1"]),
    "creator_info": lambda provider: provider.posting.creator_info(token=TOKEN),
    "init": begin,
    "status": read_status,
    "upload": lambda provider: send_small(provider, begin(sandbox_tiktok())),
}
FAULTS: list[tuple[str, type[ProviderError], bool | None, bool, bool, int | None]] = [
    # fault, the client's error, was_sent, may_have_acted, whether TikTok acted, the status in the ledger
    ("unreachable", ProviderUnavailable, False, False, False, None),
    ("reset_before", ProviderUnavailable, None, True, False, None),
    ("rate_limited", ProviderRateLimited, True, False, False, 429),
    ("server_error_before", ProviderUnavailable, True, True, False, 500),
    ("server_error_after", ProviderUnavailable, True, True, True, 500),
    ("timeout_after", ProviderUnavailable, None, True, True, None),
    ("reset_after", ProviderUnavailable, None, True, True, None),
]


@committed
@pytest.mark.parametrize(("fault", "kind", "was_sent", "may_have_acted", "acted", "status"), FAULTS)
@pytest.mark.parametrize("operation", CALLS)
def test_act_out_fault_tells_the_client_no_more_than_the_network_would(
    operation: str,
    fault: str,
    kind: type[ProviderError],
    was_sent: bool | None,
    may_have_acted: bool,
    acted: bool,
    status: int | None,
) -> None:
    provider = sandbox_tiktok(**{operation: {fault: 1}})
    with pytest.raises(ProviderError) as failed:
        CALLS[operation](provider)
    assert type(failed.value) is kind
    assert (failed.value.was_sent, failed.value.may_have_acted) == (was_sent, may_have_acted)
    [row] = received(operation=operation, with_unheard=True)
    assert (row.fault, row.status) == (fault, status)
    assert (row.outcome in {"ok", "201"}) is acted
    CALLS[operation](provider)


@committed
@pytest.mark.parametrize("operation", CALLS)
def test_act_out_malformed_answer_after_acting(operation: str) -> None:
    provider = sandbox_tiktok(**{operation: {"malformed": 1}})
    with pytest.raises(ProviderUnavailable, match="answered 200 and nothing we can read") as failed:
        CALLS[operation](provider)
    assert failed.value.may_have_acted
    assert [row.fault for row in received(operation=operation)] == ["malformed"]


@committed
@pytest.mark.parametrize("operation", [name for name in CALLS if name != "upload"])
def test_act_out_expired_token_once_then_goes_well(operation: str) -> None:
    provider = sandbox_tiktok(**{operation: {"expired_token": 1}})
    with pytest.raises(AccessRefused) as refusal:
        CALLS[operation](provider)
    assert refusal.value.code == "access_token_invalid"
    CALLS[operation](provider)


@committed
def test_act_out_fault_on_init_leaves_a_post_begun_that_nobody_knows_of() -> None:
    provider = sandbox_tiktok(init={"timeout_after": 1, "reset_before": 1})
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            begin(provider)
    begin(provider)
    assert SandboxPost.objects.count() == 2
    assert [(row.outcome, row.fault) for row in received(operation="init", with_unheard=True)] == [
        ("", "reset_before"),
        ("ok", "timeout_after"),
        ("ok", ""),
    ]
    assert len(received(operation="init")) == 2


@committed
def test_count_calls_goes_on_in_another_process() -> None:
    faults = {"creator_info": {"server_error_before": [2]}}
    sandbox_tiktok(**faults).posting.creator_info(token=TOKEN)
    with pytest.raises(ProviderUnavailable):
        sandbox_tiktok(**faults).posting.creator_info(token=TOKEN)
    sandbox_tiktok(**faults).posting.creator_info(token=TOKEN)


@committed
def test_draw_faults_by_share_meets_some_calls_and_spares_others() -> None:
    provider = sandbox_tiktok(share=0.5, seed=3)
    outcomes = []
    for _ in range(20):
        try:
            outcomes.append(bool(provider.posting.creator_info(token=TOKEN)))
        except ProviderUnavailable:
            outcomes.append(False)
    assert 3 <= sum(outcomes) <= 17
    assert len(received(with_unheard=True)) == 20


@committed
def test_answer_slowly_is_waited_for_by_the_patient_only() -> None:
    provider = sandbox_tiktok(creator_info={"slow_seconds": 0.2})
    started = time.monotonic()
    provider.posting.creator_info(token=TOKEN)
    assert time.monotonic() - started >= 0.2
    started = time.monotonic()
    with pytest.raises(ProviderUnavailable, match="did not answer in time") as failed:
        provider.posting.creator_info(token=TOKEN, timeout_seconds=0.05)
    assert 0.05 <= time.monotonic() - started < 0.2
    assert failed.value.was_sent is None
    assert [row.outcome for row in received()] == ["ok", "ok"], "the answer is slow, not the act"


@committed
def test_wait_without_a_limit_waits() -> None:
    faults = TikTokFaults.model_validate({"creator_info": {"slow_seconds": 0.05}})
    assert refused(ask("creator_info", faults=faults, timeout=None)) == (200, "ok")


@committed
@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/"),
        ("GET", "/v2/user/info?fields=open_id"),
        ("POST", "/v2/user/info/?fields=open_id"),
        ("GET", "/v2/post/publish/status/fetch/"),
        ("POST", "/v2/post/publish/content/begin/"),
        ("POST", "/%00"),
        ("POST", f"/{'x' * 5000}"),
    ],
)
def test_call_what_is_not_there_is_answered_404_without_an_envelope(method: str, url: str) -> None:
    response = exchange(method, url)
    assert (response.status_code, response.content) == (404, b"")
    [row] = received()
    assert (row.operation, row.outcome, row.method) == ("", "not_found", method)


def test_call_another_host_cannot_connect() -> None:
    with pytest.raises(httpx.ConnectError):
        exchange("GET", "https://open.tiktokapis.com/v2/user/info/")


@committed
@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", TOKEN, f"Bearer {TOKEN} x"])
def test_call_without_a_bearer_is_refused(header: str) -> None:
    headers = {"content-type": "application/json"} | ({"authorization": header} if header else {})
    response = exchange("POST", PATHS["creator_info"], content=b"{}", headers=headers)
    assert refused(response) == (401, "access_token_invalid")


@committed
@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_send_body_that_is_not_said_to_be_json_is_refused(kind: str) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": kind}
    response = exchange("POST", PATHS["creator_info"], content=b"{}", headers=headers)
    assert refused(response) == (400, "invalid_param")
    assert "Content-Type" in response.json()["error"]["message"]


@committed
def test_answer_envelope_names_the_ledger_row() -> None:
    response = ask("creator_info")
    [row] = received()
    assert response.json()["error"] == {"code": "ok", "message": "", "log_id": row.id.hex}
    assert response.headers["content-type"] == "application/json; charset=utf-8"


@committed
def test_keep_token_out_of_everything_that_is_stored() -> None:
    provider = sandbox_tiktok()
    ticket = begin(provider)
    send_small(provider, ticket)
    upload_token = ticket.upload_url.rpartition("=")[2]
    stored = "".join(
        repr(list(model.objects.values())) for model in (SandboxRequest, SandboxPost, SandboxCreator)
    )
    assert USERNAME in stored
    assert TOKEN not in stored
    assert upload_token not in stored
    assert TOKEN not in repr(provider) + repr(vars(provider))


@committed
def test_lose_the_database_in_the_middle_looks_like_a_broken_connection() -> None:
    name = connections["default"].settings_dict["NAME"]
    provider = sandbox_tiktok()
    provider.wire.check_open("creator_info")  # the breaker was looked at before the database went away
    connections["default"].settings_dict["NAME"] = "no_such_database"
    try:
        with pytest.raises(ProviderUnavailable) as failed:
            provider.posting.creator_info(token=TOKEN)
    finally:
        connections["default"].settings_dict["NAME"] = name
    assert (failed.value.was_sent, failed.value.may_have_acted) == (None, True)
    assert received() == ()


@committed
def test_lose_a_table_is_our_bug_and_is_not_hidden() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE agents_sandboxrequest RENAME TO gone")
        with pytest.raises(ProgrammingError, match="agents_sandboxrequest"):
            sandbox_tiktok().posting.creator_info(token=TOKEN)
        cursor.execute("ALTER TABLE gone RENAME TO agents_sandboxrequest")


def test_name_operations_once_and_as_the_documentation_has_them() -> None:
    assert {one.name: one.path for one in OPERATIONS if one.style in (OPEN, OAUTH)} == {
        name: path.partition("?")[0] for name, path in (PATHS | OAUTH_PATHS).items()
    }


def test_fault_settings_of_a_test_reach_the_provider() -> None:
    options: dict[str, Any] = {"faults": {"init": {"reset_after": [1]}}}
    assert TikTokProvider("sandbox", options)._options.faults.init.reset_after == (1,)
