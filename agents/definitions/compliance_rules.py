"""The rules a text for TikTok is checked against: small pure functions, gathered in `RULESETS`.

A rule takes the text and the brand's banned claims and returns hits; offsets and lengths are Python
characters of the text as written. Phrases are matched on the folded text (`captions.fold`), so case,
spacing, fancy letters and invisible characters hide nothing. Rules find words, not meaning: a hit is a
reason for a person to look, and language-bound rules know English and German.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from agents.skills.captions import (
    CAPTION_MAX_UTF16,
    Span,
    any_of,
    find_phrase,
    fold,
    is_invisible,
    overflow_offset,
    utf16_length,
)
from agents.skills.disclosures import find_commercial_signs, has_disclosure, looks_commercial
from agents.skills.hashtags import extract_hashtags, find_hashtags
from agents.skills.severity import Severity as Severity

MAX_HASHTAGS = 5
LONGEST_QUOTE = 80
SHOUTED_WORDS = 4
SHOUTED_LETTERS = 15


@dataclass(frozen=True, slots=True)
class CheckedText:
    """A caption or draft: `hashtags` are its normalised tags, those kept outside the text included."""

    id: str
    text: str
    hashtags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found and where; a length of 0 means that the evidence is not in the text itself."""

    span: Span
    explanation: str


