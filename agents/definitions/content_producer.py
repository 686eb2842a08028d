"""An idea made ready to post: caption, hashtags, lines on the screen, settings and a brief for the studio.

Nothing is rendered and nothing is published here: a workflow step renders the brief, a person approves.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, model_validator

from agents.contract import Agent, AgentContext, BrandVoice, Made, ModelTier, Prompt, Typed
from agents.definitions.compliance import NO_BRAND
from agents.definitions.drafting import (
    LABEL_TAGS,
    LONGEST_TOPIC,
    Feedback,
    Posts,
    SegmentBrief,
    check_claims,
    mending,
    newest_captions,
    tags_of,
    words_of,
)
from agents.skills.captions import CAPTION_MAX_UTF16, terms, utf16_length
from agents.skills.hashtags import find_hashtags, is_topic_tag, is_word_character, normalise_hashtag
from tiktok_ops.content.queries import posts_until

LOOKBACK_DAYS = 180
MOST_HASHTAGS = 5
"""Ours, the design's default; TikTok takes more."""

MOST_OFFERED = 15
MOST_LINES = 6
LONGEST_LINE = 60
SECONDS_PER_LINE = 1
"""A line that is shown for less than a second is not read."""

MOST_SHOWN = 5
LONGEST_HOOK = 300
LONGEST_OUTLINE = 2_000
LONGEST_CAPTION_WORDS = 2_000


class IdeaBrief(Typed):
    """An idea as `content_ideator` puts it out, or as a person writes one; its key is not needed here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    hook: str = Field(min_length=1, max_length=LONGEST_HOOK)
    outline: str = Field(default="", max_length=LONGEST_OUTLINE)
    topic: str = Field(default="", max_length=LONGEST_TOPIC)


def _beginning(description: object) -> object:
    """Return as much of a description as an outline holds; of none, nothing."""
    return description[:LONGEST_OUTLINE] if isinstance(description, str) else description or ""


class ListingBrief(Typed):
    """A variant of `listing_optimizer`, or the listing as a person approved it, which may lack a title.

    What else either says is not needed here. A shop's description may be longer than an outline: of it the
    beginning is taken.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    title: str | None = Field(default=None, min_length=1, max_length=LONGEST_HOOK)
    description: Annotated[str, BeforeValidator(_beginning)] = Field(default="", max_length=LONGEST_OUTLINE)
    hashtags: tuple[str, ...] = Field(default=(), max_length=20)


