"""Do the agents find what is so, and nothing else? Their answers held against what was planted in a made world."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agents.contract import AgentContext
from agents.registry import AGENTS
from agents.runner import run_agent
from agents.sandbox.world.model import FactKind, PlantedFact, World

TOLERANCE = 0.01
"""How far a figure may be from the planted one, as a share of it; the figures are rounded to 4 decimals."""
SURE_FROM = 0.5
"""A shadowban is claimed from this probability on."""

Output = dict[str, Any]
Asking = Callable[[str, dict[str, Any], AgentContext], Output]
PROPOSED = "proposed"


@dataclass(frozen=True, slots=True)
class Claim:
    """Something an agent says is so, in the words of what is planted."""

    agent: str
    kind: FactKind | Literal["from_no_data"]
    handle: str
    subject: str = ""
    value: float | None = None

    def is_of(self, fact: PlantedFact) -> bool:
        """Return whether this is what was planted, its figure within the tolerance."""
        if (self.kind, self.handle, self.subject) != (fact.kind, fact.handle, fact.subject):
            return False
        return fact.value is None or (
            self.value is not None and abs(self.value - fact.value) <= TOLERANCE * abs(fact.value)
        )


@dataclass(frozen=True, slots=True)
class Truth:
    """What came of holding answers against a world: which facts each agent found or missed, and what is not so."""

    planted: tuple[PlantedFact, ...]
    missed: tuple[tuple[PlantedFact, str], ...]
    invented: tuple[Claim, ...]

    @property
    def found(self) -> int:
        """Return how many facts every agent found that should."""
        return len(self.planted) - len({fact for fact, _ in self.missed})

    @property
    def is_whole(self) -> bool:
        """Return whether all was found and nothing invented."""
        return not self.missed and not self.invented


FINDERS: Mapping[FactKind, tuple[str, ...]] = {
    FactKind.SUPPRESSED_ACCOUNT: ("account_health", "shadowban_check"),
    FactKind.VIRAL_WINNER: ("performance_feedback",),
    FactKind.COMMENT_CRISIS: ("comment_triage",),
    FactKind.LOW_STOCK: ("inventory_sync",),
    FactKind.OVERSOLD: ("inventory_sync",),
    FactKind.RISING_TREND: ("trend_watcher",),
    FactKind.OFF_BRAND_TREND: ("trend_watcher",),
    FactKind.NEAR_DUPLICATE_IDEA: ("content_ideator",),
    FactKind.BANNED_CLAIM: ("compliance",),
    FactKind.MISSING_DISCLOSURE: ("compliance",),
}
"""Which agents should find what."""


EMPTY_WITHOUT_DATA: Mapping[str, tuple[str, ...]] = {
    "account_health": ("overall_score", "shadowban_risk", "best_hours"),
    "ad_campaign_director": ("campaigns",),
    "audience_mapper": ("segments",),
    "catalog_sync": ("updated", "removed", "conflicts"),
    "comment_triage": ("items", "crises"),
    "compliance": ("findings", "blocked"),
    "content_ideator": ("ideas", "already_told"),
    "content_producer": ("segment",),
    "creator_outreach": ("creators", "drafts"),
    "inventory_sync": ("levels", "low_stock", "oversold"),
    "listing_optimizer": ("listings",),
    "live_stream_ops": ("pinned_products", "recap"),
    "performance_feedback": ("winners", "losers", "diagnosis", "next_moves"),
    "shadowban_check": ("probability", "confidence"),
    "trend_watcher": ("trends", "rising_hashtags", "off_brand"),
}
"""What no agent may fill about an account without data; what is made of a topic or a catalogue somebody gives stays."""


def run(name: str, given: dict[str, Any], context: AgentContext) -> Output:
    """Ask an agent as a workflow does. Raises what `run_agent` raises."""
    return run_agent(name, given, context).output


def check_world(world: World, contexts: Mapping[str, AgentContext], *, ask: Asking = run) -> Truth:
    """Ask every agent that should find something about every account (by handle), and compare.

    An account that is not in the world has no data: every agent there is is asked about it, and whatever it claims of
    it (`EMPTY_WITHOUT_DATA`) is invented. What is true of the
    world as a whole, such as a trend that is off brand for several brands, counts as invented nowhere it is so.
    """
    known = {account.handle for account in world.accounts}
    claims = [
        claim
        for context in contexts.values()
        for claim in (_claims if context.handle in known else _claims_from_no_data)(world, context, ask)
    ]
    missed = tuple(
        (fact, agent)
        for fact in world.facts
        for agent in FINDERS[fact.kind]
        if not any(claim.agent == agent and claim.is_of(fact) for claim in claims)
    )
    invented = tuple(claim for claim in claims if not _is_so(claim, world))
    return Truth(world.facts, missed, invented)


def _claims(world: World, context: AgentContext, ask: Asking) -> Iterator[Claim]:
    for agent, read in _READERS.items():
        output = ask(agent, _given(agent, world, context.handle), context)
        for kind, subject, value in read(output):
            yield Claim(agent, kind, context.handle, subject, value)


def _claims_from_no_data(world: World, context: AgentContext, ask: Asking) -> Iterator[Claim]:
    """Yield each field an agent fills for an account of which nothing is known; `subject` is the field."""
    for agent, fields in EMPTY_WITHOUT_DATA.items():
        output = ask(agent, _least_input(agent), context)
        yield from (
            Claim(agent, "from_no_data", context.handle, field) for field in fields if output.get(field)
        )


def _least_input(agent: str) -> dict[str, Any]:
    """Return the input an agent gives for an example; a draft of one's own, for compliance, would be data."""
    wanted = AGENTS[agent].Input
    extra = wanted.model_config.get("json_schema_extra")
    example = extra["examples"][0] if isinstance(extra, dict) and "examples" in extra else {}
    return {} if agent == "compliance" else dict(example)


