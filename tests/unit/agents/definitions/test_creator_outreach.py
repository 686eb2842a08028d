"""Overlaps by hand, who is found in which order, and letters that cannot be sent without a disclosure."""

import math
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.contract import AgentContext, BrandVoice, ModelTier
from agents.definitions.creator_outreach import (
    DISCLOSURES,
    GREETINGS,
    AudienceShare,
    LetterWords,
    OutreachFacts,
    OutreachInput,
    OutreachOutput,
    OutreachWords,
    agent,
    language_of,
    match_creators,
    overlap,
)
from agents.registry import AGENTS
from agents.runner import run_agent
from agents.skills.captions import utf16_length
from agents.skills.disclosures import find_disclosures
from tests.factories.accounts import AccountFactory
from tests.factories.agents import asked, scripted
from tests.factories.figures import NOON
from tiktok_ops.content.figures import CreatorFigures
from tiktok_ops.content.models import Creator
from tiktok_ops.content.queries import creators_known_to

BRAND = BrandVoice(name="Tea house", banned_claims=("heals",))
CONTEXT = AgentContext(account_id=UUID(int=7), handle="teahouse", as_of=NOON, locale="en-GB", brand=BRAND)


def segment(name: str, share: float = 1.0, *terms: str) -> AudienceShare:
    return AudienceShare(name=name, share=share, terms=terms)


TEA, LAMP = segment("Tea people", 0.6, "tea", "coldbrew"), segment("Night owls", 0.4, "lamp")


def creator(
    handle: str, followers: int = 100, engagement: float | None = 0.1, **segments: float
) -> CreatorFigures:
    return CreatorFigures(handle, followers, engagement, segments)


def match(*creators: CreatorFigures, context: AgentContext = CONTEXT, **given: Any) -> OutreachFacts:
    return match_creators(creators, OutreachInput(**({"segments": (TEA, LAMP)} | given)), context)


def handles(facts: OutreachFacts) -> list[str]:
    return [one.handle for one in facts.creators]


def test_describe_agent_by_its_permanent_name() -> None:
    assert AGENTS["creator_outreach"] is agent
    assert (agent.name, agent.model_tier) == ("creator_outreach", ModelTier.SMART)
    assert (agent.Input, agent.Facts, agent.Words, agent.Output) == (
        OutreachInput,
        OutreachFacts,
        OutreachWords,
        OutreachOutput,
    )


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        # Theirs by their sum: tea 0.5, lamp 0.5. Smaller: 0.5 + 0.4; larger: 0.6 + 0.5.
        ({"tea": 3, "lamp": 3}, 0.9 / 1.1),
        # Tea 0.75, cars 0.25: smaller 0.6; larger 0.75 + 0.4 + 0.25.
        ({"Tea people": 30, "cars": 10}, 0.6 / 1.4),
        ({"tea": 0.6, "lamp": 0.4}, 1.0),
        ({"TEA": 0.3, "#coldbrew": 0.3, "lamp": 0.4}, 1.0),  # two names of one segment add up
        ({"cars": 1}, 0.0),
    ],
)
def test_overlap_of_two_audiences_by_hand(theirs: dict[str, float], expected: float) -> None:
    assert overlap((TEA, LAMP), theirs) == pytest.approx(expected, abs=1e-12)


def test_overlap_takes_a_name_before_a_term_and_the_first_of_several() -> None:
    first, second = segment("Evening", 0.5, "tea"), segment("tea", 0.5, "lamp")
    assert overlap((first, second), {"tea": 1}) == pytest.approx(0.5 / 1.5)
    assert match(creator("aa", tea=1), segments=(first, second)).drafts[0].shared == ("tea",)
    twice = (segment("A", 0.5, "lamp"), segment("B", 0.5, "lamp"))
    assert match(creator("aa", lamp=1), segments=twice).drafts[0].shared == ("A",)


def test_overlap_with_shares_of_nothing_counts_segments_alike() -> None:
    assert overlap((segment("a", 0), segment("b", 0)), {"a": 1, "b": 1}) == 1


def test_overlap_knows_our_places_from_their_names() -> None:
    assert overlap((segment("tea"),), {"ours 0": 1, "0": 1}) == 0


