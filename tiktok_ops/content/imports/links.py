"""What the address of a video tells: its id, and by that the second it was made; whose it is."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

SHORT = "the link is a shortened one: open it in a browser and give the address it leads to"
NO_ID = "the link names no video"
EARLIEST = datetime(2014, 1, 1, tzinfo=UTC)

_ID = r"(?P<id>[0-9]{15,20})"
_PATHS = (
    re.compile(rf"^/@[^/]*/(?:video|photo)/{_ID}(?:/|$)"),
    re.compile(rf"^/(?:share|embed|player|i18n/share)(?:/v[0-9])?(?:/video|/item)?/{_ID}(?:/|$)"),
    re.compile(rf"^/v/{_ID}(?:\.html)?/?$"),
)
_QUERY_NAMES = ("item_id", "share_item_id", "aweme_id", "video_id")
_OURS = re.compile(r"(?:^|\.)(?:tiktok|tiktokv|tiktokv\.[a-z]{2})\.(?:com|us|eu)$")
_SHORT_HOSTS = frozenset({"vm.tiktok.com", "vt.tiktok.com"})


def video_id_in(link: str) -> tuple[str, str]:
    """Return the id of the video a link leads to, and, where there is none, "" and the reason in words.

    Knows the web's, the app's and the player's addresses on TikTok's hosts, with or without https://.
    """
    written = link.strip()
    try:
        parts = urlsplit(written if "://" in written else f"https://{written}")
        host = (parts.hostname or "").lower()
    except ValueError:
        return "", NO_ID
    if not _OURS.search(host):
        return "", NO_ID
    if host in _SHORT_HOSTS or parts.path.startswith("/t/"):
        return "", SHORT
    for path in _PATHS:
        if match := path.match(parts.path):
            return match["id"], ""
    query = parse_qs(parts.query)
    for name in _QUERY_NAMES:
        for value in query.get(name, []):
            if re.fullmatch(_ID, value):
                return value, ""
    return "", NO_ID


def handle_in(link: str) -> str:
    """Return the handle in the address of a profile or a video, lower case without "@"; "" for none."""
    match = re.search(r"tiktok\.com/@([A-Za-z0-9._]{1,24})(?:[/?#]|$)", link)
    return match[1].lower() if match else ""


def moment_in(video_id: str, *, now: datetime) -> datetime | None:
    """Return the second a video was made, in UTC, or None where its id tells none between 2014 and `now`.

    The upper 32 of an id's 64 bits are seconds since 1970. Source: measured against the dates of exports
    and of scrapers, which agree with it to the second or follow it by up to three minutes.
    """
    seconds = int(video_id) >> 32
    if not EARLIEST.timestamp() <= seconds <= now.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)