def _given(agent: str, world: World, handle: str) -> dict[str, Any]:
    """Return the agent's input; what was proposed to post is the one thing that is not on the account."""
    ideas = [
        fact.subject
        for fact in world.facts
        if fact.kind == FactKind.NEAR_DUPLICATE_IDEA and fact.handle == handle
    ]
    return {"n": 1, PROPOSED: ideas} if agent == "content_ideator" else {}


def _is_so(claim: Claim, world: World) -> bool:
    if any(claim.is_of(fact) for fact in world.facts):
        return True
    if claim.kind == FactKind.OFF_BRAND_TREND:
        takes_off = {
            fact.subject
            for fact in world.facts
            if fact.kind in (FactKind.RISING_TREND, FactKind.OFF_BRAND_TREND)
        }
        return claim.subject in takes_off and not _is_own_trend(claim, world)
    return claim.kind == FactKind.RISING_TREND and _is_own_trend(claim, world)


def _is_own_trend(claim: Claim, world: World) -> bool:
    """Return whether the trend is one of the topics of the brand whose account it is claimed for."""
    for fact in world.facts:
        if fact.kind == FactKind.RISING_TREND and fact.subject == claim.subject:
            brand = next(
                brand
                for brand in world.brands
                if fact.handle in {account.handle for account in brand.accounts}
            )
            return claim.handle in {account.handle for account in brand.accounts}
    return False


Said = Iterable[tuple[FactKind, str, float | None]]


def _of_health(output: Output) -> Said:
    if output["shadowban_risk"] in ("medium", "high"):
        yield FactKind.SUPPRESSED_ACCOUNT, "", None


def _of_shadowban(output: Output) -> Said:
    if (output["probability"] or 0) >= SURE_FROM:
        yield FactKind.SUPPRESSED_ACCOUNT, "", None


def _of_feedback(output: Output) -> Said:
    return ((FactKind.VIRAL_WINNER, post["video_id"], post["views"]) for post in output["winners"])


def _of_triage(output: Output) -> Said:
    return ((FactKind.COMMENT_CRISIS, crisis["video_id"], crisis["negative"]) for crisis in output["crises"])


def _of_inventory(output: Output) -> Said:
    for level in output["low_stock"]:
        yield FactKind.LOW_STOCK, level["product_id"], level["days_of_cover"]
    for short in output["oversold"]:
        yield FactKind.OVERSOLD, short["product_id"], short["units_short"]


def _of_trends(output: Output) -> Said:
    for trend in output["trends"]:
        yield FactKind.RISING_TREND, trend["tag"], trend["velocity"]
    for tag in output["off_brand"]:
        yield FactKind.OFF_BRAND_TREND, tag, None


def _of_ideas(output: Output) -> Said:
    return ((FactKind.NEAR_DUPLICATE_IDEA, told["idea"], None) for told in output["already_told"])


_RULES = {
    "banned_claim": FactKind.BANNED_CLAIM,
    "missing_disclosure": FactKind.MISSING_DISCLOSURE,
}


def _of_compliance(output: Output) -> Said:
    for finding in output["findings"]:
        if finding["rule"] in _RULES:
            yield _RULES[finding["rule"]], finding["post"], None


_READERS: Mapping[str, Callable[[Output], Said]] = {
    "account_health": _of_health,
    "shadowban_check": _of_shadowban,
    "performance_feedback": _of_feedback,
    "comment_triage": _of_triage,
    "inventory_sync": _of_inventory,
    "trend_watcher": _of_trends,
    "content_ideator": _of_ideas,
    "compliance": _of_compliance,
}
"""What each agent's answer claims."""