BannedClaims = Sequence[str]
Find = Callable[[CheckedText, BannedClaims], list[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `id` is permanent, `source` says where it comes from, `fix` is what anyone can do."""

    id: str
    severity: Severity
    source: str
    fix: str
    find: Find


def caption_too_long(checked: CheckedText, _banned: BannedClaims) -> list[Hit]:
    """A caption longer than 2,200 UTF-16 units; quotes the beginning of what does not fit."""
    offset = overflow_offset(checked.text)
    if offset is None:
        return []
    length = utf16_length(checked.text)
    explanation = f"The caption is {length:,} UTF-16 units long; TikTok takes {CAPTION_MAX_UTF16:,}."
    return [Hit(Span(offset, min(LONGEST_QUOTE, len(checked.text) - offset)), explanation)]


def too_many_hashtags(checked: CheckedText, _banned: BannedClaims) -> list[Hit]:
    """More than 5 different hashtags; quotes the sixth where it stands in the text."""
    written = extract_hashtags(checked.text)
    total = len({*written, *checked.hashtags})
    if total <= MAX_HASHTAGS:
        return []
    explanation = f"The post carries {total} hashtags; TikTok's app takes {MAX_HASHTAGS}."
    if len(written) <= MAX_HASHTAGS:
        return [Hit(Span(0, 0), explanation)]
    sixth = next(found for found in find_hashtags(checked.text) if found.tag == written[MAX_HASHTAGS])
    return [Hit(Span(sixth.offset, sixth.length), explanation)]


def banned_claim(checked: CheckedText, banned: BannedClaims) -> list[Hit]:
    """A claim the brand has banned, as whole words, whatever its case and spacing."""
    return [
        Hit(span, f"The brand has banned the claim {' '.join(claim.split())!r}.")
        for claim in banned
        for span in find_phrase(checked.text, claim)
    ]


def missing_disclosure(checked: CheckedText, _banned: BannedClaims) -> list[Hit]:
    """A text that looks like a deal and does not say that it is advertising; quotes the first sign."""
    if has_disclosure(checked.text, checked.hashtags) or not looks_commercial(checked.text, checked.hashtags):
        return []
    signs = find_commercial_signs(checked.text)
    explanation = "The text looks commercial, and nothing in it says that it is advertising."
    return [Hit(signs[0] if signs else Span(0, 0), explanation)]


_ILLNESS = (
    r"(?:cancer|tumou?rs?|diabetes|depression|anxiety|arthritis|alzheimer'?s|dementia|asthma|adhd|autism|covid"
    r"|acne|eczema|psoriasis|migraines?|insomnia|high blood pressure|(?:any|every) (?:disease|illness))"
)
_KRANKHEIT = (
    r"(?:krebs|tumore?|diabetes|depressionen|angststörungen|arthrose|rheuma|alzheimer|demenz|asthma|adhs|autismus"
    r"|corona|covid|akne|neurodermitis|schuppenflechte|migräne|schlafstörungen|bluthochdruck"
    r"|(?:jede|alle) krankheit(?:en)?)"
)
_HEALTH = any_of(
    r"(?<!not )(?<!n['’]t )(?<!cannot )(?<!never )\b"
    rf"(?:cure|heal|reverse|eliminate)s? (?:your |my )?{_ILLNESS}\b",
    r"\bmiracle (?:cure|pill|drug|remedy|diet)\b",
    r"\b(?:guaranteed|instant) (?:weight loss|fat loss|cure|healing|pain relief)\b",
    r"\blose (?:up to )?\d+ ?(?:kg|kilos?|pounds?|lbs?) in (?:just |only )?\d+ (?:days?|weeks?)\b",
    r"\b(?:no|zero|without(?: any)?) side effects\b",
    rf"\bheilt (?:deine |ihre )?{_KRANKHEIT}\b|\b{_KRANKHEIT} (?:für immer )?heilen\b",
    r"\bwunder(?:mittel|heilmittel|pille|kur|diät)\b",
    r"\b(?:garantiert|100 ?% ?(?:ig)?) (?:schmerzfrei|gesund|schlank|heilend|abnehmen)\b",
    r"\bgarantierte[rsnm]? (?:heilung|gewichtsverlust|abnehmerfolg)\b",
    r"\b\d+ ?(?:kg|kilo|pfund) in (?:nur )?\d+ (?:tagen?|wochen?) (?:abnehmen|verlieren|weniger)\b",
    r"\b(?:ohne|keine|null) nebenwirkungen\b",
)
_MONEY = r"(?:[$€£] ?\d[\d.,]*k?|\d[\d.,]*k? ?(?:[$€£]|euros?|dollars?|chf|franken))"
_INCOME = any_of(
    r"\bguaranteed (?!basic|minimum)(?:\w+ )?(?:income|returns?|profits?|earnings|winnings)\b",
    r"\b(?:income|returns|profits?|earnings) guaranteed\b",
    r"\bguarantees? (?:\w+ )?(?:income|returns|profits?)\b",
    r"\brisk[ -]free (?:\w+ )?(?:returns?|profits?|income|investments?)\b",
    r"\b(?:get|getting|become) rich (?:quick|quickly|fast|overnight)\b",
    r"\bdouble your (?:money|investment|income)\b",
    rf"\b(?:make|making|earn|earning) (?:up to )?{_MONEY} (?:a|per|every|each) (?:day|week|month)\b",
    r"\bgarantierte[rsnm]? (?:\w+ )?(?:rendite|gewinne?|einkommen|einnahmen|zinsen|erträge)\b",
    r"\b(?:rendite|gewinne?|einkommen|einnahmen) garantiert\b",
    r"\brisiko(?:frei|los)e[rsnm]? (?:\w+ )?(?:rendite|gewinne?|geldanlage|einkommen|investments?)\b",
    r"\b(?:schnell|über nacht) reich werden\b|\bverdopp(?:le|el|eln sie) (?:dein|ihr) (?:geld|einkommen)\b",
    rf"\bverdien(?:e|en|st)? (?:du |sie )?(?:bis zu )?{_MONEY} (?:pro|am|im|jeden|die) (?:tag|woche|monat)\b",
)


def health_claim(checked: CheckedText, _banned: BannedClaims) -> list[Hit]:
    """An absolute promise of health: a cure, kilos lost by a date, no side effects."""
    explanation = "The text promises health or a cure as certain."
    return [Hit(span, explanation) for span in fold(checked.text).find(_HEALTH)]


def income_claim(checked: CheckedText, _banned: BannedClaims) -> list[Hit]:
    """A promise of income or returns as certain, or as an amount per day, week or month."""
    explanation = "The text promises income or returns as certain."
    return [Hit(span, explanation) for span in fold(checked.text).find(_INCOME)]


_VARIATION_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_EMOJI_TAGS = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")  # the flags of England and others
_JOINERS = "\u200c\u200d"
_DIRECTION_MARKS = frozenset("\u200e\u200f\u061c")


def hidden_characters(checked: CheckedText, _banned: BannedClaims) -> list[Hit]:
    """Characters nobody sees: controls, zero-width, tag and bidirectional ones; one hit for each run.

    Not hits: white space, joiners between emoji or non-Latin letters, a single variation selector, the
    tags of flag emoji, direction marks in a text with right-to-left letters.
    """
    text = _EMOJI_TAGS.sub(lambda match: "x" * len(match.group()), checked.text)
    marks_work = any(unicodedata.bidirectional(one) in ("R", "AL") for one in set(text) - _DIRECTION_MARKS)
    expected = _DIRECTION_MARKS if marks_work else frozenset()
    hits = []
    for hidden, run in groupby(
        range(len(text)), key=lambda at: text[at] not in expected and _is_hidden(text, at)
    ):
        if hidden:
            offsets = list(run)
            names = ", ".join(dict.fromkeys(f"U+{ord(text[at]):04X}" for at in offsets))
            hits.append(
                Hit(Span(offsets[0], len(offsets)), f"The text holds invisible characters ({names}).")
            )
    return hits


def _is_hidden(text: str, at: int) -> bool:
    character = text[at]
    if unicodedata.category(character) == "Cc":
        return character not in "\t\n\r"
    if character in _JOINERS:
        return not _joins(text[at - 1 : at], text[at + 1 : at + 2])
    if _VARIATION_SELECTORS.match(character):
        return bool(_VARIATION_SELECTORS.match(text[at - 1 : at] or " "))
    return is_invisible(character)


def _joins(before: str, after: str) -> bool:
    """Tell whether a joiner between these two characters does its work: both are emoji or non-Latin."""
    return all(
        side and not side.isspace() and not side.isascii() and "LATIN" not in unicodedata.name(side, "LATIN")
        for side in (before, after)
    )


_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<![\w.,])(?!\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b)"  # a date is not a number to call
    r"(?:\(?(?:\+|00?(?![.,]))\d(?:[ /().-]{0,2}\d){6,13}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?!\w)"
)
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"]*[^\s<>\"'.,;:!?)\]]"
    r"|(?<![\w@.-])(?:[\w-]+\.)+(?:com|net|org|info|io|tv|shop|store|app|link|me|co|eu|de|at|ch|li|uk|us)\b"
    r"(?![\w@-])(?:/[^\s<>\"]*[^\s<>\"'.,;:!?)\]])?",
    re.IGNORECASE,
)


def contact_details(checked: CheckedText, _banned: BannedClaims) -> list[Hit]:
    """An e-mail address or telephone number, by simple patterns: numbers that begin with + or 0, or 3-3-4."""
    email = "The text holds an e-mail address, which anybody may collect."
    phone = "The text holds what looks like a telephone number, which anybody may collect."
    return [Hit(span, email) for span in _matches(_EMAIL, checked.text)] + [
        Hit(span, phone) for span in _matches(_PHONE, checked.text)
    ]


def links(checked: CheckedText, _banned: BannedClaims) -> list[Hit]:
    """A web address or domain: in a caption it cannot be followed."""
    explanation = "TikTok does not make links in captions clickable."
    return [Hit(span, explanation) for span in _matches(_LINK, checked.text)]


def shouting(checked: CheckedText, _banned: BannedClaims) -> list[Hit]:
    """Four or more words in a row in capitals, 15 letters or more together; tags and mentions apart."""
    words = re.finditer(r"[#@\uff03\uff20]?\w+", checked.text)
    hits = []
    for loud, run in groupby(words, key=lambda word: word.group().isupper() and word.group()[0].isalnum()):
        shouted = list(run)
        letters = sum(character.isalpha() for word in shouted for character in word.group())
        if loud and len(shouted) >= SHOUTED_WORDS and letters >= SHOUTED_LETTERS:
            start = shouted[0].start()
            explanation = f"{len(shouted)} words in a row are in capitals."
            hits.append(Hit(Span(start, shouted[-1].end() - start), explanation))
    return hits


def _matches(pattern: re.Pattern[str], text: str) -> list[Span]:
    return [Span(match.start(), match.end() - match.start()) for match in pattern.finditer(text)]


TIKTOK: tuple[Rule, ...] = (
    Rule(
        id="caption_too_long",
        severity=Severity.HIGH,
        source="TikTok Content Posting API, post_info.title",
        fix="Shorten the caption to 2,200 UTF-16 units; an emoji counts two.",
        find=caption_too_long,
    ),
    Rule(
        id="too_many_hashtags",
        severity=Severity.LOW,
        source="TikTok app, limit reported since August 2025; not documented for the API",
        fix="Keep the five hashtags that name the topic best.",
        find=too_many_hashtags,
    ),
    Rule(
        id="banned_claim",
        severity=Severity.CRITICAL,
        source="The brand's own list of banned claims",
        fix="Remove the claim, or say something the brand has approved.",
        find=banned_claim,
    ),
    Rule(
        id="missing_disclosure",
        severity=Severity.HIGH,
        source="FTC 16 CFR part 255; § 5a (4) UWG; TikTok branded content policy",
        fix='Begin the caption with "Werbung" or "Ad" and switch on TikTok\'s content disclosure.',
        find=missing_disclosure,
    ),
    Rule(
        id="health_claim",
        severity=Severity.HIGH,
        source="Regulation (EC) 1924/2006, art. 12; § 3 HWG; FTC Health Products Compliance Guidance (2022)",
        fix="Describe what the product is or does without promising health, a cure or a result by a date.",
        find=health_claim,
    ),
    Rule(
        id="income_claim",
        severity=Severity.HIGH,
        source="FTC Business Opportunity Rule, 16 CFR 437; § 5 UWG; TikTok community guidelines on scams",
        fix="Remove the promise, or say plainly that results differ and that money can be lost.",
        find=income_claim,
    ),
    Rule(
        id="hidden_characters",
        severity=Severity.MEDIUM,
        source="Unicode Technical Standard 39 and Technical Report 36: invisible and bidirectional controls",
        fix="Delete the invisible characters, or type the passage again.",
        find=hidden_characters,
    ),
    Rule(
        id="contact_details",
        severity=Severity.MEDIUM,
        source="Regulation (EU) 2016/679, art. 4 (1): contact details of a person are personal data",
        fix="Remove the address or number and point to the profile instead.",
        find=contact_details,
    ),
    Rule(
        id="links",
        severity=Severity.INFO,
        source="TikTok: links in captions are plain text",
        fix="Put the link into the profile and say so.",
        find=links,
    ),
    Rule(
        id="shouting",
        severity=Severity.INFO,
        source="Ours: capitals are read as shouting and are hard to read aloud",
        fix="Write the passage in ordinary letters.",
        find=shouting,
    ),
)

RULESETS: Mapping[str, tuple[Rule, ...]] = {"tiktok": TIKTOK}
"""The sets of rules by name; an input names one."""
