"""The ledger and the posts: what they say, who shares them, and that nothing takes them back."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from agents.providers.errors import ProviderError
from agents.providers.tiktok.write.chunks import plan_chunks
from agents.providers.tiktok.write.posting import PostingWriter
from agents.sandbox.tiktok.ledger import posts, received
from agents.sandbox.tiktok.wire import digest_of, sandbox_token
from agents.sandbox_models import SandboxCreator, SandboxPost, SandboxRequest
from tests.factories.tiktok import (
    SMALL,
    TOKEN,
    USERNAME,
    begin,
    make_creator,
    put_online,
    sandbox_tiktok,
    send_small,
)
from tiktok_ops.clock import database_now
from tiktok_ops.env import BASE_DIR

pytestmark = pytest.mark.usefixtures("committed_sandbox")

CHILD = """
import sys
import django
django.setup()
from tests.factories.tiktok import *
import os, signal
provider = sandbox_tiktok()
ticket = put_online(provider, title="from a child")
print(ticket.publish_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def run_child() -> str:
    """Post from another process that kills itself afterwards; return the publish id."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tiktok_ops.settings"}
    ran = subprocess.run(
        [sys.executable, "-c", CHILD],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == -9, ran.stderr
    return ran.stdout.strip()


def outcomes_at_once(number: int, act: Any) -> list[str]:
    """Do it in so many threads at the same moment; return each one's result or error code."""
    start = threading.Barrier(number)

    def alone(at: int) -> str:
        try:
            start.wait(30)
            return str(act(at))
        except ProviderError as error:
            return error.code or type(error).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(alone, range(number)))


def test_record_request_has_what_arrived_and_what_became_of_it() -> None:
    before = database_now()
    provider = sandbox_tiktok()
    ticket = put_online(provider)
    provider.display.user_info(token=TOKEN)
    init, upload, user = received()
    assert (init.method, init.path, init.operation) == ("POST", "/v2/post/publish/video/init/", "init")
    assert (init.username, init.token_digest) == (USERNAME, digest_of(TOKEN))
    assert (init.publish_id, init.status, init.outcome) == (ticket.publish_id, 200, "ok")
    assert init.bytes_received > len(json.dumps({"title": ""}))
    assert (upload.method, upload.path, upload.operation) == ("PUT", "/video/", "upload")
    assert (upload.username, upload.token_digest, upload.publish_id) == (USERNAME, "", ticket.publish_id)
    assert (upload.bytes_received, upload.status, upload.outcome) == (len(SMALL), 201, "201")
    assert (user.operation, user.bytes_received, user.publish_id) == ("user_info", 0, "")
    assert before < init.at < upload.at < user.at


def test_read_ledger_by_operation_creator_and_publish_id() -> None:
    provider = sandbox_tiktok()
    mine = put_online(provider)
    put_online(provider, token=sandbox_token("other.tea"))
    assert len(received()) == 4
    assert len(received(operation="init")) == 2
    assert [row.operation for row in received(username="other.tea")] == ["init", "upload"]
    assert [row.operation for row in received(publish_id=mine.publish_id)] == ["init", "upload"]
    assert received(operation="upload", username="nobody") == ()


def test_read_posts_by_creator_in_the_order_they_were_made() -> None:
    provider = sandbox_tiktok()
    for title in ("one", "two"):
        put_online(provider, title=title)
    put_online(provider, token=sandbox_token("other.tea"), title="three")
    begin(provider, title="never sent")
    assert [post.caption for post in posts()] == ["one", "two", "three"]
    assert [post.caption for post in posts(username="other.tea")] == ["three"]
    assert posts()[0].chunk_digests == (hashlib.sha256(SMALL).hexdigest(),)


def test_roll_back_the_callers_transaction_takes_nothing_back() -> None:
    provider = sandbox_tiktok()
    with transaction.atomic():
        put_online(provider)
        transaction.set_rollback(True)
    assert len(posts()) == 1
    assert [row.outcome for row in received()] == ["ok", "201"]


def test_kill_the_caller_takes_nothing_back_and_all_processes_see_it() -> None:
    mine = put_online(sandbox_tiktok())
    theirs = run_child()
    assert [post.publish_id for post in posts()] == [mine.publish_id, theirs]
    assert [row.publish_id for row in received(operation="upload")] == [mine.publish_id, theirs]


