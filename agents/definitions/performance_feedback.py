"""Which posts did far better or worse than the account's others, and in what the two kinds differ.

An account is measured against itself. A contrast is a difference seen, not a cause proven. The length
of a video is in no table an agent reads, so it is not compared.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from pydantic import AwareDatetime, Field

from agents.contract import Agent, AgentContext, ModelTier, Prompt, Typed
from agents.skills.hashtags import extract_hashtags, normalise_hashtag
from agents.skills.outliers import cliffs_delta, robust_log_scores
from agents.skills.statistics import Ratio, median
from agents.skills.windows import MATURE_DAYS, posts_between
from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.queries import posts_until

Posts = Sequence[PostFigures]
Trait = tuple[str, Callable[[PostFigures], float]]

REFERENCE_DAYS = 90
"""The posts a post is measured against go back this far, or as far as the window where that is longer."""

FEWEST_POSTS = 8
"""Measured posts; with fewer the answer is "not enough data"."""

WINNER_FROM = 1.5
LOSER_TO = -1.5
FEWEST_COMPARED = 3
"""Winners and losers each behind a contrast: of fewer it would tell about those posts, not about the kind."""

CONTRAST_FROM = 0.33
"""The least Cliff's delta that is more than small (Romano and others, 2006: 0.147, 0.33, 0.474)."""

MOST_LISTED = 20
LONGEST_EXAMPLE = 200
LONGEST_MOVE = 300
SATURDAY = 5


def _per_view(count: int, post: PostFigures) -> float:
    return count / post.views


def _hashtag_count(post: PostFigures) -> float:
    return len({*map(normalise_hashtag, post.hashtags), *extract_hashtags(post.caption)} - {""})


def _posted_between(start: int) -> Callable[[PostFigures], float]:
    return lambda post: float(start <= post.created_at.hour < start + 6)


TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        "caption_length": ("characters", lambda post: len(post.caption)),
        "hashtag_count": ("hashtags", _hashtag_count),
        "likes_rate": ("per view", lambda post: _per_view(post.likes, post)),
        "comments_rate": ("per view", lambda post: _per_view(post.comments, post)),
        "shares_rate": ("per view", lambda post: _per_view(post.shares, post)),
    }
)
"""What is compared by its median: its unit, and how it is read off a post with views."""

HABITS: Mapping[str, Trait] = MappingProxyType(
    {
        "posted_at_night": ("share posted 00:00 to 05:59 UTC", _posted_between(0)),
        "posted_in_the_morning": ("share posted 06:00 to 11:59 UTC", _posted_between(6)),
        "posted_in_the_afternoon": ("share posted 12:00 to 17:59 UTC", _posted_between(12)),
        "posted_in_the_evening": ("share posted 18:00 to 23:59 UTC", _posted_between(18)),
        "posted_at_the_weekend": (
            "share posted on Saturday or Sunday, UTC",
            lambda post: float(post.created_at.weekday() >= SATURDAY),
        ),
    }
)
"""What is compared by the share of the posts it is true of; hours in four bands, few posts fill no 24."""


class FeedbackInput(Typed):
    """How many days of posts to judge; the newest three are too young for it."""

    window_days: int = Field(default=28, ge=7, le=365)


class ScoredPost(Typed):
    """A post that stands out: `score` is its robust z-score, negative for a loser."""

    video_id: str
    created_at: AwareDatetime
    views: int
    score: Ratio


class Contrast(Typed):
    """One difference between winners and losers, in `unit`; `delta` is Cliff's, above 0 where winners have more."""

    key: str
    unit: str
    winners: Ratio
    losers: Ratio
    winner_posts: int
    loser_posts: int
    delta: Ratio


class FeedbackAnswer(Typed):
    """What facts and output share.

    `posts_measured` are the posts measured against, `posts_judged` those that got a score;
    `posts_too_young` and `posts_without_views` were left out. `winners` and `losers` list at most 20
    each, the most striking first; `winners_found` and `losers_found` count all.
    """

    as_of: AwareDatetime
    window_days: int
    enough_data: bool
    posts_measured: int
    posts_judged: int
    posts_too_young: int
    posts_without_views: int
    median_views: Ratio | None
    winners_found: int
    losers_found: int
    winners: tuple[ScoredPost, ...]
    losers: tuple[ScoredPost, ...]
    diagnosis: tuple[Contrast, ...]
    note: str


