"""Files as TikTok, its Studio and scrapers give them, made by code; the shapes follow real ones."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import openpyxl

MADE_AT = datetime(2025, 5, 10, 8, 30, 15, tzinfo=UTC)
"""When the first video of a test was made; `video_id` puts it into the id."""


def video_id(number: int = 0, *, made_at: datetime = MADE_AT) -> str:
    """Return an id that says when its video was made; `number` makes it another of the same second."""
    return str((int(made_at.timestamp()) << 32) + number)


def link_to(video: str, *, handle: str = "demo") -> str:
    """Return the address of a video on the web."""
    return f"https://www.tiktok.com/@{handle}/video/{video}"


# Studio ----------------------------------------------------------------------------------------------


def studio_csv(header: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> bytes:
    """Return a tab as Studio writes it: a byte order mark, every cell quoted, LF, no line end at the end."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n", delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + text.getvalue().rstrip("\n").encode()


OVERVIEW = ("Date", "Video Views", "Profile Views", "Likes", "Comments", "Shares")
CONTENT = (
    "Time", "Video title", "Video link", "Post time", "Total likes", "Total comments", "Total shares", "Total views",
)  # fmt: skip
VIEWERS = ("Date", "Total Viewers", "New Viewers", "Returning Viewers")
HISTORY = ("Date", "Followers", "Difference in followers from previous day")
ACTIVITY = ("Date", "Hour", "Active followers")
GENDER = ("Gender", "Distribution")
TERRITORIES = ("Top territories", "Distribution")


def content_row(video: str, *, title: str = "A lamp #lamp", **changes: str) -> tuple[str, ...]:
    """Return a row of Studio's Content."""
    cells = {
        "time": "May 12", "title": title, "link": link_to(video), "posted": "May 10", "likes": "1,204",
        "comments": "31", "shares": "7", "views": "45,210",
    } | changes  # fmt: skip
    return tuple(cells.values())


