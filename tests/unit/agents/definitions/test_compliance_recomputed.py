"""Score, counts and verdict again, from texts put together of parts whose findings are known."""

import random

import pytest

from agents.definitions.compliance import ComplianceFacts, Source, check_texts, texts_of_posts
from tests.factories.figures import NOON, make_post
from tiktok_ops.content.figures import PostFigures

# Each part brings exactly the finding named beside it, whatever stands around it.
PARTS = {
    "ein ruhiger Tag am See": None,
    "a cup of tea": None,
    "order at tea-house.ch": ("links", "info", "tea-house.ch", 0),
    "READ THIS NOW PLEASE": ("shouting", "info", "READ THIS NOW PLEASE", 0),
    "write to tee@tea.example": ("contact_details", "medium", "tee@tea.example", 10),
    "call +41 44 123 45 67": ("contact_details", "medium", "+41 44 123 45 67", 10),
    "in\u200bvisible": ("hidden_characters", "medium", "\u200b", 10),
    "it cures acne": ("health_claim", "high", "cures acne", 30),
    "garantierte Rendite": ("income_claim", "high", "garantierte Rendite", 30),
    "the Best  Tea": ("banned_claim", "critical", "Best  Tea", 100),
}
SEEDS = range(12)


def account(seed: int) -> tuple[list[PostFigures], list[list[str]]]:
    """Posts of one to four parts, newest first, and the parts of each."""
    rng = random.Random(seed)
    harmless = [
        part for part, finding in PARTS.items() if finding is None or finding[1] in ("info", "medium")
    ]
    pool = list(PARTS) if seed % 2 else harmless
    chosen = [rng.sample(pool, k=rng.randint(1, 4)) for _ in range(rng.randint(1, 15))]
    posts = [
        make_post(
            video_id=str(n),
            caption=" 🙂 ".join(parts),
            hashtags=(),
            created_at=NOON.replace(minute=59 - n),
        )
        for n, parts in enumerate(chosen)
    ]
    return posts, chosen


def facts_of(posts: list[PostFigures]) -> ComplianceFacts:
    texts = texts_of_posts(posts, max_posts=500)
    return check_texts(texts, source=Source.POSTS, banned_claims=("best tea",))


@pytest.mark.parametrize("seed", SEEDS)
def test_findings_recomputed_are_those_of_the_parts(seed: int) -> None:
    posts, chosen = account(seed)
    expected = []
    for post, parts in zip(posts, chosen, strict=True):
        for part in parts:
            finding = PARTS[part]
            if finding:
                rule, severity, quote, _ = finding
                offset = post.caption.index(part) + part.index(quote)
                expected.append((post.video_id, rule, severity, quote, offset, len(quote)))
    found = [
        (one.post, one.rule, one.severity.value, one.quote, one.offset, one.length)
        for one in facts_of(posts).findings
    ]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_and_verdict_recomputed_are_those_of_the_parts(seed: int) -> None:
    posts, chosen = account(seed)
    counts = {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0}
    for parts in chosen:
        for part in parts:
            finding = PARTS[part]
            if finding:
                counts[finding[1]] += 1
    facts = facts_of(posts)
    assert {severity.value: count for severity, count in facts.counts.items()} == counts
    assert facts.blocked == (counts["critical"] >= 1 or counts["high"] >= 3)
    assert facts.checked == len(posts)


@pytest.mark.parametrize("seed", SEEDS)
def test_score_recomputed_is_the_mean_of_what_each_text_keeps(seed: int) -> None:
    posts, chosen = account(seed)
    kept = 0
    for parts in chosen:
        points = 100
        for part in parts:
            finding = PARTS[part]
            points -= finding[3] if finding else 0
        kept += max(points, 0)
    mean = kept / len(chosen)
    facts = facts_of(posts)
    assert facts.score == round(min(mean, 49) if facts.blocked else mean, 4)


def test_accounts_recomputed_are_blocked_and_not_blocked() -> None:
    assert {facts_of(account(seed)[0]).blocked for seed in SEEDS} == {True, False}
