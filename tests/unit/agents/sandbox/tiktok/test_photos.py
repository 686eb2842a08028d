"""Photos on the sandbox TikTok: what it takes, when it pulls, and what it does with what it pulled."""

from typing import Any

import pytest

from agents.providers.errors import ProviderMisconfigured, ProviderRejected
from agents.providers.tiktok.write.photos import PhotoPost, PhotoWriter
from agents.sandbox.tiktok import own_addresses
from agents.sandbox.tiktok.ledger import posts
from agents.sandbox.tiktok.own_addresses import OWN_ADDRESS, register_fetcher
from agents.sandbox.tiktok.pulling import pull_due, pulls_due
from agents.sandbox_models import SandboxPost
from tests.factories.tiktok import TOKEN, USERNAME, let_pass, make_creator, sandbox_tiktok
from tests.unit.agents.sandbox.tiktok.wire import BODIES, ask, refused

pytestmark = pytest.mark.usefixtures("committed_sandbox")

JPEG, WEBP = b"\xff\xd8\xff photo", b"RIFF1234WEBP photo"
POST = PhotoPost("Tea", "Cold", "PUBLIC_TO_EVERYONE")


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What is under our address, by path; it can be changed."""
    there = {"/pull/a/0.jpg": JPEG, "/pull/a/1.webp": WEBP}
    monkeypatch.setattr(own_addresses, "fetchers", [there.get])
    return there


def begin(*paths: str, **changes: Any) -> str:
    """Begin a photo post and return its publish id."""
    urls = tuple(f"{OWN_ADDRESS}{path}" for path in paths or ("/pull/a/0.jpg",))
    return (
        PhotoWriter(sandbox_tiktok())
        .init_photos(token=TOKEN, post=POST, photo_urls=urls, **changes)
        .publish_id
    )


def status(publish_id: str) -> Any:
    return sandbox_tiktok().posting.status(token=TOKEN, publish_id=publish_id)


def body(**changes: Any) -> dict[str, Any]:
    """Return a body of `content/init` with parts of it changed."""
    usual = BODIES["photo_init"]
    return {
        **usual,
        "post_info": usual["post_info"] | changes.pop("info", {}),
        "source_info": usual["source_info"] | changes.pop("source", {}),
        **changes,
    }


def test_begin_photos_pulls_them_at_once_and_publishes_what_was_pulled() -> None:
    publish_id = begin("/pull/a/0.jpg", "/pull/a/1.webp", cover_index=1)
    assert publish_id.startswith("p_pub_url~")
    [post] = posts(username=USERNAME)
    assert (post.publish_id, post.caption, post.video_size_bytes) == (
        publish_id,
        "Tea\nCold",
        len(JPEG) + len(WEBP),
    )
    assert status(publish_id).post_ids == (post.post_id,)
    [shown] = sandbox_tiktok().display.videos(token=TOKEN)
    assert shown.share_url.endswith(f"/photo/{post.post_id}")


def test_pull_later_says_so_until_then_and_asks_nobody_twice() -> None:
    make_creator(pull_seconds=60)
    publish_id = begin()
    assert status(publish_id).state == "PROCESSING_DOWNLOAD"
    assert not pulls_due().exists()
    let_pass(60)
    assert [pull_due(sandbox_tiktok()._options.faults) for _ in range(2)] == [1, 0]
    assert status(publish_id).state == "PUBLISH_COMPLETE"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "photo_pull_failed"),
        (b"\x89PNG", "file_format_check_failed"),
        (JPEG + bytes(20_000_000), "picture_size_check_failed"),
    ],
)
def test_pull_what_cannot_be_posted_fails_with_the_documented_reason(
    ours: dict[str, bytes], content: bytes | None, reason: str
) -> None:
    ours.pop("/pull/a/0.jpg")
    if content is not None:
        ours["/pull/a/0.jpg"] = content
    said = status(begin())
    assert (said.state, said.fail_reason) == ("FAILED", reason)
    assert posts() == ()


def test_pull_a_post_that_was_called_back_meanwhile_makes_none(ours: dict[str, bytes]) -> None:
    make_creator(pull_seconds=60)
    publish_id = begin()
    let_pass(60)

    class CalledBack(dict[str, bytes]):
        """Answers after the post was called back."""

        def get(self, path: str, default: Any = None) -> Any:
            """Let the post be called back, then answer."""
            SandboxPost.objects.update(cancelled_at="2026-01-01T00:00:00Z")
            return JPEG

    own_addresses.fetchers[0] = CalledBack().get
    assert pull_due(sandbox_tiktok()._options.faults) == 0
    assert status(publish_id).fail_reason == "publish_cancelled"


def test_pull_beyond_the_days_cap_fails(ours: dict[str, bytes]) -> None:
    creator = make_creator(posting_refusal="")
    publish_id = begin()
    done = SandboxPost.objects.get(publish_id=publish_id)
    for number in range(14):
        SandboxPost.objects.create(
            creator=creator,
            publish_id=f"p{number}",
            upload_id=str(number),
            upload_token_digest="",
            post_info=done.post_info,
            video_size=1,
            chunk_size=1,
            total_chunk_count=1,
            uploaded_bytes=1,
            begun_at=done.begun_at,
            upload_expires_at=done.upload_expires_at,
            completed_at=done.completed_at,
            published_at=done.published_at,
            post_id=number + 1,
        )
    assert refused(ask("photo_init", body())) == (403, "spam_risk_too_many_posts")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"info": {"title": "x" * 91}}, "invalid_param"),
        ({"info": {"description": "x" * 4001}}, "invalid_param"),
        ({"info": {"disable_duet": True}}, "invalid_param"),
        ({"info": {"privacy_level": "FOLLOWER_OF_CREATOR"}}, "privacy_level_option_mismatch"),
        ({"info": {"privacy_level": "SELF_ONLY", "brand_content_toggle": True}}, "invalid_param"),
        ({"source": {"photo_cover_index": 1}}, "invalid_param"),
        ({"source": {"photo_images": []}}, "invalid_param"),
        ({"source": {"photo_images": [f"{OWN_ADDRESS}/a.jpg"] * 36}}, "invalid_param"),
        ({"source": {"photo_images": ["https://elsewhere.example/a.jpg"]}}, "url_ownership_unverified"),
        ({"source": {"photo_images": [f"{OWN_ADDRESS}/a.jpg?x=1"]}}, "url_ownership_unverified"),
        ({"source": {"source": "FILE_UPLOAD"}}, "invalid_param"),
        ({"media_type": "VIDEO"}, "invalid_param"),
        ({"post_mode": "MEDIA_UPLOAD"}, "invalid_param"),
    ],
)
def test_begin_photos_wrongly_is_refused_by_its_code(changes: dict[str, Any], code: str) -> None:
    assert refused(ask("photo_init", body(**changes)))[1] == code
    assert not SandboxPost.objects.exists()


def test_begin_photos_under_an_unverified_domain_is_a_matter_of_settings(settings: Any) -> None:
    settings.PUBLIC_URL = "https://ops.example"
    with pytest.raises(ProviderMisconfigured, match="verify the address's domain"):
        begin()


@pytest.mark.parametrize(("urls", "cover"), [((), 0), (("https://a",) * 36, 0), (("https://a",), 1)])
def test_begin_a_number_of_photos_tiktok_does_not_take_is_refused_unsent(
    urls: tuple[str, ...], cover: int
) -> None:
    with pytest.raises(ProviderRejected) as caught:
        PhotoWriter(sandbox_tiktok()).init_photos(token=TOKEN, post=POST, photo_urls=urls, cover_index=cover)
    assert caught.value.was_sent is False


def test_say_twice_how_our_addresses_are_fetched_is_refused() -> None:
    with pytest.raises(ValueError, match="was said already"):
        register_fetcher(lambda path: None)
