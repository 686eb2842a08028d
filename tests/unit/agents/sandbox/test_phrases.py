"""Facts as English."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.sandbox import phrases
from agents.sandbox.phrases import NOTHING_KNOWN
from tests.unit.agents.sandbox.facts import any_facts

HEALTH: dict[str, Any] = {
    "as_of": "2026-11-20T12:00:00Z",
    "baseline": {"posts": 40, "median_views": 1500, "median_likes": None},
    "best_hours": [
        {"hour": 18, "posts": 5, "median_views": 3000.0},
        {"hour": 7, "posts": 3, "median_views": 1.0},
    ],
    "canaries": [
        {"name": "views", "tripped": True, "explanation": "Views fell."},
        {"name": "suppressed_posts", "tripped": False, "explanation": "None."},
        {"name": "comments", "tripped": None, "explanation": "Unknown."},
    ],
    "category": "watch",
    "engagement_trend": {"baseline": 0.06, "change": -0.1667, "direction": "falling", "window": 0.05},
    "enough_data": True,
    "overall_score": 72,
    "posts_considered": 52,
    "score_parts": {"reach": {"points": 30.1, "weight": 40}},
    "shadowban_risk": "medium",
    "window": {"posts": 1, "median_views": 1204.5, "comments_per_1000_views": 3.1234},
}


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, []),
        ({"posts": 12}, ["12 posts"]),
        ({"posts": 1}, ["1 post"]),
        ({"posts": 0}, ["0 posts"]),
        ({"fresh_posts": 1}, ["1 fresh post"]),
        ({"posts_considered": 1204}, ["1,204 posts considered"]),
        ({"views": 1204.5}, ["views of 1,204.5"]),
        ({"median_views": 1204.5}, ["a median of 1,204.5 views"]),
        ({"median": 3}, ["a median of 3"]),
        ({"posts_per_week": 3.5}, ["3.5 posts per week"]),
        ({"comments_per_1000_views": 3.0}, ["3 comments per 1,000 views"]),
        ({"overall_score": 72}, ["an overall score of 72"]),
        ({"score": 0.8123}, ["a score of 0.8123"]),
        ({"share": 0.0617}, ["a share of 6.17%"]),
        ({"share": 0.29}, ["a share of 29%"]),
        ({"share": 12}, ["a share of 12"]),
        ({"change": -0.1667}, ["a change of -16.67%"]),
        ({"lift": 1.836}, ["a lift of 1.84 times"]),
        ({"shadowban_risk": "medium"}, ["a medium shadowban risk"]),
        ({"severity": "info"}, ["an info severity"]),
        ({"category": "at risk"}, ["the category “at risk”"]),
        ({"blocked": True}, ["blocked"]),
        ({"blocked": False}, []),
        ({"score": None}, []),
        ({"as_of": "2026-11-20T12:00:00Z", "id": 7, "post_id": 8, "key": "s1", "url": "x"}, []),
        ({"created": "2026-11-20"}, []),
        ({"caption": "one two three four"}, []),
        ({"caption": ""}, []),
        ({"caption": "x" * 41}, []),
        ({"quote": "cures", "handle": "blick"}, []),
        ({"": 5, "_": 6, "-": "x"}, []),
        ({"parts": [1, 2], "window": {"posts": 1}}, []),
    ],
)
def test_phrases_of_facts_name_figures_in_words(facts: dict[str, Any], told: list[str]) -> None:
    assert phrases.phrases(facts) == told


def test_phrases_of_many_facts_begin_with_the_important_ones() -> None:
    facts = {"apples": 3, "median_likes": 2, "median_views": 1, "posts": 4, "share": 0.5, "score": 0.9}
    assert phrases.phrases(facts) == [
        "a score of 0.9",
        "a share of 50%",
        "a median of 1 views",
        "a median of 2 likes",
        "4 posts",
        "3 apples",
    ]


def test_summary_of_health_reads_as_a_person_would_write_it() -> None:
    assert phrases.summary_of(HEALTH) == (
        "The account shows an overall score of 72, a medium shadowban risk, the category “watch” and 52 "
        "posts considered. "
        "1 of 3 canaries is tripped: views. "
        "The window has a median of 1,204.5 views, 1 post and 3.12 comments per 1,000 views; "
        "the baseline has a median of 1,500 views and 40 posts. "
        "The engagement trend is falling, by 16.67%."
    )


@pytest.mark.parametrize(
    ("facts", "summary"),
    [
        ({}, NOTHING_KNOWN),
        ({"window": {}, "baseline": None}, NOTHING_KNOWN),
        ({"handle": "blick", "posts": 3}, "@blick shows 3 posts."),
        ({"window": {"posts": 3}}, "The window has 3 posts."),
        ({"baseline": {"posts": 3}}, "The baseline has 3 posts."),
        ({"trend": {"direction": "rising"}}, "The trend is rising."),
        ({"trend": {"direction": "steady", "change": None}}, "The trend is steady."),
        ({"trend": {"direction": None}}, NOTHING_KNOWN),
        ({"best_hours": HEALTH["best_hours"]}, "The best hours begin with 18:00 UTC and 07:00 UTC."),
        ({"trends": [{"tag": "#ramen"}, {"tag": "sushi"}]}, "The trends begin with #ramen and #sushi."),
        (
            {"findings": [{"rule": "medical_claim"}] * 5},
            "The findings begin with medical claim, medical claim and medical claim.",
        ),
        ({"notes": [{"a": 1}, {"a": 2}]}, "There are 2 notes."),
        ({"notes": [{"a": 1}]}, "There is 1 note."),
        ({"notes": [{}]}, "There is 1 note."),
        ({"notes": []}, NOTHING_KNOWN),
        (
            {"checks": [{"name": "a", "passed": True}, {"name": "b", "passed": True}]},
            "2 of 2 checks are passed: a and b.",
        ),
        ({"checks": [{"name": "a", "passed": False}]}, "None of 1 checks are passed."),
        ({"checks": [{"passed": True}]}, "1 of 1 checks is passed."),
    ],
)
def test_summary_of_parts_tells_each(facts: dict[str, Any], summary: str) -> None:
    assert phrases.summary_of(facts) == summary


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"tag": "ramen", "fit": 0.81, "velocity": 2.3},
            "#ramen stands out with a fit of 0.81 and a velocity of 2.3.",
        ),
        ({"tag": "#ramen"}, "Nothing more is known about #ramen."),
        ({"fit": 0.81}, "This stands out with a fit of 0.81."),
        ({"title": "one topic", "posts": 2}, "One topic stands out with 2 posts."),
        ({}, NOTHING_KNOWN),
        (
            {"share": 0.1, "lift": 2.0, "fit": 1.0, "velocity": 3.0},
            "This stands out with a share of 10%, a lift of 2 times and a fit of 1.",
        ),
    ],
)
def test_reason_for_item_tells_its_main_figures(facts: dict[str, Any], sentence: str) -> None:
    assert phrases.reason_for(facts) == sentence


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"rule": "medical_claim", "quote": "cures acne"},
            "Replace “cures acne” with wording that meets the medical claim rule.",
        ),
        ({"rule": "disclosure_rule"}, "Change the text so that it meets the disclosure rule."),
        ({"category": "links", "quote": None}, "Change the text so that it meets the links rule."),
        ({"quote": "cures"}, "Replace “cures” with wording that meets the rules."),
        ({"stock_days": 2, "sales": 9}, "Look at 9 sales and 2 stock days first."),
        ({}, NOTHING_KNOWN),
    ],
)
def test_remedy_for_item_says_what_to_do(facts: dict[str, Any], sentence: str) -> None:
    assert phrases.remedy_for(facts) == sentence


def test_remedy_for_long_quote_shortens_it() -> None:
    remedy = phrases.remedy_for({"rule": "x", "quote": "word " * 50})
    assert len(remedy) < 120
    assert "…”" in remedy


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"terms": ["#ramen", "street_food", "noodles"]}, "Ramen and street food"),
        ({"hashtags": ["ramen"]}, "Ramen"),
        ({"hashtags": [{"tag": "ramen"}, {"tag": "sushi"}]}, "Ramen and sushi"),
        ({"terms": ["ramen", "#ramen", "ramen"]}, "Ramen"),
        ({"terms": [], "key": "night-market"}, "Night market"),
        ({"tag": "#ramen"}, "Ramen"),
        ({"terms": [1, None, {"tag": 7}, {}, " # "]}, "Other posts"),
        ({}, "Other posts"),
    ],
)
def test_name_for_item_is_made_of_its_terms(facts: dict[str, Any], name: str) -> None:
    assert phrases.name_for(facts) == name


def test_traits_of_item_tell_terms_then_figures_but_no_score() -> None:
    facts = {"terms": ["ramen", "sushi"], "share": 0.42, "lift": 1.5, "score": 0.9}
    assert phrases.traits_of(facts) == [
        "Posts about ramen and sushi",
        "A share of 42%",
        "A lift of 1.5 times",
    ]
    assert phrases.traits_of({"posts": 3}) == ["3 posts"]


def test_hooks_for_item_use_its_terms() -> None:
    hooks = phrases.hooks_for({"terms": ["ramen", "sushi", "miso"]})
    assert hooks[:3] == [
        "What most people miss about ramen",
        "Three things to know about sushi",
        "Miso in under a minute",
    ]
    assert len(set(hooks)) == 5
    assert phrases.hooks_for({})[0] == "What most people miss about this"


def test_points_about_facts_are_sentences() -> None:
    assert phrases.points_about({"posts": 3, "share": 0.5}) == ["A share of 50%.", "3 posts."]
    assert phrases.points_about({}) == [NOTHING_KNOWN]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.0, "0"),
        (-0.00001, "0"),
        (1204, "1,204"),
        (1204.5, "1,204.5"),
        (1204.567, "1,204.57"),
        (3.0, "3"),
        (-2.5, "-2.5"),
        (0.12345, "0.1235"),
        (0.1, "0.1"),
        (10**400, f"{10**400:,}"),
    ],
)
def test_figure_shows_thousands_and_no_needless_zeros(value: float, shown: str) -> None:
    assert phrases.figure(value) == shown


@pytest.mark.parametrize(
    ("parts", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_joined_reads_as_a_list(parts: list[str], text: str) -> None:
    assert phrases.joined(parts) == text


@pytest.mark.parametrize(
    ("text", "longest", "short"),
    [
        ("one two three", 20, "one two three"),
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("onetwothree", 6, "onetw…"),
        ("one", 1, "…"),
        ("one", 0, ""),
    ],
)
def test_shortened_cuts_between_words(text: str, longest: int, short: str) -> None:
    assert phrases.shortened(text, longest) == short


@settings(deadline=None)
@given(st.text(), st.integers(min_value=0, max_value=50))
def test_shortened_never_exceeds_its_bound(text: str, longest: int) -> None:
    assert len(phrases.shortened(text, longest)) <= longest


@settings(deadline=None)
@given(any_facts)
def test_every_sentence_about_anything_is_text(facts: dict[str, Any]) -> None:
    for write in (
        phrases.sentence_about,
        phrases.summary_of,
        phrases.reason_for,
        phrases.remedy_for,
        phrases.name_for,
    ):
        assert write(facts)
    for listed in (phrases.traits_of(facts), phrases.hooks_for(facts), phrases.points_about(facts)):
        assert all(listed)