@pytest.mark.parametrize(
    ("theirs", "expected", "shared"),
    [
        # Only soup (0.6 of ours) is food: smaller 0.6; larger 1 + 0.4.
        ({"Food & Beverages": 1}, 0.6 / 1.4, ("Soup",)),
        # Food and kitchen half each; soup has all food, pans all of the kitchen: smaller 0.5 + 0.4, larger 0.6 + 0.5.
        ({"Food & Beverages": 0.5, "kitchenware": 0.5}, 0.9 / 1.1, ("Soup", "Pans")),
        ({"Pet Supplies": 1}, 0.0, ()),
        ({"850000": 1}, 0.0, ()),  # an id nobody knows the name of
        # One category weighs half: smaller 0.5; larger 0.6 + 0.4 + 0.5.
        ({"Food & Beverages": 0.5, "Pet Supplies": 0.5}, 0.5 / 1.5, ("Soup",)),
    ],
)
def test_overlap_with_a_category_of_the_shop_by_hand(
    theirs: dict[str, Any], expected: float, shared: tuple[str, ...]
) -> None:
    ours = (segment("Soup", 0.6, "broth"), segment("Pans", 0.4, "ironpan", "cookware"))
    assert overlap(ours, theirs) == pytest.approx(expected, abs=1e-12)
    found = match(creator("mia", **theirs), segments=ours, min_overlap=0)
    assert [slot.shared for slot in found.drafts] == ([shared] if shared else [])


def test_overlap_divides_a_category_among_our_segments_of_it_as_we_share() -> None:
    ours = (segment("Soup", 3, "broth"), segment("Bread", 1, "sourdough"))
    assert overlap(ours, {"Food & Beverages": 1}) == 1
    assert overlap((segment("Soup", 0), segment("Bread", 0)), {"Food & Beverages": 1}) == 1
    # What has the category's own name is it, and nothing else is.
    assert overlap((segment("Food & Beverages", 0.5), segment("Soup", 0.5)), {"Food & Beverages": 1}) == (
        pytest.approx(0.5 / 1.5)
    )


WEIGHTS = st.dictionaries(st.sampled_from(["tea", "lamp", "cars", "desk"]), st.floats(0.01, 100), min_size=1)


@given(WEIGHTS, WEIGHTS, st.floats(0.01, 100))
def test_overlap_of_any_two_is_symmetric_bounded_and_blind_to_size(
    left: dict[str, float], right: dict[str, float], scale: float
) -> None:
    """For shares a and b that each add up to 1, it is s / (2 - s), s being the sum of the smaller ones."""

    def ours(weights: dict[str, float]) -> list[AudienceShare]:
        return [segment(name, weight) for name, weight in weights.items()]

    found = overlap(ours(left), right)
    smaller = math.fsum(
        min(left[name] / sum(left.values()), right[name] / sum(right.values()))
        for name in left.keys() & right.keys()
    )
    assert found == pytest.approx(smaller / (2 - smaller), abs=1e-9)
    assert found == pytest.approx(overlap(ours(right), left), abs=1e-9)
    larger = {name: weight * scale for name, weight in right.items()}
    assert found == pytest.approx(overlap(ours(left), larger), abs=1e-9)
    assert 0 <= found <= 1


def test_match_finds_who_shares_enough_best_first() -> None:
    facts = match(
        creator("near", tea=0.6, lamp=0.4),
        creator("far", cars=1),
        creator("half", tea=1),  # smaller 0.6, larger 1.4: 0.4286
        creator("none"),
    )
    assert [(one.handle, one.overlap, one.reach, one.engagement) for one in facts.creators] == [
        ("near", 1.0, 100, 0.1),
        ("half", 0.4286, 100, 0.1),
    ]
    assert (facts.creators_considered, facts.creators_without_segments, facts.creators_found) == (3, 1, 2)
    assert [slot.shared for slot in facts.drafts] == [("Tea people", "Night owls"), ("Tea people",)]
    assert facts.note == ""


def test_match_draws_the_line_at_the_overlap_itself() -> None:
    # Of four alike they have three: 0.75 each against thirds... smaller 3 * 0.25, larger 1 + 3 * (1/3 - 0.25)
    # = 0.75 / 1.25 = 0.6.
    four = tuple(segment(name) for name in "abcd")
    assert handles(match(creator("xx", a=1, b=1, c=1), segments=four, min_overlap=0.6)) == ["xx"]
    assert handles(match(creator("xx", a=1, b=1, c=1), segments=four, min_overlap=0.6001)) == []


