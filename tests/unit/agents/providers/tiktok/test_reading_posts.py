"""What a creator may do and what became of a post: the recorded answers and the odd ones."""

from typing import Any

import pytest

from agents.providers.errors import Advice, ProviderRejected, ProviderUnavailable
from agents.providers.tiktok.read.posting import (
    FAIL_REASONS,
    CreatorInfo,
    PublishState,
    PublishStatus,
)
from tests.unit.agents.providers.tiktok.wire import (
    TOKEN,
    answering,
    body_of,
    envelope,
    live,
    refusing,
)

CREATOR = {
    "creator_avatar_url": "https://p16-sign.tiktokcdn.com/avatar.webp",
    "creator_username": "nordlicht.tea",
    "creator_nickname": "Nordlicht Tea",
    "privacy_level_options": ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"],
    "comment_disabled": False,
    "duet_disabled": False,
    "stitch_disabled": True,
    "max_video_post_duration_sec": 600,
}


def status_of(**data: Any) -> PublishStatus:
    """Return what is read from this status."""
    provider, _ = live(answering(envelope(data)))
    return provider.posting.status(token=TOKEN, publish_id="v_pub_file~v2-1.7574")


def test_read_creator_gives_the_recorded_answer() -> None:
    provider, recorder = live(answering(envelope(CREATOR)))
    assert provider.posting.creator_info(token=TOKEN, timeout_seconds=7) == CreatorInfo(
        username="nordlicht.tea",
        nickname="Nordlicht Tea",
        privacy_level_options=("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"),
        comment_disabled=False,
        duet_disabled=False,
        stitch_disabled=True,
        max_duration_seconds=600,
        avatar_url="https://p16-sign.tiktokcdn.com/avatar.webp",
    )
    [request] = recorder.requests
    assert (request.method, request.url.path) == ("POST", "/v2/post/publish/creator_info/query/")
    assert body_of(request) == {}
    assert request.extensions["timeout"]["read"] == 7


@pytest.mark.parametrize(
    "code", ["spam_risk_too_many_posts", "spam_risk_user_banned_from_posting", "reached_active_user_cap"]
)
def test_read_creator_who_may_not_post_is_refused_though_the_status_is_200(code: str) -> None:
    provider, _ = live(refusing(code, status=200, message="Daily post cap reached."))
    with pytest.raises(ProviderRejected, match=rf"\({code}: Daily post cap reached\.\)") as refused:
        provider.posting.creator_info(token=TOKEN)
    assert (refused.value.code, refused.value.advice) == (code, Advice.ASK_PERSON)


@pytest.mark.parametrize("missing", ["creator_username", "privacy_level_options", "comment_disabled"])
def test_read_creator_without_what_decides_is_no_answer(missing: str) -> None:
    provider, _ = live(answering(envelope({name: CREATOR[name] for name in CREATOR if name != missing})))
    with pytest.raises(ProviderUnavailable, match=f"lacks a usable '{missing}'"):
        provider.posting.creator_info(token=TOKEN)


def test_read_status_asks_for_the_publish_id() -> None:
    provider, recorder = live(answering(envelope({"status": "PROCESSING_UPLOAD"})))
    provider.posting.status(token=TOKEN, publish_id="v_pub_file~v2-1.7574", timeout_seconds=7)
    [request] = recorder.requests
    assert (request.method, request.url.path) == ("POST", "/v2/post/publish/status/fetch/")
    assert body_of(request) == {"publish_id": "v_pub_file~v2-1.7574"}
    assert request.extensions["timeout"]["read"] == 7


def test_read_status_while_bytes_arrive_is_not_final() -> None:
    status = status_of(status="PROCESSING_UPLOAD", uploaded_bytes=40000000)
    assert status == PublishStatus(PublishState.PROCESSING_UPLOAD, uploaded_bytes=40000000)
    assert not status.is_final
    assert status.advice is None


def test_read_status_of_a_public_post_keeps_every_digit_of_its_id() -> None:
    status = status_of(
        status="PUBLISH_COMPLETE", publicaly_available_post_id=[7574100012345678901], uploaded_bytes=75000123
    )
    assert status == PublishStatus(
        PublishState.PUBLISH_COMPLETE, post_ids=("7574100012345678901",), uploaded_bytes=75000123
    )
    assert status.is_final


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        ({"publicly_available_post_id": ["1", 2]}, ("1", "2")),
        ({"publicaly_available_post_id": None}, ()),
        ({"publicaly_available_post_id": []}, ()),
        ({}, ()),
    ],
)
def test_read_status_takes_ids_in_either_spelling_or_none(data: dict[str, Any], ids: tuple[str, ...]) -> None:
    assert status_of(status="PUBLISH_COMPLETE", **data).post_ids == ids


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("internal", Advice.RETRY),
        ("video_pull_failed", Advice.RETRY),
        ("photo_pull_failed", Advice.RETRY),
        ("file_format_check_failed", Advice.GIVE_UP),
        ("duration_check_failed", Advice.GIVE_UP),
        ("frame_rate_check_failed", Advice.GIVE_UP),
        ("picture_size_check_failed", Advice.GIVE_UP),
        ("publish_cancelled", Advice.GIVE_UP),
        ("auth_removed", Advice.ASK_PERSON),
        ("spam_risk_too_many_posts", Advice.ASK_PERSON),
        ("spam_risk_user_banned_from_posting", Advice.ASK_PERSON),
        ("spam_risk_text", Advice.ASK_PERSON),
        ("spam_risk", Advice.ASK_PERSON),
    ],
)
def test_read_status_of_a_failed_post_says_what_to_do(reason: str, advice: Advice) -> None:
    status = status_of(status="FAILED", fail_reason=reason, uploaded_bytes=75000123)
    assert (status.is_final, status.fail_reason, status.advice) == (True, reason, advice)
    assert reason in FAIL_REASONS


@pytest.mark.parametrize("reason", ["something_new", "", None])
def test_read_status_failed_for_an_unknown_reason_asks_a_person(reason: str | None) -> None:
    status = status_of(status="FAILED", fail_reason=reason)
    assert (status.fail_reason, status.advice) == (reason or "", Advice.ASK_PERSON)


@pytest.mark.parametrize(
    ("word", "state", "is_final"),
    [
        ("PROCESSING_UPLOAD", PublishState.PROCESSING_UPLOAD, False),
        ("PROCESSING_DOWNLOAD", PublishState.PROCESSING_DOWNLOAD, False),
        ("SEND_TO_USER_INBOX", PublishState.SEND_TO_USER_INBOX, True),
        ("PUBLISH_COMPLETE", PublishState.PUBLISH_COMPLETE, True),
        ("FAILED", PublishState.FAILED, True),
        ("SOMETHING_NEW", PublishState.UNKNOWN, False),
        (None, PublishState.UNKNOWN, False),
        (7, PublishState.UNKNOWN, False),
    ],
)
def test_read_status_in_any_word_knows_whether_it_is_final(
    word: object, state: PublishState, is_final: bool
) -> None:
    status = status_of(status=word)
    assert (status.state, status.is_final) == (state, is_final)


def test_read_status_without_one_is_no_answer() -> None:
    with pytest.raises(ProviderUnavailable, match="lacks a usable 'status'"):
        status_of(uploaded_bytes=1)
