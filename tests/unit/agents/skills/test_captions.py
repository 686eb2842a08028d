import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.skills.captions import (
    CAPTION_MAX_UTF16,
    STOP_WORDS,
    Span,
    any_of,
    find_phrase,
    fold,
    is_invisible,
    overflow_offset,
    phrase_pattern,
    terms,
    utf16_length,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
tricky = st.text(st.sampled_from("aAäÄßﬁＡ𝐀\u0308\u200b\u00ad \n\tİ1%🙂\ufe0f"), max_size=20)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", 0),
        ("abc", 3),
        ("äöü", 3),
        ("🙂", 2),
        ("❤\ufe0f", 2),
        ("👨\u200d👩", 5),  # 2 + 1 + 2
        ("𝐀b", 3),
        ("\uffff", 1),
        ("\U00010000", 2),
        ("\ud83d", 1),  # half a pair, as broken files have it
    ],
)
def test_utf16_length_counts_code_units(text: str, units: int) -> None:
    assert utf16_length(text) == units


@given(texts)
def test_utf16_length_of_any_text_is_half_its_encoded_bytes(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


def test_overflow_offset_at_the_limit_is_none() -> None:
    assert overflow_offset("x" * CAPTION_MAX_UTF16) is None
    assert overflow_offset("🙂" * (CAPTION_MAX_UTF16 // 2)) is None


def test_overflow_offset_one_past_the_limit_is_the_last_character() -> None:
    assert overflow_offset("x" * 2_201) == 2_200


def test_overflow_offset_of_an_emoji_across_the_limit_is_that_emoji() -> None:
    # 2,199 units before it, 2 of its own: 2,201
    assert overflow_offset("x" * 2_199 + "🙂y") == 2_199


def test_overflow_offset_counts_to_another_limit() -> None:
    # a🙂 is 3 units, b the fourth
    assert overflow_offset("a🙂b", limit=4) is None
    assert overflow_offset("a🙂b", limit=3) == 2
    assert overflow_offset("a🙂b", limit=2) == 1
    assert overflow_offset("a", limit=0) == 0


@given(texts, st.integers(min_value=0, max_value=60))
def test_overflow_offset_splits_a_text_where_one_more_would_not_fit(text: str, limit: int) -> None:
    offset = overflow_offset(text, limit=limit)
    if offset is None:
        assert utf16_length(text) <= limit
    else:
        assert utf16_length(text[:offset]) <= limit < utf16_length(text[: offset + 1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("Schnee überrascht Autofahrer", ("schnee", "überrascht", "autofahrer")),
        ("tea, Tea & TEA!", ("tea", "tea", "tea")),
        ("Das ist ein Test, and this is one too", ("test",)),
        ("news #news about @blick.ch and mail me@blick.ch", ("news", "mail")),
        ("see https://blick.ch/x?y=tea or www.zib.at/tee now", ("see",)),
        ("#nur #tags", ()),
        ("1 2023 4.5 100% 3rd G20 covid19", ("3rd", "g20", "covid19")),
        ("🙂 ❤\ufe0f 🇨🇭", ()),
        ("x y KI", ("ki",)),
        ("U-Boot Titanic-Wrack", ("boot", "titanic", "wrack")),
        ("Rock'n'Roll l’été 'quoted' don’t", ("rock'n'roll", "l'été", "quoted")),
        ("Cafe\u0301 CAFÉ", ("café", "café")),
        ("𝗧𝗶𝘁𝗮𝗻 ＴＩＴＡＮ", ("titan", "titan")),
        ("STRASSE Straße", ("strasse", "straße")),
        ("हिन्दी शब्द", ("हिन्दी", "शब्द")),
        ("под водой", ("под", "водой")),
        ("snake_case __init__", ("snake_case", "init")),
        ("Video von Unfall, ein Bericht", ("unfall",)),
    ],
)
def test_terms_of_a_caption_are_its_words_in_order(text: str, expected: tuple[str, ...]) -> None:
    assert terms(text) == expected


@given(texts)
def test_terms_of_any_text_are_lower_case_words_worth_counting(text: str) -> None:
    for term in terms(text):
        assert len(term) > 1
        assert term not in STOP_WORDS
        assert not set(term) & set(" \n#@.,!?")
        assert any(character.isalpha() for character in term)


@given(texts)
def test_terms_do_not_tell_composed_from_decomposed_text(text: str) -> None:
    assert terms(unicodedata.normalize("NFC", text)) == terms(unicodedata.normalize("NFD", text))


def test_stop_words_are_lower_case_and_cover_both_languages() -> None:
    assert all(word == word.lower() for word in STOP_WORDS)
    assert {"the", "and", "und", "für", "nicht"} <= STOP_WORDS


def test_span_knows_its_end_and_its_text() -> None:
    span = Span(2, 3)
    assert span.end == 5
    assert span.of("abcdefg") == "cde"
    assert Span(1, 9) < Span(2, 1)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("Heilt KREBS", "heilt krebs"),
        ("a \t\n b", "a b"),
        ("a\u00a0b", "a b"),
        ("Straße", "strasse"),
        ("ﬁn", "fin"),
        ("𝐂𝐮𝐫𝐞 Ｔｅａ", "cure tea"),
        ("c\u200bu\u00adre", "cure"),
        ("a \u200b b", "a b"),
        ("u\u0308ber über", "über über"),
        ("cu\u034fre", "cure"),
        ("\u202ecure\u202c", "cure"),
        ("½", "1⁄2"),
    ],
)
def test_fold_removes_what_a_reader_does_not_see(text: str, folded: str) -> None:
    assert fold(text).text == folded


@given(st.one_of(texts, tricky))
def test_fold_of_any_text_keeps_a_place_for_each_letter(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.spans)
    assert all(0 <= span.offset < span.end <= len(text) for span in folded.spans)
    assert list(folded.spans) == sorted(folded.spans)
    assert "  " not in folded.text


@given(st.text(st.sampled_from("abcxyz äöüÄÖÜß\u00e9ÉİŻ"), max_size=20))
def test_fold_of_folded_text_changes_nothing_more(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


def test_fold_find_gives_places_in_the_original() -> None:
    text = "Die  Straße\u200b heilt"
    spans = fold(text).find(re.compile("strasse heilt"))
    assert [span.of(text) for span in spans] == ["Straße\u200b heilt"]
    assert spans == [Span(5, 13)]


def test_fold_find_of_half_a_letter_gives_the_whole_letter() -> None:
    # "ß" folds to "ss"; a match of one s still points at the ß
    assert fold("Maß").find(re.compile("s$")) == [Span(2, 1)]


def test_fold_find_ignores_empty_matches() -> None:
    assert fold("abc").find(re.compile("x*")) == []


@pytest.mark.parametrize(
    ("text", "phrase", "quotes"),
    [
        ("It cures everything.", "cures everything", ["cures everything"]),
        ("CURES\n\tEVERYTHING", "cures everything", ["CURES\n\tEVERYTHING"]),
        ("cures everything", "  Cures   Everything ", ["cures everything"]),
        ("cures everythingX", "cures everything", []),
        ("Xcures everything", "cures everything", []),
        ("cures, everything", "cures everything", []),
        ("best! best? bestest", "best", ["best", "best"]),
        ("100% safe, 100 % safe", "100%", ["100%"]),
        ("die (beste) Wahl", "(beste)", ["(beste)"]),
        ("GROSSE Größe große", "große", ["GROSSE", "große"]),
        ("a.b axb", "a.b", ["a.b"]),
        ("𝐜𝐮𝐫𝐞𝐬 now", "cures", ["𝐜𝐮𝐫𝐞𝐬"]),
        ("cu\u200bres now", "cures", ["cu\u200bres"]),
        ("Schu\u0308ler", "schüler", ["Schu\u0308ler"]),
        ("schon schön", "schon", ["schon"]),
        ("🙂cures🙂", "cures", ["cures"]),
        ("anything", "", []),
        ("anything", " \u200b\n", []),
        ("", "cures", []),
    ],
)
def test_find_phrase_finds_whole_words_whatever_their_dress(
    text: str, phrase: str, quotes: list[str]
) -> None:
    assert [span.of(text) for span in find_phrase(text, phrase)] == quotes


@given(st.one_of(texts, tricky), st.one_of(texts, tricky))
def test_find_phrase_in_any_text_quotes_something_that_folds_to_the_phrase(text: str, phrase: str) -> None:
    for span in find_phrase(f"{text} {phrase} {text}", phrase):
        quote = span.of(f"{text} {phrase} {text}")
        assert fold(phrase).text.strip() in fold(quote).text


@given(texts)
def test_find_phrase_finds_a_plain_phrase_between_any_texts(text: str) -> None:
    assert Span(len(text) + 1, 15) in find_phrase(f"{text} totally certain {text}", "Totally  CERTAIN")


def test_phrase_pattern_of_no_words_is_none() -> None:
    assert phrase_pattern("\u200b ") is None


def test_any_of_matches_each_and_prefers_the_first() -> None:
    pattern = any_of("ab|x", "abc")
    assert [match.group() for match in pattern.finditer("abc x")] == ["ab", "x"]


@pytest.mark.parametrize(
    "character", ["\u200b", "\u00ad", "\u202e", "\u2066", "\ufeff", "\u034f", "\u3164", "\ufe0f"]
)
def test_is_invisible_for_format_and_ignorable_characters_is_true(character: str) -> None:
    assert is_invisible(character)


@pytest.mark.parametrize("character", ["a", " ", "\n", "\u0308", "🙂", "-"])
def test_is_invisible_for_what_shows_or_spaces_is_false(character: str) -> None:
    assert not is_invisible(character)


def test_find_phrase_gives_every_place_left_to_right() -> None:
    text = "Tea, TEA and 𝐭𝐞𝐚"
    assert find_phrase(text, "tea") == [Span(0, 3), Span(5, 3), Span(13, 3)]


def test_find_phrase_across_lines_counts_all_white_space_between() -> None:
    # "best", three characters of white space, "tea"
    assert find_phrase("the best \r\ntea", "best tea") == [Span(4, 10)]


@pytest.mark.parametrize(
    ("phrase", "folded_text", "matches"),
    [
        ("tea", "tea", True),
        ("tea", "teas", False),
        ("tea", "steal", False),
        ("tea!", "tea!!", True),
        ("#tea", "x#tea", True),
        ("50 €", "50 €x", True),
        ("50 €", "150 €", False),
        ("c++", "c+++", True),
    ],
)
def test_phrase_pattern_keeps_to_whole_words_where_the_phrase_has_letters(
    phrase: str, folded_text: str, matches: bool
) -> None:
    pattern = phrase_pattern(phrase)
    assert pattern is not None
    assert bool(pattern.search(folded_text)) == matches