class FeedbackFacts(FeedbackAnswer):
    """The answer, and the listed posts' captions by video id, for the model to read."""

    captions: dict[str, str]


class NextMove(Typed):
    """What to do about the contrast with this key, in a sentence without figures."""

    key: str
    move: str


class FeedbackWords(Typed):
    """What the model writes: a move for each contrast."""

    diagnosis: tuple[NextMove, ...]


class FeedbackOutput(FeedbackAnswer):
    """Winners, losers, in what they differ, and a next move for each difference."""

    next_moves: tuple[NextMove, ...]


class PerformanceFeedback(Agent[FeedbackInput, FeedbackFacts, FeedbackWords, FeedbackOutput]):
    """Finds winners and losers and what sets them apart; the model only says what to do next."""

    name = "performance_feedback"
    purpose = "Find the posts that did far better or worse than usual, and in what they differ."
    model_tier = ModelTier.FAST
    Input = FeedbackInput
    Facts = FeedbackFacts
    Words = FeedbackWords
    Output = FeedbackOutput

    def compute(self, given: FeedbackInput, context: AgentContext) -> FeedbackFacts:
        """Read the posts that are measured against, and judge those of the window."""
        since = context.as_of - timedelta(days=max(given.window_days, REFERENCE_DAYS))
        return judge(posts_until(context.account_id, as_of=context.as_of, since=since), given, context.as_of)

    def prompt(self, facts: FeedbackFacts, context: AgentContext) -> Prompt | None:
        """Ask for moves, unless there is no contrast."""
        if not facts.diagnosis:
            return None
        return Prompt(
            instruction=(
                "For each item of diagnosis write a move: one sentence on what to try in the next posts, going "
                "by how the winners differ from the losers. Write no digits and no figures, they are shown "
                "next to your words. A difference is seen, not proven to be the cause. Return every key "
                f"exactly once, spelled as given. Locale: {context.locale!r}."
            ),
            facts=facts.model_copy(update={"captions": {}}),
            untrusted=facts.captions,
        )

    def compose(self, facts: FeedbackFacts, words: FeedbackWords | None) -> FeedbackOutput:
        """Join the facts and a move for each contrast, in the order of the contrasts.

        Raises `ValueError` where a key is missing, unknown or given twice, or a move is empty, too long
        or has digits: figures come from the facts alone.
        """
        moves = _checked_moves(facts, words)
        next_moves = [{"key": contrast.key, "move": moves[contrast.key]} for contrast in facts.diagnosis]
        return FeedbackOutput.model_validate(
            facts.model_dump(exclude={"captions"}) | {"next_moves": next_moves}
        )


@dataclass(frozen=True, slots=True)
class _Judged:
    """A post of the window with its score."""

    post: PostFigures
    score: float


def judge(posts: Posts, given: FeedbackInput, as_of: datetime) -> FeedbackFacts:
    """Return the facts about these posts, in any order, as they were at `as_of` (aware, UTC).

    Measured: posts with `as_of - max(90, window_days) days < created_at <= as_of - 3 days` that have
    views; a count a file leaves out is stored as 0, so no views may mean not known. Judged: those
    of the window. Score: `outliers.robust_log_scores` of views; winners from 1.5, losers to -1.5.
    """
    start = as_of - timedelta(days=max(given.window_days, REFERENCE_DAYS))
    mature_until = as_of - timedelta(days=MATURE_DAYS)
    mature = posts_between(posts, after=start, until=mature_until)
    measured = [post for post in mature if post.views]
    enough_data = len(measured) >= FEWEST_POSTS
    scores = robust_log_scores([post.views for post in measured]) if enough_data else None
    window_start = as_of - timedelta(days=given.window_days)
    judged = [
        _Judged(post, score)
        for post, score in zip(measured, scores or (), strict=False)
        if post.created_at > window_start
    ]
    winners = _ranked(one for one in judged if one.score >= WINNER_FROM)
    losers = _ranked(one for one in judged if one.score <= LOSER_TO)
    listed = [*winners[:MOST_LISTED], *losers[:MOST_LISTED]]
    return FeedbackFacts(
        as_of=as_of,
        window_days=given.window_days,
        enough_data=enough_data,
        posts_measured=len(measured),
        posts_judged=len(judged),
        posts_too_young=len(posts_between(posts, after=mature_until, until=as_of)),
        posts_without_views=len(mature) - len(measured),
        median_views=median(post.views for post in measured),
        winners_found=len(winners),
        losers_found=len(losers),
        winners=_listed(winners),
        losers=_listed(losers),
        diagnosis=_contrasts([one.post for one in winners], [one.post for one in losers]),
        note=_note(len(measured), has_spread=scores is not None, found=(len(winners), len(losers))),
        captions={one.post.video_id: text for one in listed if (text := _example(one.post))},
    )


