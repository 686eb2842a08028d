"""Circles: named teams of an agent that drafts and another that reviews, before a person sees the draft."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from agents.registry import AGENTS
from tiktok_ops.registries import registry

MOST_ROUNDS = 2
"""How often a draft may go back at most; the design's number."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Who drafts, who reviews, both agents by their names, and how often a draft may go back, 1 to 2 times.

    `name` is permanent: definitions of workflows refer to it. Raises `ValueError` for a team that is none.
    """

    name: str
    label: str
    drafts: str
    reviews: str = "compliance"
    rounds: int = MOST_ROUNDS

    def __post_init__(self) -> None:
        for agent in (self.drafts, self.reviews):
            if agent not in AGENTS:
                raise ValueError(f"The circle {self.name!r} has the agent {agent!r}, which there is not.")
        if self.drafts == self.reviews:
            raise ValueError(
                f"In the circle {self.name!r} {self.drafts!r} would review itself: name another."
            )
        if not 1 <= self.rounds <= MOST_ROUNDS:
            raise ValueError(
                f"The circle {self.name!r} sends a draft back {self.rounds} times; say 1 to {MOST_ROUNDS}."
            )

    @property
    def in_words(self) -> str:
        """Who is in it and how often it goes round, as a sentence."""
        drafts, reviews = (name.replace("_", " ") for name in (self.drafts, self.reviews))
        times = "once" if self.rounds == 1 else "twice"
        return f"{self.label}: “{drafts}” drafts, “{reviews}” reviews, and a draft goes back at most {times}"


def by_name(circles: Iterable[Circle]) -> MappingProxyType[str, Circle]:
    """Return the circles by name; raises `ValueError` when two share one."""
    return registry(circles, name=lambda circle: circle.name, called="circles")


CIRCLES = by_name(
    [
        Circle("posts", "Posts", drafts="content_producer"),
        Circle("ideas", "Ideas", drafts="content_ideator"),
        Circle("replies", "Replies", drafts="comment_triage"),
        Circle("letters", "Letters", drafts="creator_outreach"),
        Circle("listings", "Listings", drafts="listing_optimizer"),
        Circle("ads", "Ads", drafts="ad_campaign_director"),
        Circle("shows", "Live shows", drafts="live_stream_ops"),
    ]
)
