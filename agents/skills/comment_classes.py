"""What a comment is, by the words in it: class and sentiment, computed by rules that can be read.

Rules see words, not meaning: sarcasm is praise to them, and a language they have no words of is
"other". What a comment asks of its reader never matters, only which words it has.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from agents.skills import comment_words
from agents.skills.captions import any_of, fold


class CommentClass(StrEnum):
    """What a comment is; the rule of each is in `classify`."""

    SAFETY = "safety"
    ABUSE = "abuse"
    SPAM = "spam"
    COMPLAINT = "complaint"
    PURCHASE = "purchase_intent"
    QUESTION = "question"
    PRAISE = "praise"
    OTHER = "other"


class Sentiment(StrEnum):
    """Whether a comment speaks well or ill."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


_NEEDS_NO_BOUNDARY = re.compile(r"[^\w]|[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_MIXED = re.compile(r"(?=\w*[a-z])(?=\w*[\u0400-\u04ff])\w+")
LINK = re.compile(
    r"https?://|www\.|(?<!\w)[\w-]+\.(?:com|net|org|io|co|ru|cn|me|ly|shop|store|info|de|ch)(?!\w)"
)
"""A link in a folded text."""


def _phrases(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern that finds any of these in a folded text, the longest first."""
    folded = sorted((fold(phrase).text for phrase in phrases), key=lambda text: (-len(text), text))
    return any_of(
        *(
            re.escape(text) if _NEEDS_NO_BOUNDARY.match(text) else rf"(?<!\w){re.escape(text)}(?!\w)"
            for text in folded
        )
    )


_RULES = (
    (CommentClass.SAFETY, _phrases(comment_words.SAFETY)),
    (CommentClass.ABUSE, _phrases(comment_words.ABUSE)),
    (CommentClass.SPAM, any_of(_phrases(comment_words.SPAM).pattern, LINK.pattern)),
    (CommentClass.COMPLAINT, _phrases(comment_words.COMPLAINT)),
    (CommentClass.PURCHASE, _phrases(comment_words.PURCHASE)),
    (CommentClass.QUESTION, any_of(r"[?؟]", rf"^\W*(?:{_phrases(comment_words.QUESTION_WORDS).pattern})")),
)
_POSITIVE = _phrases(comment_words.POSITIVE)
_NEGATIVE = _phrases(comment_words.NEGATIVE)
_NEGATED = re.compile(rf"(?:{_phrases(comment_words.NEGATIONS).pattern})\s+(?:\w+\s+)?$")
_ILL = {CommentClass.SAFETY, CommentClass.ABUSE, CommentClass.COMPLAINT}


def readable(text: str) -> str:
    """Return a comment as rules read it: folded, typographic apostrophes plain, disguises taken off.

    A word that mixes Latin with Cyrillic look-alikes ("sсam") is read as Latin; a word all in
    Cyrillic stays what it is.
    """
    plain = fold(text).text.replace("’", "'").strip()
    return _MIXED.sub(lambda word: word.group().translate(comment_words.LOOKALIKES), plain)


def classify(text: str) -> CommentClass:
    """Return the class of a comment: the first rule that fits, the gravest first.

    Safety, abuse, spam (or a link), complaint, purchase intent: a phrase of its list. Question: a
    question mark anywhere, or a question word first. Praise: what is left and speaks well. Other:
    the rest. Ours; the order is what it costs to overlook one.
    """
    plain = readable(text)
    for found, pattern in _RULES:
        if pattern.search(plain):
            return found
    return CommentClass.PRAISE if _balance(plain) > 0 else CommentClass.OTHER


def sentiment(text: str) -> Sentiment:
    """Return whether a comment speaks well or ill: more words of praise than of blame, or fewer.

    A negation up to two words before turns a word around ("not very good"). Safety, abuse and
    complaint are negative, whatever else they say.
    """
    balance = -1 if classify(text) in _ILL else _balance(readable(text))
    if balance > 0:
        return Sentiment.POSITIVE
    return Sentiment.NEGATIVE if balance < 0 else Sentiment.NEUTRAL


def _balance(plain: str) -> int:
    return _weight(plain, _POSITIVE) - _weight(plain, _NEGATIVE)


def _weight(plain: str, pattern: re.Pattern[str]) -> int:
    return sum(-1 if _NEGATED.search(plain[: match.start()]) else 1 for match in pattern.finditer(plain))