class ProducerInput(Typed):
    """What the post is about: an idea, a listing, or at least a topic; for whom; how long the video runs.

    Of a listing the title is the hook and the description the outline; its hashtags, and `hashtags` beside
    it, are offered first.
    `asset_brief` is what a person wants to be seen; it goes to the studio as it is. `feedback` is what was said
    of the draft before, by a person or by another agent.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"topic": "cold brew", "duration_seconds": 6},
            ]
        }
    )

    idea: IdeaBrief | None = None
    listing: ListingBrief | None = None
    hashtags: tuple[str, ...] = Field(default=(), max_length=20)
    topic: str = Field(default="", max_length=LONGEST_TOPIC)
    segment: SegmentBrief | None = None
    duration_seconds: int = Field(default=6, ge=3, le=60)
    feedback: Feedback = ""
    asset_brief: str = Field(default="", max_length=LONGEST_OUTLINE)

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if self.idea is None and self.listing is None and not self.topic.strip(" #"):
            raise ValueError("there is neither an idea nor a listing nor a topic; give one of them")
        if self.listing is not None and not (self.listing.title or self.listing.description.strip()):
            raise ValueError("the listing has neither a title nor a description; give it one of them")
        if self.idea is not None and self.listing is not None:
            raise ValueError("there are an idea and a listing; give one of them")
        return self

    @property
    def subject(self) -> IdeaBrief | None:
        """The idea, or the listing as one."""
        if self.listing is None:
            return self.idea
        hook = self.listing.title or self.listing.description[:LONGEST_HOOK]
        return IdeaBrief(hook=hook, outline=self.listing.description)


class ProducerAnswer(Typed):
    """What facts and output share; `note` is a sentence where no brand is linked."""

    as_of: AwareDatetime
    topic: str
    segment: str
    duration_seconds: int
    note: str


class ProducerFacts(ProducerAnswer):
    """What the texts are made of; `hashtags` are all that may be chosen, the most fitting first.

    `captions` are the account's newest on the topic (or at all), for the tone.
    """

    hook: str
    outline: str
    asset_brief: str
    hashtags: tuple[str, ...]
    most_lines: int
    banned_claims: tuple[str, ...]
    captions: tuple[str, ...]
    feedback: str


class ProducerWords(Typed):
    """What the model writes: the caption without hashtags, those to add, the lines on the screen."""

    caption: str = Field(max_length=LONGEST_CAPTION_WORDS)
    hashtags: tuple[str, ...] = Field(max_length=MOST_HASHTAGS)
    on_screen_text: tuple[Annotated[str, Field(max_length=LONGEST_LINE)], ...] = Field(max_length=MOST_LINES)


class SettingsDraft(Typed):
    """TikTok's settings of a post, each at its most careful.

    A person chooses who may see it: TikTok allows no default for `privacy_level`. Whether a post is
    advertising is for a person to say too; that this one was made by a machine is certain.
    """

    privacy_level: str | None = None
    allow_comment: bool = False
    allow_duet: bool = False
    allow_stitch: bool = False
    is_brand_organic: bool = False
    is_branded_content: bool = False
    is_ai_generated: bool = True


class Shot(Typed):
    """A line and when it is on the screen, in seconds from the beginning."""

    line: str
    starts_at_seconds: float
    ends_at_seconds: float


class StudioBrief(Typed):
    """What to make: an upright video of these shots, `wishes` being a person's own words on what is seen.

    `avoid` are claims it must not make either.
    """

    aspect_ratio: Literal["9:16"] = "9:16"
    duration_seconds: int
    topic: str
    hook: str
    outline: str
    audience: str
    wishes: str
    shots: tuple[Shot, ...]
    avoid: tuple[str, ...]


class ProducerOutput(ProducerAnswer):
    """A draft; `caption` is the whole text to be posted, its hashtags at the end."""

    caption: str
    caption_utf16_units: int
    hashtags: tuple[str, ...]
    on_screen_text: tuple[str, ...]
    settings: SettingsDraft
    brief: StudioBrief


class ContentProducer(Agent[ProducerInput, ProducerFacts, ProducerWords, ProducerOutput]):
    """Turns an idea into a draft within every limit; the model writes the texts."""

    name = "content_producer"
    purpose = "Write the caption, the hashtags, the lines on the screen and the studio brief of a post."
    model_tier = ModelTier.SMART
    Input = ProducerInput
    Facts = ProducerFacts
    Words = ProducerWords
    Output = ProducerOutput

    def compute(self, given: ProducerInput, context: AgentContext) -> ProducerFacts:
        """Read the posts of the last 180 days for the account's hashtags and tone."""
        since = context.as_of - timedelta(days=LOOKBACK_DAYS)
        posts = posts_until(context.account_id, as_of=context.as_of, since=since)
        return plan_draft(posts, given, context.as_of, brand=context.brand)

    def prompt(self, facts: ProducerFacts, context: AgentContext) -> Prompt | None:
        """Ask for the texts; of a draft that was sent back, for better ones."""
        captions = {"captions of the account": "\n".join(facts.captions)} if facts.captions else {}
        asked = Prompt(
            instruction=(
                "Write the texts of one TikTok video. caption: the text under the video, one to four "
                "sentences on the hook and the outline (on the topic where there is no hook), without "
                f"hashtags. hashtags: at most {MOST_HASHTAGS} of the hashtags among the facts, spelled "
                "as there, those that fit best; none if none fits. on_screen_text: 1 to "
                f"{facts.most_lines} lines of at most {LONGEST_LINE} characters that are shown one after the "
                "other, the hook first; no emoji. Write for the segment where there is one. Promise nothing "
                "the facts do not say and make none of the banned claims. Captions of the account stand "
                f"below for their tone. Locale: {context.locale!r}."
            ),
            facts=facts.model_copy(update={"captions": (), "feedback": ""}),
            untrusted=captions,
        )
        return mending(asked, facts.feedback)

    def compose(self, facts: ProducerFacts, words: ProducerWords | None) -> ProducerOutput:
        """Join the texts and check every limit.

        Raises `ValueError`, naming the field, where a text is missing, empty or too long, a hashtag was
        not offered or there are too many, or a text makes a banned claim.
        """
        if words is None:
            raise ValueError("There are no texts; write caption, hashtags and on_screen_text.")
        hashtags = _checked_hashtags(words.hashtags, facts)
        lines = _checked_lines(words.on_screen_text, facts)
        caption = _checked_caption(words.caption, hashtags)
        shown = [(f"Line {number} of on_screen_text", line) for number, line in enumerate(lines, start=1)]
        check_claims([("The caption", caption), *shown], facts.banned_claims)
        return ProducerOutput(
            **facts.model_dump(include=set(ProducerAnswer.model_fields)),
            caption=caption,
            caption_utf16_units=utf16_length(caption),
            hashtags=hashtags,
            on_screen_text=lines,
            settings=SettingsDraft(),
            brief=_brief(facts, lines),
        )

    def made(self, output: ProducerOutput) -> tuple[Made, ...]:
        """Keep the caption, and the draft of the video as a person reads it."""
        lines = "\n".join(f"{number}. {line}" for number, line in enumerate(output.on_screen_text, start=1))
        return Made("caption", output.caption), Made("draft", f"{output.brief.hook}\n\n{lines}\n")


