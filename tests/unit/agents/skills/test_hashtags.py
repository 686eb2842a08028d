import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.skills.hashtags import (
    Hashtag,
    co_use,
    extract_hashtags,
    find_hashtags,
    is_topic_tag,
    is_word_character,
    normalise_hashtag,
)

HINDI = "\u0939\u093f\u0928\u094d\u0926\u0940"  # "हिन्दी": letters, vowel signs and a virama


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("no tags here", ()),
        ("#News about #Schweiz", ("news", "schweiz")),
        ("#one#two", ("one", "two")),
        ("##double", ("double",)),
        ("# alone", ()),
        ("#", ()),
        ("ends with #", ()),
        ("(#inside) '#quoted'", ("inside", "quoted")),
        ("#stop, #dot. #dash-ed", ("stop", "dot", "dash")),
        ("#under_score_ #_", ("under_score_", "_")),
        ("C#sharp a#b 1#2", ()),
        ("&#39; is an escape", ()),
        ("#2023 #24h", ("2023", "24h")),
        ("#Zürich #ÖBB #straße", ("zürich", "öbb", "straße")),
        ("#Cafe\u0301", ("caf\u00e9",)),
        ("#日本語タグ のあと", ("日本語タグ",)),
        (f"#{HINDI} word", (HINDI,)),
        ("#новости", ("новости",)),
        ("#love❤️you", ("love",)),
        ("🔥#hot🔥", ("hot",)),
        ("☕\ufe0f#tea 1\ufe0f\u20e3#one", ("tea", "one")),
        ("\uff03ＦＹＰ", ("fyp",)),
        ("#𝗧𝗶𝘁𝗮𝗻", ("titan",)),
        ("#می\u200cخواهم", ("میخواهم",)),
        ("#news #NEWS #News", ("news",)),
    ],
)
def test_extract_hashtags_from_text_gives_each_once_in_order(text: str, expected: tuple[str, ...]) -> None:
    assert extract_hashtags(text) == expected


def test_find_hashtags_gives_places_and_repeats() -> None:
    assert find_hashtags("A #b, 🙂 #B") == [Hashtag("b", 2, 2), Hashtag("b", 8, 2)]


def test_find_hashtags_counts_marks_into_the_length() -> None:
    # '#', 'e', combining acute
    assert find_hashtags("#e\u0301!") == [Hashtag("\u00e9", 0, 3)]


@given(st.text(st.sampled_from("#\uff03ab_1 ,\u0301\u200dÄ❤&"), max_size=30))
def test_find_hashtags_in_any_text_points_at_a_sign_and_its_tag(text: str) -> None:
    end = 0
    for found in find_hashtags(text):
        quote = text[found.offset : found.offset + found.length]
        assert quote[0] in "#\uff03"
        assert normalise_hashtag(quote) == found.tag != ""
        assert found.offset >= end
        end = found.offset + found.length


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("#News", "news"),
        ("  news ", "news"),
        ("##x", "x"),
        ("#", ""),
        ("", ""),
        ("\uff03ＦＹＰ", "fyp"),
        ("e\u0301", "\u00e9"),
        ("a\u200db", "ab"),
        ("ÖSTERREICH", "österreich"),
    ],
)
def test_normalise_hashtag_gives_one_spelling(raw: str, expected: str) -> None:
    assert normalise_hashtag(raw) == expected


@given(st.text())
def test_normalise_hashtag_twice_changes_nothing_more(raw: str) -> None:
    once = normalise_hashtag(raw)
    assert normalise_hashtag(once) == once


@given(st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=10))
def test_normalise_hashtag_does_not_tell_composed_from_decomposed(raw: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", raw), unicodedata.normalize("NFD", raw)
    assert normalise_hashtag(composed) == normalise_hashtag(decomposed)


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "fyp",
            "fy",
            "fyyy",
            "fypp",
            "fyp2023",
            "foryou",
            "foryoupage",
            "for_you",
            "4you",
            "fürdich",
            "fuerdich",
        ),
        *("viral", "viralvideo", "trending", "trend", "explorepage", "xyzbca", "tiktok", "tiktokdeutschland"),
        *("2023", "1", ""),
    ],
)
def test_is_topic_tag_for_pleas_and_numbers_is_false(tag: str) -> None:
    assert not is_topic_tag(tag)


@pytest.mark.parametrize(
    "tag", ["news", "schweiz", "24h", "forest", "fyodor", "zibtok", "trentino", "日本", "ki"]
)
def test_is_topic_tag_for_topics_is_true(tag: str) -> None:
    assert is_topic_tag(tag)


@pytest.mark.parametrize("character", ["a", "ß", "7", "_", "\u0301", "\u093f", "語"])
def test_is_word_character_for_letters_marks_and_digits_is_true(character: str) -> None:
    assert is_word_character(character)


@pytest.mark.parametrize("character", [" ", "-", "#", "🙂", "\u200d", ".", "\ufe0f", "\u20e3"])
def test_is_word_character_for_anything_else_is_false(character: str) -> None:
    assert not is_word_character(character)


def test_co_use_counts_posts_per_pair_in_alphabetical_order() -> None:
    posts = [("tea", "cup", "pot"), ("cup", "tea"), ("tea",), ()]
    assert co_use(posts) == {("cup", "tea"): 2, ("cup", "pot"): 1, ("pot", "tea"): 1}


def test_co_use_counts_a_repeated_tag_once_in_a_post() -> None:
    assert co_use([("tea", "tea", "cup", "cup")]) == {("cup", "tea"): 1}


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=5), max_size=6))
def test_co_use_never_exceeds_the_posts_of_either_tag(posts: list[list[str]]) -> None:
    for (left, right), count in co_use(posts).items():
        assert left < right
        assert count == sum(left in tags and right in tags for tags in posts)


@pytest.mark.parametrize("raw", ["# 0", "#\u200d#0", "\u200d #0 ", " # #0"])
def test_normalise_hashtag_with_signs_and_space_mixed_leaves_the_tag(raw: str) -> None:
    assert normalise_hashtag(raw) == "0"
