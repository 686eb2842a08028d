"""Beginning, following and calling back a post in the sandbox; every documented refusal."""

from typing import Any

import pytest

from agents.providers.errors import AccessRefused, Advice, ProviderError, ProviderRejected
from agents.providers.tiktok.read.posting import PublishState
from agents.providers.tiktok.write.posting import PostingWriter
from agents.sandbox.tiktok.ledger import posts, received
from agents.sandbox.tiktok.rules import check_source_info
from agents.sandbox.tiktok.wire import SourceInfo, WireError, sandbox_token
from agents.sandbox_models import SandboxPost
from tests.factories.tiktok import (
    SMALL,
    TOKEN,
    USERNAME,
    begin,
    let_pass,
    make_creator,
    put_online,
    sandbox_tiktok,
    send_small,
)
from tests.unit.agents.sandbox.tiktok.wire import BODIES, INFO, SOURCE, ask, put, refused

committed = pytest.mark.usefixtures("committed_sandbox")
OTHER = sandbox_token("other.tea")


def init(*, info: dict[str, Any] | None = None, source: dict[str, Any] | None = None) -> tuple[int, str]:
    """Announce a video with some fields changed; return the status and the code."""
    body = {"post_info": INFO | (info or {}), "source_info": SOURCE | (source or {})}
    return refused(ask("init", body))


@committed
def test_ask_creator_gives_what_he_may_do() -> None:
    make_creator(
        display_name="Nordlicht",
        privacy_level_options=["FOLLOWER_OF_CREATOR", "SELF_ONLY"],
        stitch_disabled=True,
        max_duration_seconds=180,
    )
    creator = sandbox_tiktok().posting.creator_info(token=TOKEN)
    assert (creator.username, creator.nickname) == (USERNAME, "Nordlicht")
    assert creator.privacy_level_options == ("FOLLOWER_OF_CREATOR", "SELF_ONLY")
    assert (creator.comment_disabled, creator.duet_disabled, creator.stitch_disabled) == (False, False, True)
    assert creator.max_duration_seconds == 180


@committed
@pytest.mark.parametrize("code", ["spam_risk_user_banned_from_posting", "reached_active_user_cap"])
def test_post_for_a_creator_who_may_not_is_refused_as_documented(code: str) -> None:
    make_creator(posting_refusal=code)
    assert refused(ask("creator_info")) == (200, code)
    assert refused(ask("init")) == (403, code)
    assert SandboxPost.objects.count() == 0


@committed
def test_post_by_an_app_not_audited_may_only_be_private() -> None:
    code = "unaudited_client_can_only_post_to_private_accounts"
    make_creator(posting_refusal=code)
    assert refused(ask("creator_info")) == (200, "ok")
    assert init() == (403, code)
    assert init(info={"privacy_level": "SELF_ONLY"}) == (200, "ok")


@committed
def test_announce_video_gives_a_publish_id_and_an_address_for_an_hour() -> None:
    ticket = begin(sandbox_tiktok())
    assert ticket.publish_id.startswith("v_pub_file~v2-1.")
    assert len(ticket.publish_id) <= 64
    assert ticket.upload_url.startswith("https://open-upload.tiktok.sandbox.invalid/video/?upload_id=")
    assert len(ticket.upload_url) <= 256
    post = SandboxPost.objects.get()
    assert (post.upload_expires_at - post.begun_at).total_seconds() == 3600
    assert (post.publish_id, post.uploaded_bytes, post.post_id) == (ticket.publish_id, 0, None)
    assert "upload_token=" not in repr(SandboxPost.objects.values())
    assert posts() == ()


@committed
def test_announce_video_twice_begins_two() -> None:
    provider = sandbox_tiktok()
    assert begin(provider).publish_id != begin(provider).publish_id


@committed
@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("x" * 2200, (200, "ok")),
        ("x" * 2201, (400, "invalid_param")),
        ("🍵" * 1100, (200, "ok")),
        ("🍵" * 1100 + "x", (400, "invalid_param")),
        ("", (200, "ok")),
        ("NUL \x00", (400, "invalid_param")),
    ],
)
def test_announce_video_counts_its_caption_in_utf16_units(title: str, expected: tuple[int, str]) -> None:
    assert init(info={"title": title}) == expected


