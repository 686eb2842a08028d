"""Captions: how long they are for TikTok, which words they hold, and finding phrases in them.

Offsets and lengths are Python characters (code points) of the text as it was written.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise

from agents.skills.hashtags import find_hashtags, is_word_character

CAPTION_MAX_UTF16 = 2_200
"""TikTok, Content Posting API, `post_info.title` of a video: at most 2,200 UTF-16 units."""

# The commonest words of the two languages we know: articles, pronouns, prepositions, auxiliaries.
# They carry no topic. Other languages keep theirs, which only makes their terms noisier.
_ENGLISH_AND_GERMAN = """
    a about after again all also am an and any are as at be because been before being but by can could
    did do does doing don't down during each even ever every few for from get gets go got had has have
    he her here hers him his how i i'm if in into is isn't it it's its just let like may me more most my
    no nor not now of off on once one only or other our out over own re s same she should so some still
    such t than that that's the their them then there these they this those through to too under until
    up us very was way we were what when where which while who whom why will with would you your
    ab aber alle allem allen aller alles als also am an ander andere anderen anderer auch auf aus bei
    beim bin bis bist da dabei damit dann das dass daß dein deine dem den denn der des dich die dies
    diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er erst es
    etwas euch euer eure für gegen gibt habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen
    ihr ihre ihrem ihren ihrer im immer ins ist ja jede jedem jeden jeder jedes jetzt kann kein keine
    keinen können könnte machen macht man mehr mein meine mich mir mit muss müssen nach nicht nichts
    noch nun nur ob oder ohne sehr sein seine seinem seinen seiner seit sich sie sind so soll sollen
    sollte sondern um und uns unser unsere unter viel vom von vor war waren warum was wegen weil welche
    wenn wer werden wie wieder will wir wird wo wollen wurde wurden während zu zum zur zwischen über
    finden findet geht gehen kommt kommen sagt sagen nachdem innen sorgt
"""
_FORM_NOT_TOPIC = "beitrag bericht clip clips post posts reportage video videos"
STOP_WORDS = frozenset(f"{_ENGLISH_AND_GERMAN} {_FORM_NOT_TOPIC}".split())

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_MENTION_OR_MAIL = re.compile(r"(?<!\S)\S*[@\uff20]\S+")
_APOSTROPHES = "'’ʼ"

# Characters that Unicode marks "default ignorable" (DerivedCoreProperties.txt) beside category Cf:
# they take no room on the screen, so a phrase with one inside still reads as that phrase.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a text: `text[offset:offset + length]`."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        """The offset just behind the stretch."""
        return self.offset + self.length

    def of(self, text: str) -> str:
        """Return the characters of this stretch."""
        return text[self.offset : self.end]


def utf16_length(text: str) -> int:
    """Return the length as TikTok counts it: UTF-16 code units, so an emoji beyond U+FFFF counts 2.

    Source: TikTok, Content Posting API; the Unicode Standard, section 3.9, D91.
    """
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def overflow_offset(text: str, *, limit: int = CAPTION_MAX_UTF16) -> int | None:
    """Return the offset of the first character that does not fit into `limit` UTF-16 units, or None."""
    used = 0
    for offset, character in enumerate(text):
        used += utf16_length(character)
        if used > limit:
            return offset
    return None


def terms(text: str) -> tuple[str, ...]:
    """Return the words of a caption that may carry its topic, lower case, in order, repeats included.

    Left out: hashtags, mentions, e-mail addresses, links, words without a letter (numbers, emoji),
    words of one letter, and the stop words of English and German. Words are runs of letters, marks
    and digits, as in Unicode Annex 29 but simpler: hyphens split, an apostrophe inside a word does
    not. Compatibility forms are folded (NFKC), so "𝗧𝗶𝘁𝗮𝗻" is "titan".
    Limits: no stemming ("wahl" and "wahlen" differ), and scripts without spaces (Chinese, Thai)
    give one long term per run.
    """
    plain = _without_tags(_MENTION_OR_MAIL.sub(" ", _LINK.sub(" ", text)))
    return tuple(word for word in _words(unicodedata.normalize("NFKC", plain).lower()) if _is_term(word))


def _without_tags(text: str) -> str:
    for found in reversed(find_hashtags(text)):
        text = text[: found.offset] + " " + text[found.offset + found.length :]
    return text


def _words(text: str) -> list[str]:
    runs = groupby(unicodedata.normalize("NFC", text), key=_belongs_to_word)
    return [
        "".join(run).translate({ord("’"): "'", ord("ʼ"): "'"}).strip("'_") for inside, run in runs if inside
    ]


def _belongs_to_word(character: str) -> bool:
    return is_word_character(character) or character in _APOSTROPHES


def _is_term(word: str) -> bool:
    return len(word) > 1 and word not in STOP_WORDS and any(character.isalpha() for character in word)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text made comparable, with the way back: `spans[i]` is where `text[i]` came from."""

    text: str
    spans: tuple[Span, ...]

    def find(self, pattern: re.Pattern[str]) -> list[Span]:
        """Return where a pattern matches, as stretches of the original text, left to right."""
        return [self._original(match) for match in pattern.finditer(self.text) if match.group()]

    def _original(self, match: re.Match[str]) -> Span:
        first, last = self.spans[match.start()], self.spans[match.end() - 1]
        return Span(first.offset, last.end - first.offset)