def xlsx(tabs: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """Return a workbook of tabs."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in tabs.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def zipped(files: Mapping[str, bytes], *, made_on: tuple[int, int, int] = (2025, 6, 1)) -> bytes:
    """Return a ZIP archive of files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(packed(name, made_on=made_on), content)
    return data.getvalue()


def packed(name: str, *, made_on: tuple[int, int, int] = (2025, 6, 1)) -> zipfile.ZipInfo:
    """Return what an archive says of a file in it."""
    entry = zipfile.ZipInfo(name, (*made_on, 12, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    """Return the archive with bytes of its first entry changed, in both places that tell of it."""
    local, central = data.index(b"PK\x03\x04") + offset - 2, data.index(b"PK\x01\x02") + offset
    changed = bytearray(data)
    for place in (local, central):
        changed[place : place + len(value)] = value
    return bytes(changed)


# Download your data ----------------------------------------------------------------------------------


def download_post(date: str = "2025-05-10 08:31:15", likes: str = "50", **changes: str) -> dict[str, Any]:
    """Return a post as the newest layout has it: every value a text, the link a signed one without an id."""
    return {
        "Date": date,
        "Link": "https://v16-webapp.tiktokcdn.com/abc/video/tos/x/?expire=1",
        "Likes": likes,
        "WhoCanView": "Public",
        "AllowComments": "Yes",
        "ContentDisclosure": "",
        "AIGeneratedContent": "No",
        "Sound": "original sound",
        "Location": "N/A",
        "Title": "N/A",
        "CoverImage": "https://p16.tiktokcdn.com/cover.jpg",
        "NumberOfCollections": "3",
    } | changes


def _profile(user_name: str, followers: int) -> dict[str, Any]:
    return {"ProfileMap": {"userName": user_name, "followerCount": followers, "likesReceived": "1,204"}}


_FANS = [
    {"Date": "2025-05-11 10:00:00", "UserName": "ana"},
    {"Date": "2025-05-12 10:00:00", "UserName": "bo"},
]
_WRITTEN = {
    "Comments": {"App": "TikTok", "CommentsList": [{"date": "2025-05-12 10:00:00", "comment": "Nice"}]}
}


def new_download(
    posts: Sequence[Mapping[str, Any]] = (), *, user_name: str = "demo", followers: int = 2
) -> dict[str, Any]:
    """Return the newest layout, with sections an import does not look at."""
    return {
        "Comment": _WRITTEN,
        "Direct Message": {
            "Direct Messages": {"ChatHistory": {"Chat History with ana:": [{"Content": "hi"}]}}
        },
        "Likes and Favorites": {"Favorite Videos": {"FavoriteVideoList": [{"Link": link_to(video_id(99))}]}},
        "Post": {
            "Posts": {"VideoList": list(posts)},
            "Recently Deleted Posts": {"PostList": [{"Date": "x"}]},
        },
        "Profile And Settings": {
            "Profile Info": _profile(user_name, followers),
            "Follower": {"App": "TikTok", "FansList": _FANS},
        },
        "TikTok Live": {"Go Live History": {"GoLiveList": None}},
        "Your Activity": {"Watch History": {"VideoList": [{"Date": "2025-05-10 08:31:15", "Link": "x"}]}},
    }


def middle_download(posts: Sequence[Mapping[str, Any]] = (), *, user_name: str = "demo") -> dict[str, Any]:
    """Return the layout in between."""
    return {
        "Your Activity": {"Follower": {"FansList": _FANS}, "Watch History": {"VideoList": [{"Date": "x"}]}},
        "Profile": {"Profile Info": _profile(user_name, 2)},
        "Post": {"Posts": {"VideoList": list(posts)}},
        "Comment": _WRITTEN,
        "Ads and data": {},
        "Tiktok Live": None,
    }


def old_download(posts: Sequence[Mapping[str, Any]] = (), *, user_name: str = "demo") -> dict[str, Any]:
    """Return the oldest layout."""
    return {
        "Activity": {
            "Follower List": {"FansList": _FANS},
            "Video Browsing History": {
                "VideoList": [{"Date": "2020-01-01 00:00:00", "Link": link_to(video_id(98))}]
            },
        },
        "Video": {"Videos": {"VideoList": list(posts)}},
        "Profile": {"Profile Information": _profile(user_name, 2)},
        "Comment": _WRITTEN,
    }


def as_json(value: object, *, indent: int | None = None) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()


# Scrapers --------------------------------------------------------------------------------------------


def apify_post(video: str, *, handle: str = "demo", **changes: Any) -> dict[str, Any]:
    """Return an item of Apify's TikTok scraper."""
    return {
        "id": video,
        "text": "A lamp #Lamp #home",
        "textLanguage": "en",
        "createTime": int(MADE_AT.timestamp()),
        "createTimeISO": "2025-05-10T08:30:15.000Z",
        "isAd": False,
        "authorMeta": {"id": "1", "name": handle, "fans": 10, "heart": 20},
        "musicMeta": {"musicName": "original sound", "musicAuthor": "demo", "musicOriginal": True},
        "webVideoUrl": link_to(video, handle=handle),
        "videoMeta": {"height": 1024, "width": 576, "duration": 15},
        "diggCount": 120,
        "shareCount": 4,
        "playCount": 5300,
        "collectCount": 9,
        "commentCount": 7,
        "hashtags": [{"name": "Lamp"}, {"name": "home"}],
        "isPinned": False,
    } | changes


def apify_comment(video: str, number: int = 1, *, handle: str = "demo", **changes: Any) -> dict[str, Any]:
    """Return an item of Apify's comments scraper."""
    return {
        "text": f"Where do I get it? {number}",
        "diggCount": 2,
        "replyCommentTotal": 0,
        "createTimeISO": "2025-05-11T09:00:00.000Z",
        "uniqueId": "ana",
        "videoWebUrl": link_to(video, handle=handle),
        "uid": "12",
        "cid": str(7_500_000_000_000_000_000 + number),
    } | changes


def yt_dlp_post(video: str, *, handle: str = "demo", **changes: Any) -> dict[str, Any]:
    """Return what yt-dlp writes of a video."""
    return {
        "id": video,
        "title": "A lamp #lamp",
        "description": "A lamp #lamp with all its words",
        "timestamp": int(MADE_AT.timestamp()),
        "view_count": 5300,
        "like_count": 120,
        "repost_count": 4,
        "comment_count": 7,
        "save_count": 9,
        "uploader": handle,
        "channel": "Demo & Co",
        "webpage_url": link_to(video, handle=handle),
        "duration": 15,
        "artists": ["demo"],
    } | changes


def web_post(video: str, *, handle: str = "demo", **changes: Any) -> dict[str, Any]:
    """Return an item as TikTok's web pages hold it."""
    return {
        "id": video,
        "desc": "A lamp #lamp",
        "createTime": int(MADE_AT.timestamp()),
        "author": {"uniqueId": handle},
        "stats": {"playCount": 5300, "diggCount": 120, "commentCount": 7, "shareCount": 4, "collectCount": 9},
        "statsV2": {"playCount": "5301", "diggCount": "120", "commentCount": "7", "shareCount": "4"},
    } | changes