@committed
@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"privacy_level": "FOLLOWER_OF_CREATOR"}, (403, "privacy_level_option_mismatch")),
        ({"privacy_level": "EVERYBODY"}, (400, "invalid_param")),
        ({"privacy_level": None}, (400, "invalid_param")),
        ({"privacy_level": "SELF_ONLY", "brand_content_toggle": True}, (400, "invalid_param")),
        ({"privacy_level": "SELF_ONLY", "brand_organic_toggle": True}, (200, "ok")),
        ({"brand_content_toggle": True}, (200, "ok")),
        ({"brand_content_toggle": "yes"}, (400, "invalid_param")),
        ({"video_cover_timestamp_ms": -1}, (400, "invalid_param")),
        ({"video_cover_timestamp_ms": 2**31}, (400, "invalid_param")),
        ({"disable_duett": True}, (400, "invalid_param")),
    ],
)
def test_announce_video_with_settings_tiktok_does_not_take_is_refused(
    info: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert init(info=info) == expected


@committed
@pytest.mark.parametrize("missing", ["privacy_level", "brand_content_toggle"])
def test_announce_video_without_what_is_required_is_refused(missing: str) -> None:
    info = {name: value for name, value in INFO.items() if name != missing}
    assert refused(ask("init", {"post_info": info, "source_info": SOURCE})) == (400, "invalid_param")


@committed
def test_announce_video_by_address_is_refused_for_its_domain() -> None:
    source = {"source": "PULL_FROM_URL", "video_url": "https://cdn.example/video.mp4"}
    assert init(source=source) == (403, "url_ownership_unverified")


@pytest.mark.parametrize(
    ("size", "chunk", "count"),
    [
        (1, 1, 1),
        (4_999_999, 4_999_999, 1),
        (64_000_000, 64_000_000, 1),
        (9_000_000, 6_000_000, 1),
        (50_000_123, 10_000_000, 5),
        (75_000_123, 10_000_000, 7),
        (10_485_760, 5_242_880, 2),
        (4_000_000_000, 10_000_000, 400),
    ],
)
def test_announce_chunks_by_the_rules_is_taken(size: int, chunk: int, count: int) -> None:
    check_source_info(
        SourceInfo(source="FILE_UPLOAD", video_size=size, chunk_size=chunk, total_chunk_count=count)
    )


@pytest.mark.parametrize(
    ("size", "chunk", "count", "field"),
    [
        (0, 0, 1, "video_size"),
        (4_000_000_001, 10_000_000, 400, "video_size"),
        (64_000_001, 64_000_001, 1, "chunk_size"),
        (20_000_000, 5_242_879, 3, "chunk_size"),
        (200_000_000, 64_000_001, 3, "chunk_size"),
        (1_000_000, 500_000, 2, "chunk_size"),
        (9_000_000, 10_000_000, 1, "chunk_size"),
        (20_000_000, 10_000_000, 1, "total_chunk_count"),
        (20_000_000, 10_000_000, 3, "total_chunk_count"),
        (20_000_000, 20_000_000, 2, "total_chunk_count"),
        (25_000_000, 10_000_000, 3, "total_chunk_count"),
        (20_000_000, 10_000_000, 0, "total_chunk_count"),
        (4_000_000_000, 10_000_000, 1001, "total_chunk_count"),
    ],
)
def test_announce_chunks_against_a_rule_is_refused_naming_it(
    size: int, chunk: int, count: int, field: str
) -> None:
    source = SourceInfo(source="FILE_UPLOAD", video_size=size, chunk_size=chunk, total_chunk_count=count)
    with pytest.raises(WireError, match=field) as refusal:
        check_source_info(source)
    assert refusal.value.reply.outcome == "invalid_param"


@committed
@pytest.mark.parametrize("operation", ["creator_info", "init", "status", "cancel"])
@pytest.mark.parametrize("body", [[], "text", {"surprise": 1}])
def test_send_body_of_a_wrong_shape_is_refused(operation: str, body: object) -> None:
    assert refused(ask(operation, body)) == (400, "invalid_param")


@committed
def test_follow_post_from_its_bytes_to_its_public_id() -> None:
    provider = sandbox_tiktok(publish_seconds=60, moderation_seconds=300)
    posting = provider.posting
    ticket = begin(provider)
    status = posting.status(token=TOKEN, publish_id=ticket.publish_id)
    assert (status.state, status.uploaded_bytes) == (PublishState.PROCESSING_UPLOAD, 0)
    assert send_small(provider, ticket)
    status = posting.status(token=TOKEN, publish_id=ticket.publish_id)
    assert (status.state, status.uploaded_bytes) == (PublishState.PROCESSING_UPLOAD, len(SMALL))
    let_pass(61)
    status = posting.status(token=TOKEN, publish_id=ticket.publish_id)
    assert (status.state, status.post_ids) == (PublishState.PUBLISH_COMPLETE, ())
    assert [(post.status, post.is_public) for post in posts()] == [("PUBLISH_COMPLETE", False)]
    let_pass(301)
    status = posting.status(token=TOKEN, publish_id=ticket.publish_id)
    [post] = posts()
    assert status.post_ids == (post.post_id,)
    assert int(post.post_id) > 2**53
    assert post.is_public


@committed
@pytest.mark.parametrize("level", ["SELF_ONLY", "MUTUAL_FOLLOW_FRIENDS"])
def test_follow_post_that_is_not_public_never_gives_an_id(level: str) -> None:
    provider = sandbox_tiktok()
    ticket = put_online(provider, privacy_level=level)
    let_pass(86_400)
    status = provider.posting.status(token=TOKEN, publish_id=ticket.publish_id)
    assert (status.state, status.post_ids) == (PublishState.PUBLISH_COMPLETE, ())
    assert [post.is_public for post in posts()] == [False]


@committed
@pytest.mark.parametrize(
    ("reason", "advice"), [("frame_rate_check_failed", Advice.GIVE_UP), ("internal", Advice.RETRY)]
)
def test_follow_post_moderation_refuses_ends_as_failed(reason: str, advice: Advice) -> None:
    provider = sandbox_tiktok(fail_reason=reason, publish_seconds=60)
    ticket = put_online(provider)
    status = provider.posting.status(token=TOKEN, publish_id=ticket.publish_id)
    assert status.state is PublishState.PROCESSING_UPLOAD
    let_pass(61)
    status = provider.posting.status(token=TOKEN, publish_id=ticket.publish_id)
    assert (status.state, status.fail_reason, status.advice) == (PublishState.FAILED, reason, advice)
    assert posts() == ()


@committed
def test_follow_upload_nobody_finished_in_an_hour_fails() -> None:
    provider = sandbox_tiktok()
    ticket = begin(provider)
    let_pass(3601)
    status = provider.posting.status(token=TOKEN, publish_id=ticket.publish_id)
    assert (status.state, status.fail_reason, status.advice) == (
        PublishState.FAILED,
        "internal",
        Advice.RETRY,
    )


@committed
@pytest.mark.parametrize("operation", ["status", "cancel"])
def test_ask_for_a_post_that_is_not_there_or_not_ones_own_is_refused(operation: str) -> None:
    ticket = begin(sandbox_tiktok(), token=OTHER)
    assert refused(ask(operation)) == (400, "invalid_publish_id")
    body = {"publish_id": ticket.publish_id}
    assert refused(ask(operation, body)) == (400, "token_not_authorized_for_specified_publish_id")
    assert refused(ask(operation, body, token=OTHER)) == (200, "ok")
    with pytest.raises(AccessRefused):
        sandbox_tiktok().posting.status(token=TOKEN, publish_id=ticket.publish_id)


@committed
@pytest.mark.parametrize("is_complete", [False, True])
def test_call_post_back_in_time_leaves_no_post(is_complete: bool) -> None:
    provider = sandbox_tiktok(publish_seconds=60)
    ticket = begin(provider)
    if is_complete:
        send_small(provider, ticket)
    PostingWriter(provider).cancel(token=TOKEN, publish_id=ticket.publish_id)
    status = provider.posting.status(token=TOKEN, publish_id=ticket.publish_id)
    assert (status.state, status.fail_reason) == (PublishState.FAILED, "publish_cancelled")
    assert posts() == ()
    assert put(ticket).status_code == 404
    assert posts() == ()


@committed
def test_call_post_back_too_late_is_refused() -> None:
    provider = sandbox_tiktok()
    ticket = put_online(provider)
    with pytest.raises(ProviderRejected) as refusal:
        PostingWriter(provider).cancel(token=TOKEN, publish_id=ticket.publish_id)
    assert refusal.value.code == "publish_not_cancellable"
    assert len(posts()) == 1


@committed
def test_call_post_back_twice_is_refused() -> None:
    provider = sandbox_tiktok()
    ticket = begin(provider)
    PostingWriter(provider).cancel(token=TOKEN, publish_id=ticket.publish_id)
    with pytest.raises(ProviderRejected):
        PostingWriter(provider).cancel(token=TOKEN, publish_id=ticket.publish_id)


@committed
@pytest.mark.parametrize(
    "token", ["act.wrong", "act.sandbox~a~1", f"{TOKEN}x", "clt.sandbox~nordlicht.tea~1"]
)
def test_call_with_a_token_never_given_out_is_refused(token: str) -> None:
    assert refused(ask("creator_info", token=token)) == (401, "access_token_invalid")
    with pytest.raises(AccessRefused) as refusal:
        sandbox_tiktok().posting.creator_info(token=token)
    assert refusal.value.code == "access_token_invalid"
    assert {row.username for row in received()} == {""}


@committed
@pytest.mark.parametrize("operation", ["creator_info", "init", "status", "cancel"])
def test_post_without_the_scope_is_refused(operation: str) -> None:
    make_creator(scopes=["user.info.basic", "video.list"])
    assert refused(ask(operation)) == (401, "scope_not_authorized")


@committed
def test_follow_post_needs_only_one_of_the_scopes() -> None:
    make_creator(scopes=["video.upload"])
    assert refused(ask("status")) == (400, "invalid_publish_id")
    with pytest.raises(ProviderError) as refusal:
        sandbox_tiktok().posting.creator_info(token=TOKEN)
    assert refusal.value.code == "scope_not_authorized"


def test_list_bodies_has_one_for_every_operation_with_a_body() -> None:
    posting = {"creator_info", "init", "photo_init", "status", "cancel"}
    assert set(BODIES) == {"video_list", "video_query", *posting}
