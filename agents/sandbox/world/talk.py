"""What people write under the posts of the made world: mostly friendly, sometimes not, and one storm."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from agents.sandbox.world.model import WorldComment, WorldPost

FRIENDLY = (
    *("love this", "great idea, thank you", "so beautiful", "this is perfect for us", "amazing work 👏"),
    *(
        "saved it, thanks",
        "best video of the week",
        "my mum will love it",
        "good one 🔥",
        "tried it, works great",
    ),
    *("me encanta", "danke, toll erklärt", "lindo demais", "so cool", "awesome, keep going"),
)
ASKING = (
    *("how long does it take?", "which size is that?", "does it work on tiles?", "where do you film?"),
    *("can you show the back?", "what is the song?", "wie lange dauert das?", "is there a bigger one?"),
)
BUYING = (
    *("where can i buy this", "how much is it", "do you ship to norway", "is it in stock", "need this now"),
    *(
        "was kostet die grosse",
        "cuánto cuesta",
    ),
)
PLAIN = (
    *("first", "same here", "watching this on the bus", "my dog stared at the screen", "day 12 of asking"),
    *("hello from lisbon", "the cat in the background", "me on a monday", "ok then", "that sound though"),
)
CROSS = (
    *(
        "mine arrived broken",
        "still waiting for my parcel",
        "not working for me",
        "bad light, could not see a thing",
    ),
    *("disappointed this time", "the worst one so far"),
)
STORM = (
    *(
        "it arrived broken and nobody answers",
        "refund please",
        "this is misleading",
        "total scam",
        "money back",
    ),
    *("mine never arrived", "i feel ripped off", "terrible, the handle came off", "broken after a day"),
    *("no response for two weeks", "awful quality", "so disappointed", "the worst purchase this year"),
    *("shame on you", "defective again", "kaputt nach einem tag", "estafa", "do not buy, it is not working"),
)
NAMES = (
    *(
        "ines",
        "tomasz",
        "okan",
        "maya",
        "leo",
        "bruna",
        "hanh",
        "pia",
        "noor",
        "sven",
        "kofi",
        "lucia",
        "ravi",
        "june",
    ),
)
CROSS_SHARE = 0.05
MOST_CROSS_A_DAY = 1
"""Under one post of an ordinary account, in the last day: far below what a storm is."""
STORM_COMMENTS = 30
STORM_HOURS = 18
DECAY_HOURS = 16.0


def with_comments(
    dice: Random, posts: Sequence[WorldPost], rate: float, as_of: datetime
) -> tuple[WorldPost, ...]:
    """Return the posts with what was written under each: by their views, soon after they were posted."""
    carried, talked = 0.0, []
    for post in posts:
        carried += post.views_at(as_of) * rate
        count, carried = int(carried), carried % 1
        talked.append(replace(post, comments=_under(dice, post, count, as_of)))
    return tuple(talked)


def with_storm(dice: Random, post: WorldPost, as_of: datetime) -> WorldPost:
    """Return the post with thirty complaints of the last hours under it."""
    angry = tuple(
        _comment(dice, dice.choice(STORM), as_of - timedelta(hours=dice.uniform(0.1, STORM_HOURS)))
        for _ in range(STORM_COMMENTS)
    )
    return replace(post, comments=_in_order((*post.comments, *angry)))


def cross_in_a_day(post: WorldPost, as_of: datetime) -> int:
    """Return how many comments of the last 24 hours under the post are complaints."""
    since = as_of - timedelta(days=1)
    return sum(one.created_at > since and one.text.startswith((*STORM, *CROSS)) for one in post.comments)


def _under(dice: Random, post: WorldPost, count: int, as_of: datetime) -> tuple[WorldComment, ...]:
    """Return so many comments, at most one cross one in the last day."""
    comments, cross = [], 0
    for _ in range(count):
        at = _moment(dice, post.created_at, as_of)
        is_late = at > as_of - timedelta(days=1)
        is_cross = dice.random() < CROSS_SHARE and not (is_late and cross >= MOST_CROSS_A_DAY)
        cross += is_cross and is_late
        comments.append(_comment(dice, _words(dice, is_cross=is_cross), at))
    return _in_order(comments)


def _moment(dice: Random, begun: datetime, as_of: datetime) -> datetime:
    """Return when a comment came: its delay is exponential with a mean of 16 hours, within what time there was."""
    room = (as_of - begun) / timedelta(hours=1)
    share = 1 - math.exp(-room / DECAY_HOURS)
    hours = -DECAY_HOURS * math.log(1 - dice.random() * share)
    return begun + timedelta(hours=min(hours, room))


def _words(dice: Random, *, is_cross: bool) -> str:
    if is_cross:
        return dice.choice(CROSS)
    return dice.choice(dice.choices((FRIENDLY, ASKING, BUYING, PLAIN), weights=(45, 15, 10, 30))[0])


def _comment(dice: Random, text: str, at: datetime) -> WorldComment:
    return WorldComment(
        comment_id=str(7 * 10**18 + dice.randrange(10**17, 10**18)),
        author=f"{dice.choice(NAMES)}.{dice.randrange(10, 9999)}",
        text=text,
        likes=int(dice.expovariate(0.4)),
        created_at=at,
    )


def _in_order(comments: Sequence[WorldComment]) -> tuple[WorldComment, ...]:
    return tuple(sorted(comments, key=lambda one: (one.created_at, one.comment_id)))
