"""What the studio is asked for: one clip, or those of a brief's shots, each with all a studio has to know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agents.contract import Typed
from agents.definitions.content_producer import Shot, StudioBrief
from agents.providers.studio.jobs import LONGEST_PROMPT, SHORTEST_SECONDS, Order

AVOID = "Never claim or show: "
SLACK_SECONDS = 0.002
"""Shots begin and end at rounded thousandths of a second."""


class Briefed(Typed):
    """What a job made of a brief is given."""

    brief: StudioBrief


def orders_of(given: Mapping[str, Any]) -> list[Order]:
    """Return the clips to order; raises pydantic's `ValidationError` for what nobody could make.

    Of a brief: one for each shot in order; what is shorter than a studio makes is one clip with its neighbour.
    """
    if "brief" not in given:
        return [Order.model_validate(given)]
    brief = Briefed.model_validate(given).brief
    takes = list(_takes(brief.shots))
    return [
        Order(prompt=_prompt(brief, take, number, len(takes)), seconds=round(_seconds(take), 3))
        for number, take in enumerate(takes, start=1)
    ]


def _takes(shots: Sequence[Shot]) -> Iterator[list[Shot]]:
    """Yield the shots in groups that are long enough; the last ones go with those before them."""
    take: list[Shot] = []
    left = list(shots)
    while left:
        take.append(left.pop(0))
        if _is_long_enough(take) and (_is_long_enough(left) or not left):
            yield take
            take = []


def _is_long_enough(take: Sequence[Shot]) -> bool:
    return bool(take) and _seconds(take) >= SHORTEST_SECONDS


def _seconds(take: Sequence[Shot]) -> float:
    seconds = take[-1].ends_at_seconds - take[0].starts_at_seconds
    return SHORTEST_SECONDS if abs(seconds - SHORTEST_SECONDS) <= SLACK_SECONDS else seconds


def _prompt(brief: StudioBrief, take: Sequence[Shot], number: int, of: int) -> str:
    """Return the words for one clip; of claims, wishes and outline what there is room for, of claims only whole ones.

    Whatever a brand forbids beyond that is looked for in every text of the post, and a person sees the film.
    """
    lines = " ".join(f"“{shot.line}”" for shot in take)
    must = [
        f"Upright video, {brief.aspect_ratio}; clip {number} of {of} that are shown one after the other.",
        f"On the screen: {lines}",
        f"The whole is about: {brief.hook}",
        f"For: {brief.audience}" if brief.audience else "",
    ]
    may = [
        f"What is to be seen: {brief.wishes}" if brief.wishes else "",
        f"Outline: {brief.outline}" if brief.outline else "",
    ]
    told = "\n".join(filter(None, must))
    if claims := _as_many(brief.avoid, room=LONGEST_PROMPT - len(told) - len(AVOID) - 1):
        told = f"{told}\n{AVOID}{claims}"
    for part in filter(None, may):
        room = LONGEST_PROMPT - len(told) - 1
        told = f"{told}\n{part[:room]}" if room > 0 else told
    return told


def _as_many(claims: Sequence[str], *, room: int) -> str:
    """Return the first of the claims, in a line of at most so many characters."""
    told = ""
    for claim in claims:
        more = f"{told}; {claim}" if told else claim
        if len(more) > room:
            break
        told = more
    return told
