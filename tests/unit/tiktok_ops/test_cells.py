"""What cells show: escaped, readable, and nothing hidden in it."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tiktok_ops.cells import (
    EMPTY,
    badge,
    folded,
    json_block,
    link,
    megabytes,
    milliseconds,
    mode_cell,
    moment,
    percent,
    progress_cell,
    shortened,
    status_badge,
    usd,
    visible,
    whole,
)

HOSTILE = "<script>alert(1)</script>"


def test_show_badge_of_hostile_text_is_escaped() -> None:
    assert badge(HOSTILE, "good") == (
        '<span class="ops-badge ops-badge-good">&lt;script&gt;alert(1)&lt;/script&gt;</span>'
    )


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        ("succeeded", "good", "Succeeded"),
        ("failed", "bad", "Failed"),
        ("queued", "neutral", "Queued"),
        ("live", "bad", "Live"),
        ("never_heard_of", "neutral", "Never heard of"),
    ],
)
def test_show_status_has_its_colour_and_reads_as_words(status: str, kind: str, text: str) -> None:
    assert status_badge(status) == badge(text, kind)


def test_show_link_of_hostile_text_is_escaped() -> None:
    assert link(HOSTILE, '/a/"b') == (
        '<a class="ops-link" href="/a/&quot;b">&lt;script&gt;alert(1)&lt;/script&gt;</a>'
    )


def test_show_moment_of_another_zone_is_in_utc() -> None:
    at = datetime(2026, 11, 18, 16, 2, tzinfo=timezone(timedelta(hours=2)))
    assert ">18 Nov 2026, 14:02 UTC</time>" in moment(at)


def test_show_moment_to_the_second_where_the_order_matters() -> None:
    at = datetime(2026, 11, 18, 14, 2, 7, tzinfo=UTC)
    assert ">18 Nov 2026, 14:02:07 UTC</time>" in moment(at, to_the_second=True)


def test_show_progress_as_a_bar_and_in_words() -> None:
    assert 'max="4" value="1"' in progress_cell(1, 4, "1 of 4")
    assert progress_cell(0, 0, "<b>").endswith("</progress> &lt;b&gt;")
    assert 'max="1" value="0"' in progress_cell(0, 0, "")


def test_show_mode_of_a_dry_run_says_so() -> None:
    assert "Dry run" not in mode_cell("sandbox", is_dry_run=False)
    assert "Dry run" in mode_cell("sandbox", is_dry_run=True)


def test_show_moment_that_never_was_is_a_dash() -> None:
    assert moment(None) == EMPTY


def test_show_moment_keeps_its_exact_time_for_machines() -> None:
    assert 'datetime="2026-01-02T03:04:05+00:00"' in moment(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1_234_567, "1,234,567"), (None, EMPTY)]
)
def test_show_whole_number_sets_thousands_apart(number: int | None, text: str) -> None:
    assert whole(number) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0.0 %"), (0.0417, "4.2 %"), (1.0, "100.0 %"), (None, EMPTY)]
)
def test_show_percent_has_one_decimal(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("latency_ms", "text"),
    [(0, "0 ms"), (999, "999 ms"), (1_000, "1.0 s"), (61_240, "61.2 s"), (None, EMPTY)],
)
def test_show_latency_turns_to_seconds_at_one(latency_ms: int | None, text: str) -> None:
    assert milliseconds(latency_ms) == text


def test_show_money_nobody_paid_says_so() -> None:
    assert usd(Decimal("0.000276"), is_simulated=True) == f"$0.000276 {badge('simulated', 'info')}"


def test_show_money_paid_says_nothing_more() -> None:
    assert usd(Decimal("1.5"), is_simulated=False) == "$1.500000"


@pytest.mark.parametrize(
    "hidden",
    ["\u202e", "\u202a", "\u2066", "\u2069", "\u200b", "\u200f", "\ufeff", "\x00", "\x1b", "\x7f", "\x9b"],
)
def test_show_text_with_a_hidden_character_writes_it_out(hidden: str) -> None:
    assert visible(f"a{hidden}b") == f"a[U+{ord(hidden):04X}]b"


@pytest.mark.parametrize("text", ["Zürich", "日本語", "مرحبا", "👩‍👩‍👧", "a\nb\tc"])
def test_show_ordinary_text_leaves_it_alone(text: str) -> None:
    assert visible(text) == text


def test_shorten_long_text_fits_on_one_line() -> None:
    text = shortened("word\n" * 50, chars=20)
    assert text == "word word word word…"
    assert len(text) <= 20


def test_shorten_short_text_keeps_it() -> None:
    assert shortened("  one\n two ", chars=7) == "one two"


def test_shorten_writes_hidden_characters_out() -> None:
    assert shortened("\u202eabc") == "[U+202E]abc"


def test_show_json_is_escaped_indented_and_sorted() -> None:
    block = json_block({"b": HOSTILE, "a": ["ü", "\u202e"]})
    assert "<script>" not in block
    assert block.index("&quot;a&quot;") < block.index("&quot;b&quot;")
    assert "ü" in block
    assert "[U+202E]" in block


def test_show_json_that_is_none_is_a_dash() -> None:
    assert json_block(None) == EMPTY


def test_fold_content_escapes_what_is_no_markup() -> None:
    assert folded("More", HOSTILE).endswith("&lt;script&gt;alert(1)&lt;/script&gt;</details>")
    assert folded("More", badge("x")).endswith(f"<summary>More</summary>{badge('x')}</details>")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0.0 kB"),
        (99_949, "99.9 kB"),
        (100_000, "0.1 MB"),
        (3_211_222, "3.2 MB"),
        (4_294_967_296, "4,295.0 MB"),
    ],
)
def test_show_size_of_a_file_is_in_megabytes(size: int, text: str) -> None:
    assert megabytes(size) == text