def plan_draft(
    posts: Posts, given: ProducerInput, as_of: datetime, *, brand: BrandVoice | None = None
) -> ProducerFacts:
    """Return what a draft is made of, from posts in any order as they were at `as_of` (aware, UTC)."""
    idea = given.subject
    hook, outline = (idea.hook, idea.outline) if idea else ("", "")
    topic = " ".join((idea.topic if idea and idea.topic else given.topic).replace("#", " ").split())
    tags = (*(given.listing.hashtags if given.listing else ()), *given.hashtags)
    about = " ".join([topic, hook, *(f"#{tag.lstrip('#')}" for tag in tags)])
    related = _related(posts, about)
    return ProducerFacts(
        as_of=as_of,
        topic=topic,
        segment=given.segment.name if given.segment else "",
        duration_seconds=given.duration_seconds,
        note="" if brand else NO_BRAND,
        hook=" ".join(hook.split()),
        outline=" ".join(outline.split()),
        asset_brief=" ".join(given.asset_brief.split()),
        hashtags=offered_hashtags(posts, topic=topic, about=about),
        most_lines=min(MOST_LINES, given.duration_seconds // SECONDS_PER_LINE),
        banned_claims=brand.banned_claims if brand else (),
        captions=newest_captions(related or posts, most=MOST_SHOWN),
        feedback=given.feedback,
    )


def offered_hashtags(posts: Posts, *, topic: str, about: str) -> tuple[str, ...]:
    """Return the hashtags a draft may carry, normalised, the most fitting first, at most 15.

    The topic as a tag, the tags written in `about` (topic and hook), then the account's own: those of
    posts that share a term with `about`, or of all posts where none does, by how many of these carry
    them, then by how many posts do, then by name. Pleas for reach and advertising labels are never
    offered.
    """
    uses = Counter(tag for post in posts for tag in tags_of(post))
    fitting = Counter(tag for post in _related(posts, about) for tag in tags_of(post)) or uses
    own = sorted(fitting, key=lambda tag: (-fitting[tag], -uses[tag], tag))
    as_tag = "".join(filter(is_word_character, normalise_hashtag(topic)))
    written = [as_tag, *(found.tag for found in find_hashtags(about))]
    named = [tag for tag in written if is_topic_tag(tag) and tag not in LABEL_TAGS]
    return tuple(dict.fromkeys([*named, *own]))[:MOST_OFFERED]


def _related(posts: Posts, about: str) -> Posts:
    """Return the posts that share a term or tag with a text."""
    sought = {*terms(about), *(found.tag for found in find_hashtags(about))}
    return [post for post in posts if sought & words_of(post)]


def _checked_hashtags(proposed: Sequence[str], facts: ProducerFacts) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(filter(None, map(normalise_hashtag, proposed))))
    unknown = [tag for tag in tags if tag not in facts.hashtags]
    if unknown:
        raise ValueError(f"hashtags has {unknown[0]!r}, which was not offered; choose of {facts.hashtags!r}.")
    return tags


def _checked_lines(written: Sequence[str], facts: ProducerFacts) -> tuple[str, ...]:
    lines = tuple(" ".join(line.split()) for line in written)
    if not 1 <= len(lines) <= facts.most_lines:
        raise ValueError(f"on_screen_text has {len(lines)} lines; give 1 to {facts.most_lines}.")
    if "" in lines:
        raise ValueError("on_screen_text has an empty line; write something on each.")
    return lines


def _checked_caption(written: str, hashtags: Sequence[str]) -> str:
    """Return the caption with its hashtags."""
    text = written.strip()
    if not text:
        raise ValueError("caption is empty; write one to four sentences.")
    inside = find_hashtags(text)
    if inside:
        raise ValueError(f"caption holds the hashtag {inside[0].tag!r}; name hashtags in hashtags only.")
    caption = " ".join([text, *(f"#{tag}" for tag in hashtags)])
    if utf16_length(caption) > CAPTION_MAX_UTF16:
        raise ValueError(
            f"caption has {utf16_length(caption)} UTF-16 units with its hashtags; write at most "
            f"{CAPTION_MAX_UTF16}."
        )
    return caption


def _brief(facts: ProducerFacts, lines: Sequence[str]) -> StudioBrief:
    """Return the brief, the lines sharing the time evenly (seconds, rounded to 3 decimals)."""
    each = facts.duration_seconds / len(lines)
    return StudioBrief(
        duration_seconds=facts.duration_seconds,
        topic=facts.topic,
        hook=facts.hook or lines[0],
        outline=facts.outline,
        audience=facts.segment,
        wishes=facts.asset_brief,
        shots=tuple(
            Shot(
                line=line,
                starts_at_seconds=round(number * each, 3),
                ends_at_seconds=round((number + 1) * each, 3),
            )
            for number, line in enumerate(lines)
        ),
        avoid=facts.banned_claims,
    )


agent = ContentProducer()
