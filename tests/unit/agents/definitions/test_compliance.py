import random
from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.contract import AgentContext, BrandVoice
from agents.definitions.compliance import (
    PENALTIES,
    ComplianceFacts,
    Draft,
    Source,
    check_texts,
    texts_of_drafts,
    texts_of_posts,
)
from agents.definitions.compliance_rules import RULESETS, CheckedText, Severity
from tests.factories.figures import NOON, make_post, make_posts

BRAND = BrandVoice(name="Tea house", banned_claims=("best tea",))
CONTEXT = AgentContext(account_id=UUID(int=7), handle="demo", as_of=NOON, locale="de-CH", brand=BRAND)

CLEAN = "Ein ruhiger Tag"
INFO = "tea.ch"
LOW = "#a #b #c #d #e #f"
MEDIUM = "tee@tea.example"
HIGH = "Guaranteed returns"
CRITICAL = "The best tea"


def checked(*texts: str, banned: Sequence[str] | None = ("best tea",)) -> ComplianceFacts:
    return check_texts(texts_of_drafts([Draft(text=text) for text in texts]), banned_claims=banned)


def test_check_one_finding_gives_its_place_and_the_rule_s_own_fix() -> None:
    (found,) = checked("🙂 Guaranteed  RETURNS!").findings
    rule = next(rule for rule in RULESETS["tiktok"] if rule.id == "income_claim")
    assert found.model_dump() == {
        "key": "f1",
        "post": "draft-1",
        "rule": "income_claim",
        "severity": Severity.HIGH,
        "quote": "Guaranteed  RETURNS",
        "offset": 2,
        "length": 19,
        "explanation": "The text promises income or returns as certain.",
        "fix": rule.fix,
        "excerpt": "🙂 Guaranteed  RETURNS!",
    }


@pytest.mark.parametrize(
    ("texts", "score", "blocked"),
    [
        ((CLEAN,), 100, False),
        ((INFO,), 100, False),
        ((LOW,), 98, False),
        ((MEDIUM,), 90, False),
        ((HIGH,), 70, False),
        ((HIGH, CLEAN), 85, False),  # (70 + 100) / 2
        ((HIGH, HIGH, CLEAN), 80, False),  # (70 + 70 + 100) / 3
        ((f"{HIGH} {HIGH}", CLEAN), 70, False),  # (100 - 60 + 100) / 2
        ((LOW, CLEAN, CLEAN), 99.3333, False),  # 298 / 3
        ((f"{HIGH} {MEDIUM} {LOW}",), 58, False),  # 100 - 30 - 10 - 2
        ((f"{HIGH} {HIGH} {HIGH}",), 10, True),  # 100 - 90
        ((HIGH, HIGH, HIGH), 49, True),  # 70, but blocked
        ((CRITICAL,), 0, True),
        ((CRITICAL, CLEAN, CLEAN, CLEAN), 49, True),  # 75, but blocked
        ((CRITICAL, MEDIUM), 45, True),  # (0 + 90) / 2
        ((f"{CRITICAL} {HIGH}", CLEAN), 49, True),  # not below 0: (0 + 100) / 2 = 50
    ],
)
def test_check_scores_and_blocks_as_computed_by_hand(
    texts: tuple[str, ...], score: float, blocked: bool
) -> None:
    facts = checked(*texts)
    assert (facts.score, facts.blocked, facts.checked) == (score, blocked, len(texts))


def test_penalties_grow_with_severity() -> None:
    assert list(PENALTIES) == list(Severity)
    assert list(PENALTIES.values()) == [0, 2, 10, 30, 100]


def test_check_counts_every_severity_gravest_first() -> None:
    facts = checked(f"{CRITICAL} {HIGH} {HIGH}", f"{MEDIUM} {INFO}", LOW, CLEAN)
    assert list(facts.counts.items()) == [
        (Severity.CRITICAL, 1),
        (Severity.HIGH, 2),
        (Severity.MEDIUM, 1),
        (Severity.LOW, 1),
        (Severity.INFO, 1),
    ]


def test_check_orders_findings_by_severity_text_and_place() -> None:
    facts = checked(f"{INFO} {MEDIUM} {HIGH}", f"{HIGH} then {HIGH}", f"{CRITICAL} {MEDIUM}")
    assert [(found.key, found.post, found.severity, found.offset) for found in facts.findings] == [
        ("f1", "draft-3", "critical", 4),
        ("f2", "draft-1", "high", 23),
        ("f3", "draft-2", "high", 0),
        ("f4", "draft-2", "high", 24),
        ("f5", "draft-1", "medium", 7),
        ("f6", "draft-3", "medium", 13),
        ("f7", "draft-1", "info", 0),
    ]


def test_check_nothing_has_no_score_and_says_so() -> None:
    facts = check_texts([], source=Source.POSTS)
    assert (facts.checked, facts.score, facts.blocked, facts.findings) == (0, None, False, ())
    assert set(facts.counts.values()) == {0}
    assert facts.note == "There are no drafts and no posts to check."


def test_check_without_brand_says_that_claims_were_not_checked() -> None:
    facts = checked(CRITICAL, banned=None)
    assert (facts.findings, facts.score) == ((), 100)
    assert facts.note == "No brand is linked to this account, so banned claims were not checked."


