"""The upload address: chunks in order, resumed after a lost answer, and every documented refusal."""

import hashlib
from io import BytesIO

import pytest

from agents.providers.errors import ProviderRejected, ProviderUnavailable
from agents.providers.tiktok.write.chunks import ChunkPlan, plan_chunks
from agents.providers.tiktok.write.posting import PostingWriter
from agents.sandbox.tiktok.ledger import posts, received
from agents.sandbox_models import SandboxPost
from tests.factories.tiktok import (
    SMALL,
    TOKEN,
    begin,
    let_pass,
    put_online,
    sandbox_tiktok,
    video_of,
)
from tests.unit.agents.sandbox.tiktok.wire import exchange, put

pytestmark = pytest.mark.usefixtures("committed_sandbox")

CHUNK = 5_242_880
VIDEO = video_of(3 * CHUNK + 17)
RANGE = f"bytes 0-{len(SMALL) - 1}/{len(SMALL)}"


def plan_of_three() -> ChunkPlan:
    """Return a plan that sends the video in three chunks."""
    return plan_chunks(len(VIDEO), chunk_size_bytes=CHUNK, whole_up_to_bytes=0)


def uploaded() -> int:
    """Return how many bytes the only post has."""
    return SandboxPost.objects.get().uploaded_bytes


def test_send_video_in_one_chunk_makes_the_post() -> None:
    ticket = put_online(sandbox_tiktok(), title="Cold brew")
    [post] = posts()
    assert (post.publish_id, post.caption, post.video_size_bytes) == (
        ticket.publish_id,
        "Cold brew",
        len(SMALL),
    )
    assert post.chunk_digests == (hashlib.sha256(SMALL).hexdigest(),)
    assert post.settings["disable_duet"] is True


def test_send_video_in_three_chunks_makes_one_post_with_its_last() -> None:
    provider = sandbox_tiktok()
    plan = plan_of_three()
    assert len(plan.chunks) == 3
    ticket = begin(provider, plan=plan)
    seen: list[int] = []
    writer = PostingWriter(provider)
    assert writer.upload(
        upload_url=ticket.upload_url,
        plan=plan,
        file=BytesIO(VIDEO),
        before_chunk=lambda chunk, content: seen.append(len(posts())),
    )
    assert seen == [0, 0, 0]
    [post] = posts()
    parts = [VIDEO[chunk.first : chunk.last + 1] for chunk in plan.chunks]
    assert post.chunk_digests == tuple(hashlib.sha256(part).hexdigest() for part in parts)
    assert [row.status for row in received(operation="upload")] == [206, 206, 201]
    assert sum(row.bytes_received for row in received(operation="upload")) == len(VIDEO)


@pytest.mark.parametrize("fault", ["reset_after", "timeout_after", "server_error_after", "malformed"])
@pytest.mark.parametrize("lost", [1, 2, 3])
def test_go_on_after_a_lost_chunk_answer_sends_no_byte_twice(fault: str, lost: int) -> None:
    provider = sandbox_tiktok(upload={fault: [lost]})
    plan = plan_of_three()
    ticket = begin(provider, plan=plan)
    writer = PostingWriter(provider)
    with pytest.raises(ProviderUnavailable) as failed:
        writer.upload(upload_url=ticket.upload_url, plan=plan, file=BytesIO(VIDEO))
    assert failed.value.may_have_acted
    status = provider.posting.status(token=TOKEN, publish_id=ticket.publish_id)
    assert status.uploaded_bytes == (plan.chunks[lost - 1].last + 1)
    assert writer.upload(
        upload_url=ticket.upload_url, plan=plan, file=BytesIO(VIDEO), uploaded_bytes=status.uploaded_bytes
    )
    assert len(posts()) == 1
    assert sum(row.bytes_received for row in received(operation="upload")) == len(VIDEO)


@pytest.mark.parametrize("fault", ["unreachable", "reset_before", "server_error_before"])
def test_go_on_after_a_chunk_that_never_arrived_sends_it_again(fault: str) -> None:
    provider = sandbox_tiktok(upload={fault: [2]})
    plan = plan_of_three()
    ticket = begin(provider, plan=plan)
    writer = PostingWriter(provider)
    with pytest.raises(ProviderUnavailable):
        writer.upload(upload_url=ticket.upload_url, plan=plan, file=BytesIO(VIDEO))
    assert uploaded() == CHUNK
    assert writer.upload(
        upload_url=ticket.upload_url, plan=plan, file=BytesIO(VIDEO), uploaded_bytes=uploaded()
    )
    assert len(posts()) == 1


