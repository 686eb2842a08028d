"""What to post next: hooks and outlines on the account's topics that it has not posted before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints, field_validator

from agents.contract import Agent, AgentContext, Made, ModelTier, Prompt, Typed
from agents.definitions.drafting import (
    LONGEST_TOPIC,
    MOST_SEGMENTS,
    Feedback,
    Posts,
    SegmentBrief,
    alike,
    check_claims,
    mending,
    newest_captions,
)
from agents.definitions.idea_topics import TopicFigures, best_topics, topic_figures
from agents.skills.statistics import Ratio, clipped
from tiktok_ops.content.queries import posts_until

LOOKBACK_DAYS = 180
"""How far back captions are compared and topics are measured."""

TOO_ALIKE = 0.85
"""From here on two texts tell the same story; the design's number."""

MOST_IDEAS = 50
TOKENS_AN_IDEA = 300
"""What a hook and an outline take at most, with room; thinking counts too."""
MOST_CAPTIONS = 300
MOST_SHOWN = 20
LONGEST_HOOK = 120
LONGEST_OUTLINE = 600

ANGLES = (
    "a common mistake",
    "the change from start to finish",
    "a question from the comments",
    "a step by step guide",
    "behind the scenes",
    "a comparison of two options",
    "a myth put to the test",
    "a short checklist",
    "the cheapest version",
    "a beginner's first try",
    "an expert's favourite trick",
    "the story of one object",
    "a day from morning to night",
    "numbers nobody talks about",
    "a tour in one take",
    "the tools on the table",
    "a guess before the answer",
    "a reaction to old footage",
    "an honest review",
    "a plan for the weekend",
    "a challenge for viewers",
    "a repair that failed",
    "the first minute only",
    "a shortcut and its price",
    "an answer to a cross comment",
    "a tip from a neighbour",
    "a thing to throw away",
    "one object from three sides",
    "a bet with a colleague",
    "the season's last chance",
    "a look into a drawer",
    "a lesson from a mishap",
    "a ranking from worst to best",
    "a rule worth breaking",
    "the sound of it",
    "a tool used for something else",
    "a day without it",
    "an old way beside a new one",
    "a story told backwards",
    "a riddle with a picture",
    "what nobody sees in the shop",
    "a promise kept after a year",
    "a small budget spent well",
    "a question to an expert",
    "a close look at a detail",
    "a tidy up in fast motion",
    "a swap with a friend",
    "a habit for every morning",
    "a word explained",
    "a farewell to a favourite",
)
"""Ways into a topic, taken in turn: one for each of 50 ideas, should all be on one topic."""


class TopicsFrom(StrEnum):
    """Where the topics came from."""

    GIVEN = "given"
    SEGMENTS = "segments"
    OWN_POSTS = "own posts"
    NOWHERE = "nowhere"


class IdeatorInput(Typed):
    """How many ideas, on what, for whom.

    Without `topics`, those of the segments are taken; without segments, the account's best. `proposed` are
    ideas of a person, of which those that were told before are named. `feedback` is what was said of the ideas
    drafted before.
    """

    topics: tuple[str, ...] = Field(default=(), max_length=MOST_IDEAS)
    n: int = Field(default=3, ge=1, le=MOST_IDEAS)
    segments: tuple[SegmentBrief, ...] = Field(default=(), max_length=MOST_SEGMENTS)
    feedback: Feedback = ""
    proposed: tuple[Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_OUTLINE)], ...] = Field(
        default=(), max_length=MOST_IDEAS
    )

    @field_validator("topics")
    @classmethod
    def _are_topics(cls, topics: tuple[str, ...]) -> tuple[str, ...]:
        """Return the topics without `#` and doubled space, each once."""
        plain = tuple(dict.fromkeys(" ".join(topic.replace("#", " ").split()) for topic in topics))
        for topic in plain:
            if not 0 < len(topic) <= LONGEST_TOPIC:
                raise ValueError(f"the topic {topic!r} must have 1 to {LONGEST_TOPIC} characters")
        return plain


class IdeaSlot(Typed):
    """What one idea is to be about, from which angle, for which segment (empty for everyone)."""

    key: str
    topic: str
    angle: str
    segment: str


class ToldBefore(Typed):
    """A proposed idea that is 0.85 or more like a caption of the account, the one it is most like."""

    idea: str
    caption: str
    similarity: Ratio


class IdeatorAnswer(Typed):
    """What facts and output share; `note` is a sentence where something has to be said about the data."""

    as_of: AwareDatetime
    topics_from: TopicsFrom
    topics: tuple[TopicFigures, ...]
    posts_considered: int
    captions_compared: int
    already_told: tuple[ToldBefore, ...] = ()
    enough_data: bool
    note: str