def _ranked(judged: Iterable[_Judged]) -> list[_Judged]:
    """Return the most striking first; equals by time and id, so that the order given does not matter."""
    return sorted(judged, key=lambda one: (-abs(one.score), one.post.created_at, one.post.video_id))


def _listed(judged: Sequence[_Judged]) -> tuple[ScoredPost, ...]:
    return tuple(
        ScoredPost(
            video_id=one.post.video_id,
            created_at=one.post.created_at,
            views=one.post.views,
            score=one.score,
        )
        for one in judged[:MOST_LISTED]
    )


def _contrasts(winners: Posts, losers: Posts) -> tuple[Contrast, ...]:
    """Return the differences of more than small size, the clearest first; none of fewer than 3 posts a side."""
    if min(len(winners), len(losers)) < FEWEST_COMPARED:
        return ()
    found = [
        *(_contrast(key, trait, (winners, losers), _middle) for key, trait in TRAITS.items()),
        *(_contrast(key, trait, (winners, losers), _share) for key, trait in HABITS.items()),
    ]
    clear = [contrast for contrast in found if abs(contrast.delta) >= CONTRAST_FROM]
    return tuple(sorted(clear, key=lambda contrast: (-abs(contrast.delta), contrast.key)))


def _contrast(
    key: str, trait: Trait, sides: tuple[Posts, Posts], figure: Callable[[Sequence[float]], float]
) -> Contrast:
    unit, read = trait
    winners, losers = ([read(post) for post in side] for side in sides)
    return Contrast(
        key=key,
        unit=unit,
        winners=figure(winners),
        losers=figure(losers),
        winner_posts=len(winners),
        loser_posts=len(losers),
        delta=cliffs_delta(winners, losers) or 0.0,
    )


def _middle(values: Sequence[float]) -> float:
    return median(values) or 0.0


def _share(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _example(post: PostFigures) -> str:
    return " ".join(post.caption.split())[:LONGEST_EXAMPLE]


def _note(measured: int, *, has_spread: bool, found: tuple[int, int]) -> str:
    if measured < FEWEST_POSTS:
        return (
            f"Not enough data: a comparison needs at least {FEWEST_POSTS} posts with views that are "
            f"{MATURE_DAYS} days old or older, and this account has {measured}."
        )
    if not has_spread:
        return "More than half of the posts have the same views: there is no spread to measure a post by."
    if not any(found):
        return "No post of the window stands out."
    if min(found) < FEWEST_COMPARED:
        return (
            f"Winners and losers are not compared: that needs at least {FEWEST_COMPARED} of each, and there "
            f"are {found[0]} and {found[1]}."
        )
    return ""


def _checked_moves(facts: FeedbackFacts, words: FeedbackWords | None) -> dict[str, str]:
    expected = [contrast.key for contrast in facts.diagnosis]
    given = [(move.key, move.move.strip()) for move in words.diagnosis] if words else []
    keys = [key for key, _ in given]
    if sorted(keys) != sorted(expected):
        raise ValueError(f"diagnosis has the keys {keys!r}; give exactly one item for each of {expected!r}.")
    for key, move in given:
        if not 0 < len(move) <= LONGEST_MOVE:
            raise ValueError(
                f"The move for {key!r} has {len(move)} characters; write one sentence of at most {LONGEST_MOVE}."
            )
        if any(character.isdigit() for character in move):
            raise ValueError(f"The move for {key!r} has a figure: {move!r}; write it without digits.")
    return dict(given)


agent = PerformanceFeedback()