def test_change_the_ledger_is_refused() -> None:
    sandbox_tiktok().posting.creator_info(token=TOKEN)
    for change in (
        lambda: SandboxRequest.objects.update(outcome="never happened"),
        lambda: SandboxRequest.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert [row.outcome for row in received()] == ["ok"]


def test_send_same_chunk_at_once_is_taken_once() -> None:
    provider = sandbox_tiktok()
    ticket = begin(provider)
    outcomes = outcomes_at_once(6, lambda at: send_small(sandbox_tiktok(), ticket))
    assert sorted(outcomes) == ["True"] + ["upload_out_of_order"] * 5
    assert len(posts()) == 1
    assert sorted(row.outcome for row in received(operation="upload")) == ["201"] + ["416"] * 5


def test_announce_at_once_with_one_token_lets_six_pass() -> None:
    outcomes = outcomes_at_once(9, lambda at: begin(sandbox_tiktok()).publish_id[:10])
    assert sorted(outcomes) == ["rate_limit_exceeded"] * 3 + ["v_pub_file"] * 6
    assert SandboxPost.objects.count() == 6
    assert SandboxCreator.objects.count() == 1


def test_count_calls_at_once_gives_each_fault_to_one_of_them() -> None:
    def act(at: int) -> str:
        provider = sandbox_tiktok(init={"rate_limited": 2})
        return begin(provider, token=sandbox_token(f"user{at}")).publish_id[:10]

    assert sorted(outcomes_at_once(6, act)) == ["rate_limit_exceeded"] * 2 + ["v_pub_file"] * 4


def test_call_back_and_finish_at_once_agree_on_one_outcome() -> None:
    provider = sandbox_tiktok(publish_seconds=60)
    ticket = begin(provider)
    plan = plan_chunks(len(SMALL))

    def act(at: int) -> str:
        writer = PostingWriter(sandbox_tiktok(publish_seconds=60))
        if at:
            writer.cancel(token=TOKEN, publish_id=ticket.publish_id)
            return "cancelled"
        arguments = {"upload_url": ticket.upload_url, "plan": plan, "chunk": plan.chunks[0]}
        return str(writer.upload_chunk(**arguments, content=SMALL))  # type: ignore[arg-type]

    assert "cancelled" in outcomes_at_once(2, act)
    assert posts() == ()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"uploaded_bytes": 11}, "sandbox_post_complete_has_all_bytes"),
        ({"uploaded_bytes": 10}, "sandbox_post_complete_has_all_bytes"),
        ({"post_id": 7}, "sandbox_post_exists_when_complete"),
        ({"uploaded_bytes": 10, "completed": True}, "sandbox_post_exists_when_complete"),
        ({"completed": True}, "sandbox_post_complete_has_all_bytes"),
    ],
)
def test_store_post_that_cannot_be_is_refused(changes: dict[str, Any], constraint: str) -> None:
    now = database_now()
    times = {"completed_at": now} if changes.pop("completed", False) else {}
    fields: dict[str, Any] = {"begun_at": now, "upload_expires_at": now, "post_info": {}}
    sizes = {"video_size": 10, "chunk_size": 10, "total_chunk_count": 1}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        SandboxPost.objects.create(
            creator=make_creator(), publish_id="p", upload_id="u", **fields, **sizes, **times, **changes
        )


def test_store_publish_id_twice_is_refused() -> None:
    begin(sandbox_tiktok())
    post = SandboxPost.objects.get()
    post.id = SandboxPost().id
    with pytest.raises(IntegrityError, match="publish_id"), transaction.atomic():
        post.save(force_insert=True)


def test_show_rows_in_words() -> None:
    ticket = begin(sandbox_tiktok(init={"reset_after": [9]}))
    assert str(SandboxCreator.objects.get()) == f"@{USERNAME}"
    assert str(SandboxPost.objects.get()) == ticket.publish_id
    assert str(SandboxRequest.objects.get()) == "POST /v2/post/publish/video/init/: ok"
    assert str(SandboxRequest(method="GET", path="/", fault="unreachable")) == "GET /: unreachable"
    assert connection.vendor == "postgresql"