class IdeatorFacts(IdeatorAnswer):
    """The slots to fill, what was posted before (newest first), and what the brand never claims."""

    ideas: tuple[IdeaSlot, ...]
    captions: tuple[str, ...]
    banned_claims: tuple[str, ...]
    feedback: str = ""


class IdeaWords(Typed):
    """What the model writes for the slot with this key."""

    key: str
    hook: str = Field(max_length=LONGEST_HOOK)
    outline: str = Field(max_length=LONGEST_OUTLINE)


class IdeatorWords(Typed):
    """One hook and outline for each slot."""

    ideas: tuple[IdeaWords, ...]


class Idea(Typed):
    """One idea; `novelty` is 1 minus its greatest similarity to a past caption or another idea."""

    key: str
    hook: str
    outline: str
    topic: str
    novelty: Ratio


class IdeatorOutput(IdeatorAnswer):
    """The ideas, in the order of their slots."""

    ideas: tuple[Idea, ...]


class ContentIdeator(Agent[IdeatorInput, IdeatorFacts, IdeatorWords, IdeatorOutput]):
    """Chooses topics and angles and measures novelty; the model writes the hooks and outlines."""

    name = "content_ideator"
    purpose = "Propose posts on an account's topics that differ from what it has posted."
    model_tier = ModelTier.SMART
    Input = IdeatorInput
    Facts = IdeatorFacts
    Words = IdeatorWords
    Output = IdeatorOutput

    def compute(self, given: IdeatorInput, context: AgentContext) -> IdeatorFacts:
        """Read the posts of the last 180 days and choose topics and angles."""
        since = context.as_of - timedelta(days=LOOKBACK_DAYS)
        posts = posts_until(context.account_id, as_of=context.as_of, since=since)
        banned = context.brand.banned_claims if context.brand else ()
        return plan_ideas(posts, given, context.as_of, banned_claims=banned)

    def prompt(self, facts: IdeatorFacts, context: AgentContext) -> Prompt | None:
        """Ask for hooks and outlines, unless there is no topic to write about."""
        if not facts.ideas:
            return None
        shown = facts.captions[:MOST_SHOWN]
        prompt = Prompt(
            instruction=(
                "For each item of ideas write a TikTok video: hook, its first spoken line, at most "
                f"{LONGEST_HOOK} characters; outline, two to four sentences on what is shown and said, at "
                f"most {LONGEST_OUTLINE} characters. Write about the item's topic from its angle, for its "
                "segment where it has one. No two hooks, and no hook and a caption below, may say the same "
                "thing in nearly the same words. Promise nothing the facts do not say and make none of the "
                "banned claims. Return every key exactly once. The account's newest captions stand below. "
                f"Locale: {context.locale!r}."
            ),
            facts=facts.model_copy(update={"captions": (), "feedback": ""}),
            untrusted={"newest captions": "\n".join(shown)} if shown else {},
            max_tokens=TOKENS_AN_IDEA * len(facts.ideas),
        )
        return mending(prompt, facts.feedback)

    def compose(self, facts: IdeatorFacts, words: IdeatorWords | None) -> IdeatorOutput:
        """Join slots and words and measure how new each idea is.

        Raises `ValueError`, naming the idea, where a key is missing, unknown or given twice, a text is
        empty, a banned claim is made, or an idea is 0.85 or more like a past caption or another idea.
        """
        written = _checked_words(facts, words)
        ideas = tuple(_idea(slot, written, facts.captions) for slot in facts.ideas)
        shared = facts.model_dump(exclude={"ideas", "captions", "banned_claims", "feedback"})
        return IdeatorOutput.model_validate(shared | {"ideas": ideas})

    def made(self, output: IdeatorOutput) -> tuple[Made, ...]:
        """Keep the ideas as a person reads them."""
        told = [f"{idea.key}. {idea.hook}\n\n{idea.outline}\n" for idea in output.ideas]
        return (Made("draft", "\n".join(told)),) if told else ()


def plan_ideas(
    posts: Posts, given: IdeatorInput, as_of: datetime, *, banned_claims: Sequence[str] = ()
) -> IdeatorFacts:
    """Return which ideas to write, from posts in any order as they were at `as_of` (aware, UTC).

    Topics: those given; else the first term (or the name) of each segment; else `best_topics`. Topics,
    segments and angles are taken in turn. Where the turn begins moves on with the number of posts, so
    that the next batch does not ask for this one again.
    """
    source, names = _topics(posts, given)
    slots = _slots(names, given, turn=len(posts)) if names else ()
    captions = newest_captions(posts, most=MOST_CAPTIONS)
    return IdeatorFacts(
        as_of=as_of,
        topics_from=source,
        topics=tuple(topic_figures(name, posts) for name in names),
        posts_considered=len(posts),
        captions_compared=len(captions),
        already_told=tuple(told for idea in given.proposed if (told := told_before(idea, captions))),
        enough_data=bool(names),
        note=_note(source, captions),
        ideas=slots,
        captions=captions,
        banned_claims=tuple(banned_claims),
        feedback=given.feedback,
    )


