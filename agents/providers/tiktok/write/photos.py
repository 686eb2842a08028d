"""Posting photos: TikTok pulls them from addresses of ours, so there are no bytes to hold back.

TikTok has no idempotency key, and from this call on it may fetch and publish, whether or not its answer arrives.
What keeps a post single is the address: unguessable, of one attempt, and either fetched or taken back, never both.
So whoever calls this commits the address first, and makes another attempt only where it was taken back.
"""

from dataclasses import asdict, dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.provider import TikTokProvider
from agents.providers.tiktok.wire import CALL_TIMEOUT_SECONDS, read_shape

MOST_PHOTOS = 35
LONGEST_TITLE = 90
LONGEST_DESCRIPTION = 4000


@dataclass(frozen=True, slots=True)
class PhotoPost:
    """What is posted beside the photos, under TikTok's own names; photos have no duet, stitch or AI label.

    `title` has at most 90 UTF-16 units, `description` 4,000. Both brand toggles are always sent.
    """

    title: str
    description: str
    privacy_level: str
    disable_comment: bool = True
    auto_add_music: bool = False
    brand_content_toggle: bool = False
    brand_organic_toggle: bool = False


@dataclass(frozen=True, slots=True)
class PhotoTicket:
    """TikTok's id for the post to be."""

    publish_id: Annotated[str, Field(min_length=1, max_length=64)]


_TICKET = TypeAdapter(PhotoTicket)


class PhotoWriter:
    """Posts photos through a provider."""

    def __init__(self, provider: TikTokProvider) -> None:
        self._wire = provider.wire

    def init_photos(
        self,
        *,
        token: str,
        post: PhotoPost,
        photo_urls: tuple[str, ...],
        cover_index: int = 0,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> PhotoTicket:
        """Have TikTok pull 1 to 35 photos from verified addresses and post them (6 calls a minute).

        Raises `ProviderRejected` unsent for another number of photos, or a cover that is none of them.
        `ProviderMisconfigured` with the code `url_ownership_unverified` where the domain is not verified. Where
        `may_have_acted` is true TikTok may be fetching by now.
        """
        if not 1 <= len(photo_urls) <= MOST_PHOTOS or not 0 <= cover_index < len(photo_urls):
            raise ProviderRejected(
                f"There are {len(photo_urls)} photos and the cover is number {cover_index}: give 1 to {MOST_PHOTOS}, "
                "and one of them as the cover.",
                was_sent=False,
                may_have_acted=False,
            )
        body = {
            "media_type": "PHOTO",
            "post_mode": "DIRECT_POST",
            "post_info": asdict(post),
            "source_info": {
                "source": "PULL_FROM_URL",
                "photo_images": list(photo_urls),
                "photo_cover_index": cover_index,
            },
        }
        path = "/v2/post/publish/content/init/"
        answer = self._wire.call("POST", path, token=token, body=body, timeout_seconds=timeout_seconds)
        return read_shape(_TICKET, answer)
