"""Hashtags: finding them in text, one spelling for each, and which are used together.

Source: Unicode Standard Annex 31, section "Hashtag Identifiers" (R8 with the default profile): a `#`
that does not follow a word character, then letters, marks, digits, `_` and the two joiners. Unlike
there, a tag may follow a tag without a space ("#one#two"), as people write them.
Limits: TikTok has not published its own rule; a tag here ends at an emoji, and tags of digits alone
("#2023") count as tags, as they do in the app.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

_AROUND = re.compile(r"^[#\s]+|\s+$")
_SIGN = re.compile("[#\uff03]")  # the number sign and its full-width form
_VARIATION_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_JOINERS = "\u200c\u200d"  # needed inside words of Persian, Hindi and others

# Tags that ask for reach and name no topic, in the spellings seen most.
_REACH_TAG = re.compile(
    r"(?:fy+|fyp+\w*|for_?you\w*|for_?u|4u|4you\w*|f[üu]e?r_?dich\w*|viral\w*|goviral"
    r"|trend(?:s|ing|y)?|explore\w*|xyz\w*|tik_?tok\w*|parati|pourtoi|perte|neiperte)"
)


@dataclass(frozen=True, slots=True)
class Hashtag:
    """One hashtag where it stands: `tag` is normalised; offset and length, in characters, include `#`."""

    tag: str
    offset: int
    length: int


def is_word_character(character: str) -> bool:
    """Tell whether a character may stand inside a word or hashtag: letter, mark, digit or `_`.

    Marks are included because `str.isalnum` refuses them, and Hindi or Thai words are made of them;
    those that dress up emoji (variation selectors, the keycap) are not.
    """
    if character.isalnum() or character == "_":
        return True
    return unicodedata.category(character) in ("Mn", "Mc") and not _VARIATION_SELECTOR.match(character)


def normalise_hashtag(raw: str) -> str:
    """Return one spelling of a tag: NFKC, lower case, without `#`, joiners and surrounding space.

    "＃ＦＹＰ" and "#fyp" are the same tag. An empty string means that there was no tag.
    """
    text = unicodedata.normalize("NFKC", raw).translate({ord(joiner): None for joiner in _JOINERS})
    # Lower-casing can leave a decomposed letter behind (the Turkish İ), so compose once more.
    return unicodedata.normalize("NFC", _AROUND.sub("", text).lower())


def find_hashtags(text: str) -> list[Hashtag]:
    """Return the hashtags of a text in the order they stand there, repeats included."""
    found: list[Hashtag] = []
    for match in _SIGN.finditer(text):
        start = match.start()
        follows_tag = bool(found) and start == found[-1].offset + found[-1].length
        if follows_tag or not _sticks_to_word(text, start):
            end = _tag_end(text, start)
            tag = normalise_hashtag(text[start:end])
            if tag:
                found.append(Hashtag(tag, start, end - start))
    return found


def _sticks_to_word(text: str, start: int) -> bool:
    before = text[start - 1] if start else " "
    return is_word_character(before) or before == "&"  # "&#39;" is an escaped apostrophe


def _tag_end(text: str, start: int) -> int:
    end = start + 1
    while end < len(text) and (is_word_character(text[end]) or text[end] in _JOINERS):
        end += 1
    return end


def extract_hashtags(text: str) -> tuple[str, ...]:
    """Return the distinct normalised tags of a text, in the order they were written."""
    return tuple(dict.fromkeys(found.tag for found in find_hashtags(text)))


def is_topic_tag(tag: str) -> bool:
    """Tell whether a normalised tag names a topic: not a plea for reach (#fyp) and not digits alone."""
    return bool(tag) and not tag.isdecimal() and not _REACH_TAG.fullmatch(tag)


def co_use(posts: Iterable[Iterable[str]]) -> Counter[tuple[str, str]]:
    """Count, for each pair of tags in alphabetical order, the posts that carry both.

    A tag repeated within a post counts once. A plain co-occurrence count: its Jaccard form is
    `co / (posts of a + posts of b - co)`.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for tags in posts:
        pairs.update(combinations(sorted(set(tags)), 2))
    return pairs
