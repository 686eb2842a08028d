"""Which creators share an account's audience, and a first letter to each; nothing here sends it.

TikTok lets nobody write to any creator: letters go through the shop's affiliate messages, after a person
has approved them. Each ends with a sentence on disclosure that no model wrote.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pydantic import AwareDatetime, ConfigDict, Field

from agents.contract import Agent, AgentContext, Made, ModelTier, Prompt, Typed
from agents.definitions.drafting import (
    MOST_SEGMENTS,
    Feedback,
    SegmentBrief,
    check_claims,
    check_figures,
    check_keys,
    mending,
    unlinked,
)
from agents.skills.captions import fold, utf16_length
from agents.skills.comment_classes import LINK
from agents.skills.shop_categories import category_named, is_about
from agents.skills.similarity import weighted_jaccard
from agents.skills.statistics import NOISE_DIGITS, Ratio
from tiktok_ops.content.figures import CreatorFigures
from tiktok_ops.content.queries import creators_known_to

MESSAGE_MAX_UTF16 = 2_000
"""TikTok Shop, affiliate messages of type TEXT: at most 2,000 characters; counted as UTF-16 units, which
are never fewer."""

LONGEST_BODY = 1_200
"""What the model writes of a message; greeting and disclosure come on top of it."""

MOST_CREATORS = 50
_HANDLE = re.compile(r"[A-Za-z0-9_.]{2,24}")  # as of our own accounts; anything else is no name to write to

GREETINGS: Mapping[str, str] = MappingProxyType(
    {"en": "Hi @{creator}, this is {sender}.", "de": "Hallo @{creator}, hier schreibt {sender}."}
)
DISCLOSURES: Mapping[str, str] = MappingProxyType(
    {
        "en": (
            "Whatever we make together is a paid partnership: please switch on TikTok's content disclosure "
            "and say so at the beginning of the caption."
        ),
        "de": (
            "Was wir gemeinsam machen, ist bezahlte Werbung: Bitte schalte die Offenlegung in TikTok ein "
            "und schreibe „Werbung“ an den Anfang der Caption."
        ),
    }
)
"""By language; other languages get the English one. Why: FTC 16 CFR part 255, § 5a (4) UWG, TikTok's
branded content policy ask whoever pays to see to it."""


class AudienceShare(SegmentBrief):
    """A segment as `audience_mapper` describes it; `share` is its part of the account's views."""

    share: float = Field(default=1.0, ge=0)