@lru_cache(maxsize=4)  # rule after rule asks for the same text
def fold(text: str) -> Folded:
    """Return a text without the differences a reader does not see, for matching phrases.

    Each letter with its marks becomes NFKC of its case-folded form ("Ｓ" and "𝐒" are "s", "ß" is
    "ss"), a run of white space becomes one space, invisible characters vanish.
    Source: compatibility caseless matching, the Unicode Standard, section 3.13, D146, done letter by
    letter so that every position keeps its place in the original.
    Limit: look-alikes of other scripts (a Cyrillic "а") stay what they are.
    """
    letters: list[str] = []
    spans: list[Span] = []
    for span in _clusters(text):
        for letter in _folded_cluster(span.of(text)):
            if letter != " " or letters[-1:] != [" "]:
                letters.append(letter)
                spans.append(span)
    return Folded("".join(letters), tuple(spans))


def _clusters(text: str) -> list[Span]:
    """Cut a text into characters, each with the combining marks that follow it."""
    starts = [at for at, char in enumerate(text) if not at or not unicodedata.category(char).startswith("M")]
    return [Span(start, end - start) for start, end in pairwise([*starts, len(text)])]


def _folded_cluster(cluster: str) -> str:
    visible = "".join(char for char in cluster if not is_invisible(char))
    if visible.isspace():
        return " "
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", visible).casefold())
    # A few compatibility forms hold a space of their own; a second pass of casefold settles the rest.
    return unicodedata.normalize("NFKC", folded.casefold())


def is_invisible(character: str) -> bool:
    """Tell whether a character is a format control or default ignorable: nothing to see of it."""
    return unicodedata.category(character) == "Cf" or bool(_IGNORABLE.match(character))


def any_of(*patterns: str) -> re.Pattern[str]:
    """Return one pattern that matches wherever any of these does, the first of them preferred."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def phrase_pattern(phrase: str) -> re.Pattern[str] | None:
    """Return the pattern that finds a phrase, as whole words, in a folded text; None for no words.

    White space in the phrase stands for any white space. A side of the phrase that is punctuation
    ("100 %") needs no word boundary.
    """
    folded = fold(phrase).text.strip()
    if not folded:
        return None
    left = r"(?<!\w)" if is_word_character(folded[0]) else ""
    right = r"(?!\w)" if is_word_character(folded[-1]) else ""
    return re.compile(left + re.escape(folded) + right)


def find_phrase(text: str, phrase: str) -> list[Span]:
    """Return where a phrase stands in a text as whole words, whatever its case, width and spacing.

    An empty phrase stands nowhere.
    """
    pattern = phrase_pattern(phrase)
    return fold(text).find(pattern) if pattern else []