def told_before(idea: str, captions: Sequence[str]) -> ToldBefore | None:
    """Return the caption an idea repeats (`drafting.alike` of 0.85 or more), None where it is new."""
    likeness, nearest = max(((alike(idea, text), text) for text in captions), default=(0.0, ""))
    return ToldBefore(idea=idea, caption=nearest, similarity=likeness) if likeness >= TOO_ALIKE else None


def _topics(posts: Posts, given: IdeatorInput) -> tuple[TopicsFrom, list[str]]:
    if given.topics:
        return TopicsFrom.GIVEN, list(given.topics)
    if given.segments:
        names = [(segment.terms or (segment.name,))[0][:LONGEST_TOPIC] for segment in given.segments]
        return TopicsFrom.SEGMENTS, list(dict.fromkeys(names))
    names = best_topics(posts, most=given.n)
    return (TopicsFrom.OWN_POSTS if names else TopicsFrom.NOWHERE), names


def _slots(names: Sequence[str], given: IdeatorInput, *, turn: int) -> tuple[IdeaSlot, ...]:
    segments = [segment.name for segment in given.segments] or [""]
    return tuple(
        IdeaSlot(
            key=f"i{number + 1}",
            topic=names[number % len(names)],
            # One further with each topic and each round of them: no pair comes back before it has to.
            angle=ANGLES[(turn + number % len(names) + number // len(names)) % len(ANGLES)],
            segment=segments[number % len(segments)],
        )
        for number in range(given.n)
    )


def _note(source: TopicsFrom, captions: Sequence[str]) -> str:
    if source is TopicsFrom.NOWHERE:
        return "Not enough data: the account's posts have no topic in common; name the topics to write about."
    if not captions:
        return "The account has no captions yet, so the ideas were only compared with each other."
    return ""


def _checked_words(facts: IdeatorFacts, words: IdeatorWords | None) -> dict[str, IdeaWords]:
    expected = [slot.key for slot in facts.ideas]
    given = [] if words is None else [_plain(idea) for idea in words.ideas]
    keys = [idea.key for idea in given]
    if sorted(keys) != sorted(expected):
        raise ValueError(f"ideas has the keys {keys!r}; give exactly one item for each of {expected!r}.")
    for idea in given:
        if not idea.hook or not idea.outline:
            raise ValueError(f"The idea {idea.key!r} has an empty hook or outline; write both.")
        parts = [
            (f"The hook of {idea.key!r}", idea.hook),
            (f"The outline of {idea.key!r}", idea.outline),
        ]
        check_claims(parts, facts.banned_claims)
    return {idea.key: idea for idea in given}


def _plain(idea: IdeaWords) -> IdeaWords:
    """Return an idea with its texts on one line."""
    return IdeaWords(key=idea.key, hook=" ".join(idea.hook.split()), outline=" ".join(idea.outline.split()))


def _idea(slot: IdeaSlot, written: dict[str, IdeaWords], captions: Sequence[str]) -> Idea:
    idea = written[slot.key]
    compared = [(_likeness_to_caption(idea, text), f"the caption {text!r}") for text in captions]
    compared += [
        (_likeness_to_idea(idea, other), f"the idea {other.key!r}")
        for other in written.values()
        if other.key != idea.key
    ]
    likeness, nearest = max(compared, key=lambda one: one[0], default=(0.0, ""))
    if likeness >= TOO_ALIKE:
        raise ValueError(
            f"The idea {idea.key!r} ({idea.hook!r}) is too much like {nearest} (similarity {likeness:.2f}, "
            f"must be below {TOO_ALIKE}); write something else."
        )
    novelty = clipped(1 - likeness)
    return Idea(key=idea.key, hook=idea.hook, outline=idea.outline, topic=slot.topic, novelty=novelty)


def _likeness_to_caption(idea: IdeaWords, caption: str) -> float:
    """Return the greater likeness: of the hook alone, which a caption may repeat, or of the whole."""
    return max(alike(idea.hook, caption), alike(_whole(idea), caption))


def _likeness_to_idea(idea: IdeaWords, other: IdeaWords) -> float:
    return max(alike(idea.hook, other.hook), alike(_whole(idea), _whole(other)))


def _whole(idea: IdeaWords) -> str:
    return f"{idea.hook} {idea.outline}"


agent = ContentIdeator()
