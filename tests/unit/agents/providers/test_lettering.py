"""Letters without a text library."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.providers.lettering import ROWS, Bitmap, Undrawable, doubled, draw, spell, width_of, wrap


def art(bitmap: Bitmap) -> list[str]:
    return ["".join(".#"[ink] for ink in row) for row in bitmap]


def bits(*rows: str) -> Bitmap:
    return tuple(bytes(".#".index(sign) for sign in row) for row in rows)


def test_draw_a_letter_as_it_is_written() -> None:
    assert art(draw("T", doublings=0)) == [
        "......",
        "......",
        "#####.",
        "..#...",
        "..#...",
        "..#...",
        "..#...",
        "..#...",
        "..#...",
        "......",
    ]


def test_draw_a_letter_below_the_line_and_cut_to_its_ink() -> None:
    assert art(draw("j", doublings=0)) == [
        ".....",
        ".....",
        "...#.",
        ".....",
        "..##.",
        "...#.",
        "...#.",
        "...#.",
        "#..#.",
        ".##..",
    ]
    assert (width_of("j"), width_of("m"), width_of(" ")) == (5, 6, 4)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Ü", [".#.#..", "......", "#...#."]),
        ("ü", ["......", ".#.#..", "......"]),
        ("É", ["...#..", "..#...", "#####."]),
    ],
)
def test_draw_accents_above_capitals_and_lower_above_small_letters(text: str, rows: list[str]) -> None:
    assert art(draw(spell(text), doublings=0))[:3] == rows


def test_draw_an_accented_i_without_its_dot() -> None:
    assert art(draw("i", doublings=0))[:5] == ["....", "....", ".#..", "....", "##.."]
    assert art(draw(spell("î"), doublings=0))[:5] == ["....", ".#..", "#.#.", "....", "##.."]


def test_draw_an_accent_without_a_letter_as_nothing() -> None:
    assert width_of("\u0301") == 0


def test_draw_a_cedilla_below() -> None:
    assert art(draw(spell("ç"), doublings=0))[-1] == "..#..."


def test_draw_a_row_as_high_as_its_doublings_say() -> None:
    for doublings in (0, 1, 3):
        drawn = draw("Ab c", doublings=doublings)
        assert len(drawn) == ROWS << doublings
        assert {len(row) for row in drawn} == {width_of("Ab c") << doublings}


def test_draw_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no letter to draw"):
        draw("", doublings=1)


@pytest.mark.parametrize(
    ("small", "large"),
    [
        (("#.", ".#"), ["##..", "###.", ".###", "..##"]),  # the gap of a diagonal is closed
        (("....", ".##.", ".##.", "...."), ["........"] * 2 + ["...##...", "..####.."]),  # corners are cut
        (("###", "###", "###"), [".####.", "######", "######"]),
        (("...", "###", "..."), ["......", "......", "######"]),  # straight lines stay straight
        (("...",), ["......", "......"]),
    ],
)
def test_doubled_smooths_stairs_and_keeps_lines(small: tuple[str, ...], large: list[str]) -> None:
    assert art(doubled(bits(*small)))[: len(large)] == large
    assert len(doubled(bits(*small))) == 2 * len(small)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("  two\n words ", "two words"),
        ("“Hi” – it’s…", '"Hi" - it\'s...'),
        ("Straße 5 €", "Straße 5 €"),
        ("smørrebrød, cœur, Łódź", unicodedata.normalize("NFKD", "smorrebrod, coeur, Lódź")),
        ("ﬁve 𝐛old", "five bold"),
        ("hot ☕ tea 🍵", "hot tea"),
        ("a\u202eb\u200bc", "abc"),
        ("Nguyễn", unicodedata.normalize("NFKD", "Nguyễn")),
        ("🍵", ""),
    ],
)
def test_spell_keeps_what_can_be_drawn(text: str, spelled: str) -> None:
    assert spell(text) == spelled


@pytest.mark.parametrize("letter", ["ж", "茶", "ع", "क"])
def test_spell_a_letter_of_another_script_names_it(letter: str) -> None:
    with pytest.raises(
        Undrawable, match=f"The letter '{letter}' cannot be drawn.*upload a video of your own"
    ):
        spell(f"tea {letter}")


@given(st.text(st.characters(max_codepoint=0x24F), max_size=30))
def test_spell_whatever_is_latin_draws_it_or_says_why_not(text: str) -> None:
    try:
        spelled = spell(text)
    except Undrawable:
        return
    assert spell(spelled) == spelled
    assert width_of(spelled) == (len(draw(spelled, doublings=0)[0]) if width_of(spelled) else 0)


def test_wrap_breaks_between_words_only_where_it_must() -> None:
    text = "one two three"
    assert wrap(text, columns=width_of(text)) == [text]
    assert wrap(text, columns=width_of(text) - 1) == ["one two", "three"]
    assert wrap(text, columns=width_of("three")) == ["one", "two", "three"]
    assert wrap(text, columns=width_of("three") - 1) is None
    assert wrap("", columns=10) == []
