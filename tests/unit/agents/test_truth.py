from dataclasses import replace
from typing import Any

import pytest

from agents.contract import AgentContext
from agents.registry import AGENTS
from agents.sandbox.world.build import build_world
from agents.sandbox.world.model import FactKind, PlantedFact, World
from agents.truth import EMPTY_WITHOUT_DATA, FINDERS, Claim, Truth, check_world, run
from agents.worlds import NO_DATA
from tests.factories.accounts import AccountFactory
from tests.factories.world import contexts_of
from tests.forms import times
from tests.unit.agents.sandbox.world.test_build import NOON
from tiktok_ops.accounts.models import TikTokAccount

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", range(times(long=50, short=0)))
def test_agents_find_every_planted_fact_and_invent_none(seed: int) -> None:
    world = build_world(seed, as_of=NOON)
    truth = check_world(world, contexts_of(world))
    assert truth.missed == ()
    assert truth.invented == ()
    assert truth.found == len(FactKind)


class Answers:
    """What agents answered once, to be answered again, changed where a test says so."""

    def __init__(self, world: World) -> None:
        self.contexts = contexts_of(world)
        self.changed: dict[tuple[str, str], dict[str, Any]] = {}
        self.known: dict[tuple[str, str], dict[str, Any]] = {}

    def __call__(self, agent: str, given: dict[str, Any], context: AgentContext) -> dict[str, Any]:
        key = (agent, context.handle)
        if key not in self.known:
            self.known[key] = run(agent, given, context)
        return self.known[key] | self.changed.get(key, {})

    def check(self, world: World) -> Truth:
        return check_world(world, self.contexts, ask=self)


def test_check_world_finds_everything_and_notices_what_is_missed_and_what_is_invented() -> None:
    world = build_world(3, as_of=NOON)
    answers = Answers(world)
    assert answers.check(world) == Truth(world.facts, missed=(), invented=())
    facts = {fact.kind: fact for fact in world.facts}
    hidden, storm = facts[FactKind.SUPPRESSED_ACCOUNT], facts[FactKind.COMMENT_CRISIS]
    calm = next(account.handle for account in world.accounts if account.handle != storm.handle)
    answers.changed[("shadowban_check", hidden.handle)] = {"probability": 0.1}
    answers.changed[("comment_triage", calm)] = {"crises": [{"video_id": "7", "negative": 9}]}
    truth = answers.check(world)
    assert truth.missed == ((hidden, "shadowban_check"),)
    assert truth.invented == (Claim("comment_triage", FactKind.COMMENT_CRISIS, calm, "7", 9),)
    assert (truth.found, truth.is_whole) == (len(FactKind) - 1, False)
    # A trend is off brand where it is no topic of the brand, and a topic where it is.
    trend = facts[FactKind.RISING_TREND]
    foreign = next(
        brand for brand in world.brands if trend.handle not in {one.handle for one in brand.accounts}
    )
    own = next(brand for brand in world.brands if trend.handle in {one.handle for one in brand.accounts})
    answers.changed = {
        ("trend_watcher", foreign.accounts[0].handle): {
            "trends": [{"tag": trend.subject, "velocity": 0.5}],
            "off_brand": ["made_up"],
        },
        ("trend_watcher", own.accounts[1].handle): {"trends": [], "off_brand": [trend.subject]},
    }
    invented = answers.check(world).invented
    assert [(claim.kind, claim.handle, claim.subject) for claim in invented] == [
        (kind, handle, subject)
        for account in world.accounts
        for kind, handle, subject in (
            (FactKind.RISING_TREND, foreign.accounts[0].handle, trend.subject),
            (FactKind.OFF_BRAND_TREND, foreign.accounts[0].handle, "made_up"),
            (FactKind.OFF_BRAND_TREND, own.accounts[1].handle, trend.subject),
        )
        if handle == account.handle
    ]


def test_every_agent_is_asked_about_an_account_without_data_and_what_one_claims_of_it_is_invented() -> None:
    world = replace(build_world(3, as_of=NOON), facts=())
    account: TikTokAccount = AccountFactory.create(handle=NO_DATA)
    contexts = {NO_DATA: AgentContext(account.id, NO_DATA, NOON)}
    asked: list[str] = []

    def ask(agent: str, given: dict[str, Any], context: AgentContext) -> dict[str, Any]:
        asked.append(agent)
        made_up = {"segments": [{"key": "s1"}]} if agent == "audience_mapper" else {}
        return run(agent, given, context) | made_up

    truth = check_world(world, contexts, ask=ask)
    assert sorted(asked) == sorted(AGENTS) == sorted(EMPTY_WITHOUT_DATA)
    assert truth.invented == (Claim("audience_mapper", "from_no_data", NO_DATA, "segments"),)


def test_fields_that_stay_empty_without_data_are_those_of_the_answers() -> None:
    for agent, fields in EMPTY_WITHOUT_DATA.items():
        assert set(fields) <= AGENTS[agent].Output.model_fields.keys(), agent


def test_facts_an_agent_computes_a_figure_for_carry_it() -> None:
    values = {fact.kind: fact.value for fact in build_world(3, as_of=NOON).facts}
    with_value = {kind for kind, value in values.items() if value is not None}
    assert with_value == {
        FactKind.VIRAL_WINNER, FactKind.COMMENT_CRISIS, FactKind.LOW_STOCK, FactKind.OVERSOLD, FactKind.RISING_TREND
    }  # fmt: skip
    assert 30 <= (values[FactKind.COMMENT_CRISIS] or 0) <= 32
    assert 0.25 <= (values[FactKind.RISING_TREND] or 0) < 1


def test_claim_is_of_a_fact_within_a_hundredth_of_its_figure() -> None:
    fact = PlantedFact(FactKind.LOW_STOCK, "velvetfern", "1", 2.0)
    claim = Claim("inventory_sync", FactKind.LOW_STOCK, "velvetfern", "1", 2.019)
    assert claim.is_of(fact)
    assert not replace(claim, value=2.021).is_of(fact)
    assert not replace(claim, value=None).is_of(fact)
    assert not replace(claim, handle="brothwell").is_of(fact)


def test_every_kind_of_fact_has_an_agent_that_should_find_it() -> None:
    assert set(FINDERS) == set(FactKind)
