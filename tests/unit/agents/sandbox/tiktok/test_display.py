"""Profile and public videos of the sandbox, through the real client and at the bare wire."""

from datetime import timedelta

import pytest

from agents.providers.errors import AccessRefused, ProviderRejected
from agents.sandbox.tiktok.display import VIDEO_FIELDS
from agents.sandbox.tiktok.wire import sandbox_token
from agents.sandbox_models import SandboxPost
from tests.factories.tiktok import TOKEN, USERNAME, let_pass, make_creator, put_online, sandbox_tiktok
from tests.unit.agents.sandbox.tiktok.wire import ask, refused
from tiktok_ops.clock import database_now

pytestmark = pytest.mark.usefixtures("committed_sandbox")


def titles(cursor: int | None = None, max_count: int = 20) -> list[str]:
    """Return the titles of a page."""
    page = sandbox_tiktok().display.video_list(token=TOKEN, cursor=cursor, max_count=max_count)
    return [video.title for video in page.videos]


def test_read_user_gives_the_creator_of_the_token() -> None:
    make_creator(display_name="Nordlicht Tea", follower_count=18420, bio_description="Loose leaf.")
    put_online(sandbox_tiktok())
    user = sandbox_tiktok().display.user_info(token=TOKEN)
    assert (user.username, user.display_name, user.follower_count) == (USERNAME, "Nordlicht Tea", 18420)
    assert (user.video_count, user.is_verified, user.bio_description) == (1, False, "Loose leaf.")
    other = sandbox_tiktok().display.user_info(token=sandbox_token("other.tea"))
    assert (other.username, other.display_name, other.video_count) == ("other.tea", "other.tea", 0)
    assert other.open_id != user.open_id


def test_read_user_with_another_token_of_his_is_the_same_one() -> None:
    display = sandbox_tiktok().display
    assert display.user_info(token=TOKEN) == display.user_info(token=sandbox_token(USERNAME, 2))


@pytest.mark.parametrize("field", ["username", "follower_count"])
def test_read_field_outside_the_granted_scopes_is_refused(field: str) -> None:
    make_creator(scopes=["user.info.basic"])
    display = sandbox_tiktok().display
    assert display.user_info(token=TOKEN, fields=["display_name"]).display_name == USERNAME
    with pytest.raises(AccessRefused) as refusal:
        display.user_info(token=TOKEN, fields=["display_name", field])
    assert refusal.value.code == "scope_not_authorized"


@pytest.mark.parametrize("operation", ["user_info", "video_list", "video_query"])
@pytest.mark.parametrize("fields", ["", "?fields=", "?fields=open_id,id,nonsense"])
def test_ask_for_no_field_or_an_unknown_one_is_refused(operation: str, fields: str) -> None:
    paths = {
        "user_info": "/v2/user/info/",
        "video_list": "/v2/video/list/",
        "video_query": "/v2/video/query/",
    }
    assert refused(ask(operation, path=f"{paths[operation]}{fields}")) == (400, "invalid_params")


def test_answer_only_the_fields_asked_for() -> None:
    put_online(sandbox_tiktok())
    answer = ask("video_list", path="/v2/video/list/?fields=id,title").json()
    assert [sorted(video) for video in answer["data"]["videos"]] == [["id", "title"]]
    everything = ask("video_list", path=f"/v2/video/list/?fields={','.join(VIDEO_FIELDS)}").json()
    assert set(everything["data"]["videos"][0]) == set(VIDEO_FIELDS)


def test_list_videos_has_what_is_public_newest_first() -> None:
    provider = sandbox_tiktok()
    for title in ("first", "second", "third"):
        put_online(provider, title=title)
    put_online(provider, title="private", privacy_level="SELF_ONLY")
    put_online(provider, token=sandbox_token("other.tea"), title="not mine")
    put_online(sandbox_tiktok(moderation_seconds=60), title="in moderation")
    put_online(sandbox_tiktok(fail_reason="spam_risk"), title="refused by moderation")
    assert titles() == ["third", "second", "first"]
    let_pass(61)
    assert titles() == ["in moderation", "third", "second", "first"]


def test_list_videos_gives_caption_link_and_times() -> None:
    title = "é" * 200
    ticket = put_online(sandbox_tiktok(), title=title, is_aigc=True)
    [video] = sandbox_tiktok().display.videos(token=TOKEN)
    [post_id] = sandbox_tiktok().posting.status(token=TOKEN, publish_id=ticket.publish_id).post_ids
    assert (video.id, video.description, video.is_aigc) == (post_id, title[:150], True)
    assert video.share_url == f"https://www.tiktok.com/@{USERNAME}/video/{post_id}"
    assert timedelta(0) <= database_now() - video.created_at < timedelta(minutes=1)


def test_list_videos_page_by_page_gives_each_once() -> None:
    provider = sandbox_tiktok()
    for number in range(5):
        put_online(provider, token=sandbox_token(USERNAME, number), title=str(number))
        let_pass(1)
    page = provider.display.video_list(token=TOKEN, max_count=2)
    assert ([video.title for video in page.videos], page.has_more) == (["4", "3"], True)
    assert titles(cursor=page.cursor, max_count=3) == ["2", "1", "0"]
    assert [video.title for video in provider.display.videos(token=TOKEN)] == ["4", "3", "2", "1", "0"]


def test_list_videos_of_nobody_is_empty() -> None:
    page = sandbox_tiktok().display.video_list(token=TOKEN)
    assert (page.videos, page.has_more) == ((), False)


@pytest.mark.parametrize(
    "body",
    [
        {"max_count": 0},
        {"max_count": 21},
        {"max_count": "2"},
        {"cursor": "newest"},
        {"cursor": 10**18},
        {"page": 2},
        [],
    ],
)
def test_list_videos_with_a_wrong_body_is_refused(body: object) -> None:
    assert refused(ask("video_list", body)) == (400, "invalid_params")


def test_query_videos_finds_the_creators_own_public_ones() -> None:
    provider = sandbox_tiktok()
    put_online(provider, title="mine")
    put_online(provider, title="private", privacy_level="SELF_ONLY")
    put_online(provider, token=sandbox_token("other.tea"), title="not mine")
    ids = [str(post.post_id) for post in SandboxPost.objects.all()]
    asked = [*ids, "7" * 19, "nonsense", "9" * 19, "1"]
    assert [video.title for video in provider.display.video_query(token=TOKEN, video_ids=asked)] == ["mine"]


@pytest.mark.parametrize(
    "body", [{}, {"filters": {}}, {"filters": {"video_ids": []}}, {"filters": {"video_ids": ["1"] * 21}}]
)
def test_query_videos_with_a_wrong_body_is_refused(body: object) -> None:
    assert refused(ask("video_query", body)) == (400, "invalid_params")


@pytest.mark.parametrize("operation", ["video_list", "video_query"])
def test_read_videos_without_the_scope_is_refused(operation: str) -> None:
    make_creator(scopes=["user.info.basic", "video.publish"])
    assert refused(ask(operation)) == (401, "scope_not_authorized")
    with pytest.raises(ProviderRejected):
        sandbox_tiktok().display.video_query(token=TOKEN, video_ids=[])