def test_match_with_a_least_overlap_of_nothing_still_wants_something_shared() -> None:
    assert handles(match(creator("far", cars=1), creator("near", tea=1, cars=9), min_overlap=0)) == ["near"]


def test_match_orders_equals_by_engagement_followers_and_handle() -> None:
    facts = match(
        creator("bb", 200, 0.1, tea=1),
        creator("aa", 200, 0.1, tea=1),
        creator("big", 900, 0.1, tea=1),
        creator("warm", 1, 0.2, tea=1),
        creator("silent", 9_999, None, tea=1),
        creator("cold", 1, 0.0, tea=1),
    )
    assert handles(facts) == ["warm", "big", "aa", "bb", "cold", "silent"]
    assert facts.creators[-1].engagement is None
    some = match(*(creator(f"c{n}", tea=1) for n in range(5)), max_creators=2)
    assert (handles(some), some.creators_found) == (["c0", "c1"], 5)


def test_match_leaves_the_account_itself_out() -> None:
    assert handles(match(creator("TeaHouse", tea=1), creator("other", tea=1))) == ["other"]


@pytest.mark.parametrize("handle", ["", "a", "two words", "evil.shop/x", "line\nbreak", "a" * 25, "ä_b"])
def test_match_leaves_out_what_is_no_handle(handle: str) -> None:
    facts = match(creator(handle, tea=1), creator("@mia", tea=1))
    assert (handles(facts), facts.creators_considered) == (["@mia"], 1)


@pytest.mark.parametrize(
    ("creators", "given", "note", "enough"),
    [
        ([creator("aa", tea=1)], {"segments": ()}, "Not enough data: there is no segment to compare", False),
        (
            [creator("aa")],
            {},
            "Not enough data: no creator this workspace knows has audience segments.",
            False,
        ),
        ([creator("aa", cars=1)], {}, "No creator shares 0.3 or more of the audience; try a lower", True),
    ],
)
def test_match_with_nobody_says_why_and_asks_no_model(
    creators: list[CreatorFigures], given: Any, note: str, enough: bool
) -> None:
    facts = match(*creators, **given)
    assert facts.note.startswith(note)
    assert (facts.enough_data, facts.creators, facts.drafts) == (enough, (), ())
    assert agent.prompt(facts, CONTEXT) is None
    assert agent.compose(facts, None).drafts == ()


def test_match_without_a_brand_writes_as_the_account_and_says_so() -> None:
    alone = AgentContext(account_id=UUID(int=7), handle="@teahouse", as_of=NOON)
    facts = match(creator("aa", tea=1), context=alone)
    assert (facts.sender, facts.banned_claims) == ("@teahouse", ())
    assert facts.note == "No brand is linked to this account, so banned claims were not checked."


@pytest.mark.parametrize(
    ("locale", "language"), [("de-CH", "de"), ("DE", "de"), ("de_AT", "de"), ("fr", "en"), ("", "en")]
)
def test_frame_letters_in_a_language_there_are_words_for(locale: str, language: str) -> None:
    assert language_of(locale) == language


def test_frame_letters_with_a_sentence_that_is_a_disclosure() -> None:
    assert GREETINGS.keys() == DISCLOSURES.keys()
    assert all(find_disclosures(sentence) for sentence in DISCLOSURES.values())


def test_prompt_tells_the_model_neither_handles_nor_figures() -> None:
    prompt = agent.prompt(match(creator("secret.person", 12_345, tea=1)), CONTEXT)
    assert prompt is not None
    assert prompt.untrusted == {}
    assert prompt.facts.model_dump() == {
        "drafts": ({"key": "c1", "shared": ("Tea people",)},),
        "banned_claims": ("heals",),
    }
    assert "secret" not in prompt.instruction
    assert "'en-GB'" in prompt.instruction


def words(*drafts: tuple[str, str]) -> OutreachWords:
    return OutreachWords(drafts=tuple(LetterWords(key=key, message=message) for key, message in drafts))


