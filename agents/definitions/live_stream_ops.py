"""A live show from plan to recap: what is shown when, what the host may say, what the chat needs, what came of it.

The plan is computed (`live_plan`). A recap goes by what is stored of the slot; what TikTok counts during a
show (viewers, gifts) is in no table an agent reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import AwareDatetime, ConfigDict, Field, ValidationInfo, field_validator

from agents.contract import Agent, AgentContext, BrandVoice, Made, ModelTier, Prompt, Typed
from agents.definitions.drafting import Feedback, check_claims, check_figures, check_keys, mending, unlinked
from agents.definitions.live_plan import (
    FEWEST_COMMENTS,
    LeftOut,
    ModerationCue,
    Part,
    PinnedProduct,
    Recap,
    Slot,
    cues_from,
    pin_products,
    recap_of,
    run_sheet,
)
from agents.skills.captions import fold, terms
from agents.skills.comment_classes import LINK, CommentClass, classify
from agents.skills.stock import VELOCITY_DAYS
from agents.skills.windows import posts_between
from tiktok_ops.content.figures import CommentFigures, OrderFigures, PostFigures, ProductFigures
from tiktok_ops.content.queries import comments_until, orders_between, posts_until, products_until

COMMENT_DAYS = 28
"""How far back comments tell what the chat will need."""

MOST_QUESTIONS = 5
LONGEST_QUESTION = 200
LONGEST_SAY = 300
LONGEST_LESSON = 400
MOST_TERMS = 3
LATEST_RECAP_DAYS = 30


class LiveInput(Typed):
    """When, who hosts, which products (else the shop's best sellers), how many at most, and when to look back.

    Without `recap_at` that is the slot's end; orders come in for a while after it, so a later time may be given.
    `feedback` is what was said of the words drafted before.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "slot": {"starts_at": "2026-01-10T18:00:00Z", "ends_at": "2026-01-10T19:00:00Z"},
                    "host": "Ada",
                },
            ]
        }
    )

    slot: Slot
    products: tuple[str, ...] = Field(default=(), max_length=100)
    host: str = Field(default="", max_length=80)
    max_pinned: int = Field(default=8, ge=1, le=20)
    recap_at: AwareDatetime | None = None
    feedback: Feedback = ""

    @field_validator("recap_at")
    @classmethod
    def _is_after_the_slot(cls, moment: datetime | None, info: ValidationInfo) -> datetime | None:
        slot: Slot | None = info.data.get("slot")
        if moment is None or slot is None:
            return moment
        latest = slot.ends_at + timedelta(days=LATEST_RECAP_DAYS)
        if not slot.ends_at <= moment <= latest:
            raise ValueError(
                f"the slot ends at {slot.ends_at.isoformat()}; give a time from then until {LATEST_RECAP_DAYS} "
                "days later, or leave it out"
            )
        return moment


class LiveAnswer(Typed):
    """What facts and output share; `recap` is None until the slot is over, or where nothing is stored of it.

    `recap_at` is when to ask for it.
    """

    as_of: AwareDatetime
    slot: Slot
    recap_at: AwareDatetime
    host: str
    enough_data: bool
    pinned_products: tuple[PinnedProduct, ...]
    left_out: tuple[LeftOut, ...]
    moderation_cues: tuple[ModerationCue, ...]
    recap: Recap | None
    note: str


class PlannedPart(Part):
    """A part to find words for; `terms` are of its product's title."""

    terms: tuple[str, ...]


class LiveFacts(LiveAnswer):
    """The plan; `titles` holds products' titles by the part's key, `questions` what viewers asked lately."""

    run_sheet: tuple[PlannedPart, ...]
    titles: dict[str, str]
    questions: tuple[str, ...]
    banned_claims: tuple[str, ...]
    feedback: str = ""


class AskedShow(Typed):
    """What the model is told: the parts, the host, what came of it, and what nobody may claim."""

    host: str
    run_sheet: tuple[PlannedPart, ...]
    recap: Recap | None
    banned_claims: tuple[str, ...]


class PartWords(Typed):
    """What the host may say in the part with this key."""

    key: str
    say: str = Field(max_length=LONGEST_SAY)


class LiveWords(Typed):
    """Words for each part, and what to do otherwise next time; empty before there is a recap."""

    run_sheet: tuple[PartWords, ...]
    lesson: str = Field(max_length=LONGEST_LESSON)


