"""Texts made comparable: every character knows where it came from."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.guardrails.views import as_written, comparable, decoded, further_forms, put_together


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ana@example.com", "ana@example.com"),
        ("ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ana@example.com"),
        ("аnа@exаmple.com", "ana@example.com"),
        ("a\u200bna@e\u00adxample.com", "ana@example.com"),
        ("4️⃣2️⃣", "42"),
        ("٤٢ ৪২", "42 42"),
        ("Việt Nam đẹp", "Viet Nam dep"),
        ("𝗧𝗶𝘁𝗮𝗻", "Titan"),
        ("a\u00a0b\r\nc", "a b\n\nc"),
        ("Лампа", "Лампа"),
        ("größer", "großer"),
        ("", ""),
    ],
)
def test_make_comparable_undoes_how_it_is_dressed_up(written: str, read: str) -> None:
    assert comparable(written).text == read


def test_make_comparable_of_plain_text_is_the_text() -> None:
    assert comparable("plain text") == as_written("plain text")


@given(st.text(max_size=60))
def test_make_comparable_keeps_the_way_back(text: str) -> None:
    view = comparable(text)
    assert len(view.text) == len(view.starts) == len(view.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(view.starts, view.ends, strict=True))
    assert list(view.starts) == sorted(view.starts)


def test_find_the_way_back_covers_what_is_invisible_within() -> None:
    text = "to a\u200bna@example.com!"
    view = comparable(text)
    at = view.text.index("ana")
    assert view.span(at, len("ana@example.com")).of(text) == "a\u200bna@example.com"
    assert view.span(0, 0).of(text) == ""
    assert as_written("").span(0, 0).length == 0


def test_put_together_joins_letters_that_spaces_set_apart() -> None:
    text = "write a n a @ b . c o m now"
    view = put_together(comparable(text))
    assert view is not None
    assert view.text == "write ana@b.com now"
    assert view.span(view.text.index("ana"), 9).of(text) == "a n a @ b . c o m"
    assert put_together(comparable("a b c and no more")) is None
    assert [form.text for form in further_forms(comparable(text))] == ["write ana@b.com now"]


def test_decode_reads_base64_and_points_at_all_of_it() -> None:
    written = base64.b64encode(b"ana@example.com").decode()
    [view] = decoded(comparable(f"see {written}!"))
    assert view.text == "ana@example.com"
    assert view.span(0, 3).of(f"see {written}!") == written


@pytest.mark.parametrize(
    "text", ["abcdefghijklmnopqrst", "A" * 16, "aGk=", base64.b64encode(b"\x00" * 20).decode()]
)
def test_decode_what_is_no_text_reads_nothing(text: str) -> None:
    assert list(decoded(comparable(text))) == []


def test_decode_reads_twenty_pieces_and_no_more() -> None:
    piece = base64.b64encode(b"something to read").decode()
    assert len(list(further_forms(comparable(" ".join([piece] * 30))))) == 20