def test_compose_puts_greeting_and_disclosure_around_each_message() -> None:
    facts = match(creator("mia", tea=0.6, lamp=0.4), creator("leo", tea=1))
    output = agent.compose(facts, words(("c2", "Night?"), ("c1", " Tea? ")))
    assert [one.creator for one in output.drafts] == ["mia", "leo"]
    assert output.drafts[0].message == f"Hi @mia, this is Tea house.\n\nTea?\n\n{DISCLOSURES['en']}"
    assert output.drafts[1].message.startswith("Hi @leo, this is Tea house.\n\nNight?")


def test_compose_with_the_longest_message_stays_within_the_limit() -> None:
    facts = match(creator("a" * 24, tea=1))
    (draft,) = agent.compose(facts, words(("c1", "a" * 1_200))).drafts
    assert utf16_length(draft.message) <= 2_000
    with pytest.raises(ValueError, match="UTF-16 units with greeting and disclosure; the most is 2000"):
        agent.compose(facts, words(("c1", "🫖" * 1_200)))


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (" ", "The message 'c1' is empty"),
        ("See tea.shop", "The message 'c1' has a link or a handle"),
        ("Ask @boss", "The message 'c1' has a link or a handle"),
        ("We pay 500 a post", "The message 'c1' has the figure '500', which nobody gave"),
        ("Our tea HEALS", "The message 'c1' claims 'heals'"),
    ],
)
def test_compose_with_a_message_that_may_not_be_sent_says_why(message: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        agent.compose(match(creator("mia", tea=1)), words(("c1", message)))


def test_compose_without_every_message_names_the_keys() -> None:
    with pytest.raises(ValueError, match=r"drafts has the keys \[\]; give exactly one item for each of"):
        agent.compose(match(creator("mia", tea=1)), None)


@pytest.mark.parametrize("given", [{"min_overlap": 1.1}, {"max_creators": 0}, {"max_creators": 51}])
def test_input_out_of_bounds_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OutreachInput(**given)


@pytest.mark.django_db
def test_read_creators_of_the_workspace_without_what_is_no_weight() -> None:
    account, other = AccountFactory.create(), AccountFactory.create()
    stored: Any = {"tea": 2, "a": -1, "b": "x", "c": True, "d": None, "e": 0, "f": 0.5}
    for workspace, handle, segments in (
        (account.workspace, "mia", stored),
        (account.workspace, "ada", ["tea"]),
        (other.workspace, "theirs", {"tea": 1}),
    ):
        Creator.objects.create(workspace=workspace, handle=handle, followers=5, segments=segments)
    assert creators_known_to(account.id) == [
        CreatorFigures("ada", 5, None, {}),
        CreatorFigures("mia", 5, None, {"tea": 2.0, "f": 0.5}),
    ]


@pytest.mark.django_db
def test_run_in_the_sandbox_drafts_a_letter_to_each() -> None:
    account = AccountFactory.create()
    for handle in ("mia", "leo"):
        Creator.objects.create(workspace=account.workspace, handle=handle, segments={"tea": 1, "7up": 1})
    context = AgentContext(account_id=account.id, handle="demo", as_of=NOON, brand=BRAND)
    segments = [{"name": "Tea 2025", "terms": ["tea"], "share": 0.4, "hooks": ["x"], "lift": 2.0}]
    answer = run_agent("creator_outreach", {"segments": segments}, context).output
    assert [one["creator"] for one in answer["drafts"]] == ["leo", "mia"]
    assert all("Tea, and think" in one["message"] for one in answer["drafts"])


@pytest.mark.django_db
def test_run_with_a_promise_of_money_asks_once_more_and_says_why() -> None:
    account = AccountFactory.create()
    Creator.objects.create(workspace=account.workspace, handle="mia", segments={"tea": 1})
    context = AgentContext(account_id=account.id, handle="demo", as_of=NOON, brand=BRAND)
    lines = [{"drafts": [{"key": "c1", "message": text}]} for text in ("We pay 500.", "Tea?")]
    with override_settings(PROVIDERS=scripted(lines)):
        answer = run_agent("creator_outreach", {"segments": [TEA.model_dump()]}, context).output
        assert "The message 'c1' has the figure '500', which nobody gave" in asked()[1].user
    assert "Tea?" in answer["drafts"][0]["message"]