class SpokenPart(Part):
    """A part with what the host may say in it."""

    say: str


class LiveOutput(LiveAnswer):
    """The run sheet, the products, the cues, and after the slot its recap with a lesson."""

    run_sheet: tuple[SpokenPart, ...]
    lesson: str


class LiveStreamOps(Agent[LiveInput, LiveFacts, LiveWords, LiveOutput]):
    """Plans a show to the minute and counts what came of it; the model words what the host may say."""

    name = "live_stream_ops"
    purpose = "Plan a live show: run sheet, pinned products, moderation, and afterwards what came of it."
    model_tier = ModelTier.SMART
    Input = LiveInput
    Facts = LiveFacts
    Words = LiveWords
    Output = LiveOutput

    def compute(self, given: LiveInput, context: AgentContext) -> LiveFacts:
        """Read the shop and the comments of 28 days before the slot, and what is stored of the slot."""
        return plan_show(_read(given.slot, context), given, context.as_of, brand=context.brand)

    def prompt(self, facts: LiveFacts, context: AgentContext) -> Prompt | None:
        """Ask for the host's words, and for a lesson where there is a recap."""
        lesson = (
            "lesson: one or two sentences on what to do otherwise next time, going by the recap."
            if facts.recap
            else "lesson: an empty text, there is no recap yet."
        )
        untrusted = {f"product of {key}": title for key, title in facts.titles.items()}
        if facts.questions:
            untrusted["questions of viewers"] = "\n".join(facts.questions)
        prompt = Prompt(
            instruction=(
                "For each item of run_sheet write say: one to three sentences the host may say at the "
                f"beginning of that part, at most {LONGEST_SAY} characters; about its product where it has "
                "one, and about the questions of viewers in the questions. "
                f"{lesson} Write no figures, prices or links, promise nothing, and make none of the banned "
                "claims. Return every key exactly once. The products' titles, and what viewers asked lately, "
                f"stand below. Locale: {context.locale!r}."
            ),
            facts=AskedShow(
                host=facts.host,
                run_sheet=facts.run_sheet,
                recap=facts.recap and facts.recap.model_copy(update={"products": ()}),
                banned_claims=facts.banned_claims,
            ),
            untrusted=untrusted,
        )
        return mending(prompt, facts.feedback)

    def compose(self, facts: LiveFacts, words: LiveWords | None) -> LiveOutput:
        """Join the parts with their words, and the recap with its lesson.

        Raises `ValueError`, naming the part, where a key is missing, unknown or given twice, a text is
        empty, has a link or a figure nobody gave, or makes a banned claim.
        """
        said, lesson = _checked_words(facts, words)
        sheet = [part.model_dump(exclude={"terms"}) | {"say": said[part.key]} for part in facts.run_sheet]
        shared = facts.model_dump(include=set(LiveAnswer.model_fields))
        return LiveOutput.model_validate(shared | {"run_sheet": sheet, "lesson": lesson})

    def made(self, output: LiveOutput) -> tuple[Made, ...]:
        """Keep the run sheet with what the host may say."""
        parts = [f"{one.starts_at:%H:%M} {one.kind}: {one.say}\n" for one in output.run_sheet]
        return (Made("draft", "\n".join(parts)),) if parts else ()


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored about a show: the time before it, and the slot itself."""

    products: Sequence[ProductFigures] = ()
    comments_before: Sequence[CommentFigures] = ()
    posts: Sequence[PostFigures] = ()
    comments: Sequence[CommentFigures] = ()
    orders: Sequence[OrderFigures] = field(default=())


def _read(slot: Slot, context: AgentContext) -> Stored:
    account_id, as_of = context.account_id, context.as_of
    before = min(as_of, slot.starts_at)
    own = context.handle.lstrip("@").casefold()
    comments = [
        one
        for one in comments_until(account_id, as_of=as_of, since=before - timedelta(days=COMMENT_DAYS))
        if one.author.lstrip("@").casefold() != own
    ]
    until = min(as_of, slot.ends_at)
    return Stored(
        products=products_until(account_id, as_of=before, since=before - timedelta(days=VELOCITY_DAYS)),
        comments_before=[one for one in comments if one.created_at <= before],
        posts=posts_between(
            posts_until(account_id, as_of=until, since=slot.starts_at), after=slot.starts_at, until=until
        ),
        comments=[one for one in comments if slot.starts_at < one.created_at <= until],
        orders=orders_between(account_id, after=slot.starts_at, until=until),
    )


def plan_show(
    stored: Stored, given: LiveInput, as_of: datetime, *, brand: BrandVoice | None = None
) -> LiveFacts:
    """Return the plan and, once the data reach the end of the slot, the recap, as of `as_of` (aware, UTC).

    Pace and comments are those of the 28 days before the slot, or before `as_of` where the slot is still
    to come. `enough_data` is whether there is a product to show or a recap.
    """
    slot, before = given.slot, min(as_of, given.slot.starts_at)
    pinned, left_out = pin_products(
        stored.products, slot, named=given.products, most=given.max_pinned, until=before
    )
    is_over = as_of >= slot.ends_at
    recap = recap_of(slot, stored.posts, stored.comments, stored.orders, stored.products) if is_over else None
    titles = {one.product_id: one.title for one in pinned}
    sheet = run_sheet(slot, [one.product_id for one in pinned])
    return LiveFacts(
        as_of=as_of,
        slot=slot,
        recap_at=given.recap_at or slot.ends_at,
        host=" ".join(given.host.split()),
        enough_data=bool(pinned or recap),
        pinned_products=pinned,
        left_out=left_out,
        moderation_cues=cues_from(stored.comments_before),
        recap=recap,
        note=unlinked(brand, _note(stored, has_products=bool(pinned), is_over=is_over, recap=recap)),
        run_sheet=tuple(_planned(part, titles.get(part.product_id, "")) for part in sheet),
        titles={part.key: titles[part.product_id] for part in sheet if part.product_id},
        questions=_questions(stored.comments_before),
        banned_claims=brand.banned_claims if brand else (),
        feedback=given.feedback,
    )


def _planned(part: Part, title: str) -> PlannedPart:
    return PlannedPart(**part.model_dump(), terms=tuple(dict.fromkeys(terms(title)))[:MOST_TERMS])


def _questions(comments: Sequence[CommentFigures]) -> tuple[str, ...]:
    """Return the newest questions, each once, cut and on one line."""
    newest = sorted(comments, key=lambda one: (one.created_at, one.comment_id), reverse=True)
    asked = (one for one in newest if classify(one.text) == CommentClass.QUESTION)
    return tuple(dict.fromkeys(" ".join(one.text.split())[:LONGEST_QUESTION] for one in asked))[
        :MOST_QUESTIONS
    ]


def _note(stored: Stored, *, has_products: bool, is_over: bool, recap: Recap | None) -> str:
    sentences = []
    if not has_products:
        sentences.append("Not enough data: no product can be shown; the reasons stand beside each.")
    if len(stored.comments_before) < FEWEST_COMMENTS:
        sentences.append(
            f"Not enough data for the chat: that needs at least {FEWEST_COMMENTS} comments of the "
            f"{COMMENT_DAYS} days before, and there are {len(stored.comments_before)}."
        )
    if is_over and recap is None:
        sentences.append("Not enough data for a recap: nothing is stored of the time of the slot.")
    if not is_over:
        sentences.append("The data end before the slot does, so there is no recap yet.")
    return " ".join(sentences)


def _checked_words(facts: LiveFacts, words: LiveWords | None) -> tuple[dict[str, str], str]:
    given = [(one.key, " ".join(one.say.split())) for one in words.run_sheet] if words else []
    check_keys("run_sheet", [key for key, _ in given], [part.key for part in facts.run_sheet])
    lesson = " ".join(words.lesson.split()) if words and facts.recap else ""
    if facts.recap and not lesson:
        raise ValueError("lesson is empty; write one or two sentences.")
    said = [(f"The part {key!r}", text, facts.titles.get(key, "")) for key, text in given]
    for place, text, title in [*said, *([("The lesson", lesson, "")] if lesson else [])]:
        if not text:
            raise ValueError(f"{place} is empty; write one to three sentences.")
        if LINK.search(fold(text).text):
            raise ValueError(f"{place} has a link; write it without one.")
        check_figures([(place, text)], known=title)
        check_claims([(place, text)], facts.banned_claims)
    return dict(given), lesson


agent = LiveStreamOps()
