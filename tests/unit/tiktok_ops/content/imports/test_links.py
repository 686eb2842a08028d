"""What an address tells: the video's id, the second it was made, whose it is."""

from datetime import UTC, datetime

import pytest

from tests.factories.exports import MADE_AT, video_id
from tests.unit.tiktok_ops.content.imports.files import NOW
from tiktok_ops.content.imports.links import NO_ID, SHORT, handle_in, moment_in, video_id_in

ID = "7469012345678901234"


@pytest.mark.parametrize(
    "link",
    [
        f"https://www.tiktok.com/@demo/video/{ID}",
        f"https://www.tiktok.com/@demo/video/{ID}?lang=en&q=a#b",
        f"http://tiktok.com/@demo/photo/{ID}/",
        f"www.tiktok.com/@/video/{ID}",
        f" https://m.tiktok.com/v/{ID}.html?u_code=1 ",
        f"https://www.tiktokv.com/share/video/{ID}/",
        f"https://www.tiktok.com/embed/v2/{ID}",
        f"https://www.tiktok.com/player/v1/{ID}",
        f"https://www.tiktok.com/foryou?item_id={ID}",
        f"https://m.tiktok.com/x?a=1&share_item_id={ID}",
        f"https://www.tiktokv.eu/share/video/{ID}",
    ],
)
def test_read_link_of_any_kind_gives_the_id(link: str) -> None:
    assert video_id_in(link) == (ID, "")


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("https://vm.tiktok.com/ZMabc/", SHORT),
        ("vt.tiktok.com/ZSabc", SHORT),
        ("https://www.tiktok.com/t/ZTabc/", SHORT),
        ("https://www.tiktok.com/@demo", NO_ID),
        (f"https://www.tiktok.com.evil.example/@demo/video/{ID}", NO_ID),
        (f"https://notatiktok.com/@demo/video/{ID}", NO_ID),
        (f"https://v16-webapp.tiktokcdn.com/{ID}/video/tos", NO_ID),
        ("https://www.tiktok.com/@demo/video/12", NO_ID),
        ("https://[bad/@demo", NO_ID),
        ("https://www.tiktok.com/foryou?item_id=x", NO_ID),
        ("https://www.tiktok.com/@demo/video/٧٤٦٩٠١٢٣٤٥٦٧٨٩٠١٢٣٤", NO_ID),
        ("", NO_ID),
    ],
)
def test_read_link_without_an_id_says_why(link: str, why: str) -> None:
    assert video_id_in(link) == ("", why)


@pytest.mark.parametrize(
    ("link", "handle"),
    [
        (f"https://www.tiktok.com/@Demo.x_1/video/{ID}", "demo.x_1"),
        ("tiktok.com/@demo?lang=en", "demo"),
        ("https://www.tiktok.com/@demo", "demo"),
        ("https://www.tiktok.com/@/video/1", ""),
        ("", ""),
    ],
)
def test_read_handle_in_a_link_gives_it_in_small_letters(link: str, handle: str) -> None:
    assert handle_in(link) == handle


def test_read_moment_in_an_id_gives_the_second_the_video_was_made() -> None:
    # 2025-10-08 02:39 UTC: measured on a real export, which prints "October 7" for it.
    made_at = datetime(2025, 10, 8, 2, 39, 0, tzinfo=UTC)
    assert moment_in(video_id(5, made_at=made_at), now=made_at) == made_at
    assert moment_in(video_id(5), now=NOW) == MADE_AT
    assert moment_in("7000000000000000001", now=NOW) == datetime.fromtimestamp(1629814505, UTC)


@pytest.mark.parametrize("number", ["1", "123456789012345", "9" * 20])
def test_read_moment_in_an_id_that_tells_none_gives_nothing(number: str) -> None:
    assert moment_in(number, now=NOW) is None