def test_send_chunk_again_or_too_early_is_out_of_order() -> None:
    provider = sandbox_tiktok()
    plan = plan_of_three()
    ticket = begin(provider, plan=plan)
    writer = PostingWriter(provider)
    for number in (1, 0, 0, 2):
        chunk = plan.chunks[number]
        content = VIDEO[chunk.first : chunk.last + 1]
        arguments = {"upload_url": ticket.upload_url, "plan": plan, "chunk": chunk, "content": content}
        if number == 0 and uploaded() == 0:
            assert not writer.upload_chunk(**arguments)  # type: ignore[arg-type]
            continue
        with pytest.raises(ProviderRejected) as refusal:
            writer.upload_chunk(**arguments)  # type: ignore[arg-type]
        assert refusal.value.code == "upload_out_of_order"
    assert uploaded() == CHUNK
    assert [row.outcome for row in received(operation="upload")] == ["416", "206", "416", "416"]


def test_send_whole_video_again_is_out_of_order_and_makes_no_second_post() -> None:
    ticket = put_online(sandbox_tiktok())
    assert put(ticket).status_code == 416
    assert len(posts()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"content-range": ""},
        {"content-range": "bytes */1200"},
        {"content-range": "0-1199/1200"},
        {"content-range": "bytes 0-1199/1201"},
        {"content-range": "bytes 0-1198/1200"},
        {"content-range": "bytes 0-9999/1200"},
        {"content-type": "text/html"},
        {"content-type": "video/avi"},
        {"authorization": f"Bearer {TOKEN}"},
    ],
)
def test_send_chunk_with_wrong_headers_is_refused(headers: dict[str, str]) -> None:
    ticket = begin(sandbox_tiktok())
    assert put(ticket, headers=headers).status_code == 400
    assert uploaded() == 0


@pytest.mark.parametrize("content", [SMALL[:-1], SMALL + b"x", b""])
def test_send_chunk_of_another_length_is_refused(content: bytes) -> None:
    ticket = begin(sandbox_tiktok())
    assert put(ticket, content).status_code == 400
    assert uploaded() == 0


def test_send_chunk_without_its_length_is_refused() -> None:
    ticket = begin(sandbox_tiktok())
    headers = {"content-type": "video/mp4", "content-range": RANGE, "content-length": "7"}
    assert exchange("PUT", ticket.upload_url, content=SMALL, headers=headers).status_code == 400


@pytest.mark.parametrize("seconds", [3599, 3601])
def test_send_chunk_to_an_address_older_than_an_hour_is_refused(seconds: int) -> None:
    provider = sandbox_tiktok()
    ticket = begin(provider)
    let_pass(seconds - 1)
    let_pass(1)
    assert put(ticket).status_code == (201 if seconds < 3600 else 403)
    assert len(posts()) == (1 if seconds < 3600 else 0)


@pytest.mark.parametrize(
    "change",
    [
        ("upload_token=", "upload_token=x"),
        ("upload_id=7", "upload_id=8"),
        ("upload_id=", "upload_id=%00"),
        ("upload_id=", "other="),
        ("upload_token=", "other="),
        ("/video/", "/photo/"),
    ],
)
def test_send_chunk_to_an_address_never_given_out_is_refused(change: tuple[str, str]) -> None:
    ticket = begin(sandbox_tiktok())
    assert put(ticket, url=ticket.upload_url.replace(*change)).status_code == 404
    assert uploaded() == 0
    assert received(operation="upload")[0].username == ""


def test_send_chunk_by_another_method_is_refused() -> None:
    ticket = begin(sandbox_tiktok())
    headers = {"content-type": "video/mp4", "content-range": RANGE}
    assert exchange("POST", ticket.upload_url, content=SMALL, headers=headers).status_code == 404
    assert uploaded() == 0


def test_send_chunk_whose_token_expired_says_so_as_uploads_do() -> None:
    provider = sandbox_tiktok(upload={"expired_token": 1})
    ticket = begin(provider)
    assert exchange("GET", "/nowhere/").status_code == 404
    with pytest.raises(ProviderRejected) as refusal:
        PostingWriter(provider).upload(
            upload_url=ticket.upload_url, plan=plan_chunks(len(SMALL)), file=BytesIO(SMALL)
        )
    assert refusal.value.code == "upload_expired"