class OutreachInput(Typed):
    """Whose audience is sought, how alike it must be, and how many creators to write to at most.

    `feedback` is what was said of the letters drafted before.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"segments": [{"name": "Tea people", "terms": ["tea"], "share": 0.6}]},
            ]
        }
    )

    segments: tuple[AudienceShare, ...] = Field(default=(), max_length=MOST_SEGMENTS)
    min_overlap: float = Field(default=0.3, ge=0, le=1)
    max_creators: int = Field(default=10, ge=1, le=MOST_CREATORS)
    feedback: Feedback = ""


class CreatorMatch(Typed):
    """A creator in figures: `overlap` 0 to 1, `reach` in followers, `engagement` a share or None."""

    handle: str
    overlap: Ratio
    reach: int
    engagement: Ratio | None


class OutreachAnswer(Typed):
    """What facts and output share; `creators_considered` have segments, `creators_without_segments` none."""

    as_of: AwareDatetime
    min_overlap: float
    enough_data: bool
    creators_considered: int
    creators_without_segments: int
    creators_found: int
    creators: tuple[CreatorMatch, ...]
    note: str


class LetterSlot(Typed):
    """One letter to write: to nobody by name, about the segments both sides share."""

    key: str
    shared: tuple[str, ...]


class LetterSlots(Typed):
    """What the model is told: the letters and what no letter may claim."""

    drafts: tuple[LetterSlot, ...]
    banned_claims: tuple[str, ...]


class OutreachFacts(OutreachAnswer):
    """The creators, best first, and a letter for each in their order."""

    drafts: tuple[LetterSlot, ...]
    banned_claims: tuple[str, ...]
    sender: str
    language: str
    feedback: str = ""


class LetterWords(Typed):
    """What the model writes for the letter with this key: its middle."""

    key: str
    message: str = Field(max_length=LONGEST_BODY)


class OutreachWords(Typed):
    """One message for each letter."""

    drafts: tuple[LetterWords, ...]


class Letter(Typed):
    """A whole message to a creator, as it would be sent."""

    creator: str
    message: str


class OutreachOutput(OutreachAnswer):
    """The creators, best first, and a draft to each of them."""

    drafts: tuple[Letter, ...]


class CreatorOutreach(Agent[OutreachInput, OutreachFacts, OutreachWords, OutreachOutput]):
    """Measures how alike audiences are; the model writes the middle of each letter."""

    name = "creator_outreach"
    purpose = "Find the creators who share an account's audience and draft a first letter to each."
    model_tier = ModelTier.SMART
    Input = OutreachInput
    Facts = OutreachFacts
    Words = OutreachWords
    Output = OutreachOutput

    def compute(self, given: OutreachInput, context: AgentContext) -> OutreachFacts:
        """Read the creators the workspace knows, and compare."""
        return match_creators(creators_known_to(context.account_id), given, context)

    def prompt(self, facts: OutreachFacts, context: AgentContext) -> Prompt | None:
        """Ask for the letters, unless there is nobody to write to; who they go to is not told."""
        if not facts.drafts:
            return None
        prompt = Prompt(
            instruction=(
                "For each item of drafts write message: the middle of a first letter to a TikTok creator, two "
                f"to five friendly sentences, at most {LONGEST_BODY} characters, on what both audiences care "
                "about (the item's shared segments) and the question whether they would like to make "
                "something together. No greeting, no name and no signature: they are added. Name no money, "
                "date or figure, give no link, promise nothing, and make none of the banned claims. Return "
                f"every key exactly once. Locale: {context.locale!r}."
            ),
            facts=LetterSlots(drafts=facts.drafts, banned_claims=facts.banned_claims),
        )
        return mending(prompt, facts.feedback)

    def compose(self, facts: OutreachFacts, words: OutreachWords | None) -> OutreachOutput:
        """Put greeting, message and disclosure together for each creator.

        Raises `ValueError`, naming the letter, where a key is missing, unknown or given twice, a message is
        empty, has a link, a handle or a figure, makes a banned claim, or the whole is too long.
        """
        written = _checked_words(facts, words)
        drafts = [
            {"creator": creator.handle, "message": _whole(facts, creator.handle, written[slot.key])}
            for creator, slot in zip(facts.creators, facts.drafts, strict=True)
        ]
        shared = facts.model_dump(include=set(OutreachAnswer.model_fields))
        return OutreachOutput.model_validate(shared | {"drafts": drafts})

    def made(self, output: OutreachOutput) -> tuple[Made, ...]:
        """Keep the letters, each with whom it is to."""
        letters = [f"To @{one.creator.lstrip('@')}:\n\n{one.message}\n" for one in output.drafts]
        return (Made("draft", "\n".join(letters)),) if letters else ()


def match_creators(
    creators: Sequence[CreatorFigures], given: OutreachInput, context: AgentContext
) -> OutreachFacts:
    """Return who shares the audience, from creators in any order.

    Those whose `overlap` is `min_overlap` or more and not 0, best first: by overlap, then engagement (not
    known last), then followers, then handle; at most `max_creators`. Left out are the account itself and
    what is no TikTok handle: a letter is addressed with it.
    """
    named = [one for one in creators if _HANDLE.fullmatch(one.handle.lstrip("@"))]
    others = [one for one in named if _name(one.handle) != _name(context.handle)]
    known = [one for one in others if one.segments]
    measured = [(overlap(given.segments, one.segments), one) for one in known]
    fitting = [(alike, one) for alike, one in measured if alike >= given.min_overlap and alike]
    fitting.sort(key=lambda pair: (-pair[0], *_behind(pair[1])))
    kept = fitting[: given.max_creators]
    brand = context.brand
    return OutreachFacts(
        as_of=context.as_of,
        min_overlap=given.min_overlap,
        enough_data=bool(given.segments and known),
        creators_considered=len(known),
        creators_without_segments=len(others) - len(known),
        creators_found=len(fitting),
        creators=tuple(
            CreatorMatch(
                handle=one.handle, overlap=alike, reach=one.followers, engagement=one.engagement_rate
            )
            for alike, one in kept
        ),
        note=unlinked(brand, _note(given, known, len(fitting))),
        drafts=tuple(
            LetterSlot(key=f"c{number}", shared=_shared(given.segments, one.segments))
            for number, (_, one) in enumerate(kept, start=1)
        ),
        banned_claims=brand.banned_claims if brand else (),
        sender=brand.name if brand else f"@{context.handle.lstrip('@')}",
        language=language_of(context.locale),
        feedback=given.feedback,
    )


def overlap(segments: Sequence[AudienceShare], theirs: Mapping[str, float]) -> float:
    """Return how alike two audiences are, 0 to 1: the weighted Jaccard of their segments' shares.

    `sum of min(a, b) / sum of max(a, b)` over all segments, each side's weights divided by their sum
    first, so that neither side counts for more by having larger numbers. A creator's segment is one of
    ours where it has its name or one of its terms, whatever its case; the first of several. One that is a
    category of TikTok Shop, all the marketplace tells of a creator, is those of ours that are about it, in
    the measure of our shares: nothing says which of them its viewers like better. Where all our shares are 0,
    they count alike. Source: the design; `similarity.weighted_jaccard`; the categories' words in
    `shop_categories`.
    """
    ours = _our_shares(segments)
    left = {f"ours {place}": share for place, share in enumerate(ours)}
    right: defaultdict[str, float] = defaultdict(float)
    for name, weight in zip(theirs, _shares(list(theirs.values())), strict=True):
        parts = [(f"ours {place}", part) for place, part in _parts(segments, name)]
        for key, part in parts or [(f"theirs {name}", 1.0)]:
            right[key] += weight * part
    # Cleared of binary noise, so that an overlap of exactly the least reaches it.
    return round(weighted_jaccard(left, right), NOISE_DIGITS)


def _our_shares(segments: Sequence[AudienceShare]) -> list[float]:
    shares = [segment.share for segment in segments]
    return _shares(shares if any(shares) else [1.0] * len(segments))


def _parts(segments: Sequence[AudienceShare], name: str) -> list[tuple[int, float]]:
    """Return the places of our segments that a creator's is, and how much of it each has; empty for none."""
    place = _called(segments).get(_folded(name))
    if place is not None:
        return [(place, 1.0)]
    category = category_named(name)
    if category is None:
        return []
    about = [at for at, one in enumerate(segments) if is_about(category, (one.name, *one.terms))]
    return list(zip(about, _our_shares([segments[at] for at in about]), strict=True))