def test_check_with_a_brand_without_banned_claims_has_no_note() -> None:
    assert checked(CRITICAL, banned=()).note == ""


def test_check_excerpt_is_the_text_around_the_place_and_bounded() -> None:
    text = "a" * 500 + f" {HIGH} " + "b" * 500
    (found,) = checked(text).findings
    assert found.offset == 501
    # 100 characters before the place, 200 from it on
    assert found.excerpt == "a" * 99 + f" {HIGH} " + "b" * (200 - len(HIGH) - 1)


def test_check_empty_caption_with_tags_beside_it_has_an_empty_quote() -> None:
    facts = check_texts([CheckedText("1", "", tuple("abcdef"))])
    (found,) = facts.findings
    assert (found.rule, found.quote, found.offset, found.length, found.excerpt) == (
        "too_many_hashtags",
        "",
        0,
        0,
        "",
    )


def test_check_unknown_ruleset_raises() -> None:
    with pytest.raises(KeyError, match="instagram"):
        check_texts([], ruleset="instagram")


pieces = st.sampled_from(
    [
        *(CRITICAL, HIGH, MEDIUM, LOW, INFO, CLEAN, "use my code ", "cures acne ", "READ THIS NOW PLEASE "),
        *("\u202e", "\u200b", "ß", "ﬁ", "🙂", "e\u0301", "İ", "x" * 800, " \n\t", "𝐛𝐞𝐬𝐭 𝐭𝐞𝐚", "#", "@", "."),
    ]
)
any_texts = st.one_of(st.text(max_size=60), st.lists(pieces, max_size=12).map("".join))


@given(texts=st.lists(any_texts, max_size=4), hashtags=st.lists(st.sampled_from("abcdefgh"), max_size=8))
@settings(deadline=None)
def test_check_any_texts_quotes_what_stands_there_and_scores_within_bounds(
    texts: list[str], hashtags: list[str]
) -> None:
    given_texts = [CheckedText(str(place), text, tuple(hashtags)) for place, text in enumerate(texts)]
    facts = check_texts(given_texts, banned_claims=("best tea", "ﬁ", ""))
    for found in facts.findings:
        text = texts[int(found.post)]
        assert found.quote == text[found.offset : found.offset + found.length]
        assert len(found.quote) == found.length
        assert found.quote in found.excerpt or found.length > 200
    assert [found.key for found in facts.findings] == [f"f{n + 1}" for n in range(len(facts.findings))]
    assert sum(facts.counts.values()) == len(facts.findings)
    assert facts.blocked == (facts.counts[Severity.CRITICAL] > 0 or facts.counts[Severity.HIGH] >= 3)
    if texts:
        assert facts.score is not None
        assert 0 <= facts.score <= (49 if facts.blocked else 100)


@given(texts=st.lists(any_texts, min_size=2, max_size=5), seed=st.integers())
@settings(deadline=None)
def test_check_in_another_order_finds_and_scores_the_same(texts: list[str], seed: int) -> None:
    given_texts = [CheckedText(str(place), text) for place, text in enumerate(texts)]
    shuffled = random.Random(seed).sample(given_texts, k=len(given_texts))
    one, other = (check_texts(order, banned_claims=("best tea",)) for order in (given_texts, shuffled))
    assert (one.score, one.blocked, one.counts) == (other.score, other.blocked, other.counts)
    assert {found.model_copy(update={"key": ""}) for found in one.findings} == {
        found.model_copy(update={"key": ""}) for found in other.findings
    }


def test_rulesets_hold_the_ten_rules_of_tiktok_with_their_severities() -> None:
    assert {rule.id: rule.severity for rule in RULESETS["tiktok"]} == {
        "caption_too_long": Severity.HIGH,
        "too_many_hashtags": Severity.LOW,
        "banned_claim": Severity.CRITICAL,
        "missing_disclosure": Severity.HIGH,
        "health_claim": Severity.HIGH,
        "income_claim": Severity.HIGH,
        "hidden_characters": Severity.MEDIUM,
        "contact_details": Severity.MEDIUM,
        "links": Severity.INFO,
        "shouting": Severity.INFO,
    }


def test_every_rule_says_where_it_comes_from_and_what_to_do() -> None:
    for rule in RULESETS["tiktok"]:
        assert rule.source
        assert rule.fix.endswith(".")
        assert rule.find.__doc__


def test_texts_of_drafts_are_called_by_id_or_place() -> None:
    drafts = [Draft(text="a #Tea"), Draft(text="b", id="mine"), Draft(text="c")]
    assert texts_of_drafts(drafts) == [
        CheckedText("draft-1", "a #Tea", ("tea",)),
        CheckedText("mine", "b"),
        CheckedText("draft-3", "c"),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_texts_of_posts_are_the_newest_newest_first(seed: int) -> None:
    posts = make_posts(10, seed=5)
    shuffled = random.Random(seed).sample(posts, k=10)
    assert [text.id for text in texts_of_posts(shuffled, max_posts=3)] == [
        post.video_id for post in reversed(posts[-3:])
    ]


def test_texts_of_posts_join_tags_in_and_beside_the_caption() -> None:
    post = make_post(caption="x #Tea #cup", hashtags=("#TEA", "milk"))
    (text,) = texts_of_posts([post], max_posts=5)
    assert (text.text, text.hashtags) == ("x #Tea #cup", ("tea", "cup", "milk"))