def _shares(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]


def _called(segments: Sequence[AudienceShare]) -> dict[str, int]:
    """Return the place of a segment by each thing it is called, names before terms, the first of several."""
    called: dict[str, int] = {}
    for names in ([(one.name,) for one in segments], [one.terms for one in segments]):
        for place, some in enumerate(names):
            for name in some:
                called.setdefault(_folded(name), place)
    return called


def _shared(segments: Sequence[AudienceShare], theirs: Mapping[str, float]) -> tuple[str, ...]:
    """Return the names of our segments that a creator has too, the one they have most of first."""
    weights: defaultdict[int, float] = defaultdict(float)
    for name, weight in theirs.items():
        for place, part in _parts(segments, name):
            weights[place] += weight * part
    return tuple(segments[place].name for place in sorted(weights, key=lambda at: (-weights[at], at)))


def language_of(locale: str) -> str:
    """Return the language letters are framed in: that of the locale where there are words for it, else English."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in GREETINGS else "en"


def _behind(creator: CreatorFigures) -> tuple[float, int, str]:
    rate = creator.engagement_rate
    return (-(rate if rate is not None else -1.0), -creator.followers, creator.handle)


def _folded(name: str) -> str:
    return fold(name).text.strip().lstrip("#")


def _name(handle: str) -> str:
    return handle.lstrip("@").casefold()


def _note(given: OutreachInput, known: Sequence[CreatorFigures], found: int) -> str:
    if not given.segments:
        return "Not enough data: there is no segment to compare audiences by; map the audience first."
    if not known:
        return "Not enough data: no creator this workspace knows has audience segments."
    if not found:
        return f"No creator shares {given.min_overlap:g} or more of the audience; try a lower min_overlap."
    return ""


def _checked_words(facts: OutreachFacts, words: OutreachWords | None) -> dict[str, str]:
    given = [(one.key, one.message.strip()) for one in words.drafts] if words else []
    check_keys("drafts", [key for key, _ in given], [slot.key for slot in facts.drafts])
    for key, message in given:
        if not message:
            raise ValueError(f"The message {key!r} is empty; write two to five sentences.")
        if LINK.search(fold(message).text) or "@" in fold(message).text:
            raise ValueError(f"The message {key!r} has a link or a handle; write it without.")
    parts = [(f"The message {key!r}", message) for key, message in given]
    check_figures(parts, known="")
    check_claims(parts, facts.banned_claims)
    return dict(given)


def _whole(facts: OutreachFacts, creator: str, message: str) -> str:
    greeting = GREETINGS[facts.language].format(creator=creator.lstrip("@"), sender=facts.sender)
    whole = "\n\n".join([greeting, message, DISCLOSURES[facts.language]])
    if utf16_length(whole) > MESSAGE_MAX_UTF16:
        raise ValueError(
            f"The message to {creator!r} has {utf16_length(whole)} UTF-16 units with greeting and "
            f"disclosure; the most is {MESSAGE_MAX_UTF16}."
        )
    return whole


agent = CreatorOutreach()
