"""What a policy makes of findings."""

import pytest

from agents.guardrails.findings import Category, Finding, Place
from agents.guardrails.policy import PRESETS, CustomPattern, Policy, Preset, Verdict, _preset, gravest
from agents.guardrails.regions import regions_of
from agents.guardrails.registry import DETECTORS, detectors_at
from agents.guardrails.words import lines_of
from agents.skills.severity import Severity


def finding(detector: str = "email", score: float = 0.9, category: Category = Category.PERSONAL) -> Finding:
    """Return a finding of a detector."""
    return Finding(category, detector, Severity.HIGH, score, "caption", 0, 3)


@pytest.mark.parametrize("preset", [Preset.STARTER, Preset.STANDARD, Preset.REGULATED])
def test_read_a_preset_names_every_detector(preset: Preset) -> None:
    assert set(PRESETS[preset]) == set(DETECTORS)
    assert Policy.of_preset(preset).preset is preset


@pytest.mark.parametrize(
    "written", ["email:flag", " ".join(f"{name}:flag" for name in DETECTORS) + " email:hold"]
)
def test_read_a_preset_that_leaves_one_out_or_names_one_twice_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="wrongly, or one twice"):
        _preset(written)


@pytest.mark.parametrize(
    ("place", "verdict"),
    [
        (Place.MODEL_INPUT, Verdict.REDACT),
        (Place.MODEL_OUTPUT, Verdict.REDACT),
        (Place.ASKED, Verdict.HOLD),
        (Place.HUMAN_EDIT, Verdict.HOLD),
        (Place.FINAL_BYTES, Verdict.HOLD),
    ],
)
def test_judge_what_is_redacted_holds_where_bytes_stand_as_they_are(place: Place, verdict: Verdict) -> None:
    assert Policy().verdict_of(finding(), place) is verdict


def test_judge_what_is_less_sure_than_the_threshold_is_allowed() -> None:
    assert Policy().verdict_of(finding(score=0.4), Place.ASKED) is Verdict.ALLOW
    assert Policy(thresholds={"email": 0.3}).verdict_of(finding(score=0.4), Place.ASKED) is Verdict.HOLD


def test_judge_a_fault_holds_whatever_the_policy_says() -> None:
    policy = Policy(verdicts=dict.fromkeys(DETECTORS, Verdict.ALLOW))
    assert policy.verdict_of(finding("all", category=Category.FAULT), Place.MODEL_INPUT) is Verdict.HOLD


def test_judge_a_pattern_by_its_own_verdict_and_one_nobody_knows_as_held() -> None:
    policy = Policy(patterns=(CustomPattern("promo", "x", Verdict.FLAG),))
    assert policy.verdict_of(finding("custom:promo"), Place.ASKED) is Verdict.FLAG
    assert policy.verdict_of(finding("custom:gone"), Place.ASKED) is Verdict.HOLD
    assert policy.verdict_of(finding("new_detector"), Place.ASKED) is Verdict.HOLD


def test_ask_only_detectors_whose_findings_count_at_a_place() -> None:
    policy = Policy(verdicts={**PRESETS[Preset.STANDARD], "email": Verdict.ALLOW})
    assert "email" not in policy.asked_at(Place.ASKED)
    assert "link" not in policy.asked_at(Place.MODEL_INPUT)
    assert set(Policy().asked_at(Place.ASKED)) == set(DETECTORS) == set(detectors_at(Place.ASKED))


def test_tell_the_gravest_verdict() -> None:
    assert gravest([]) is Verdict.ALLOW
    assert gravest([Verdict.FLAG, Verdict.HOLD, Verdict.REDACT]) is Verdict.HOLD


@pytest.mark.parametrize(
    ("locale", "regions"),
    [
        ("de-CH", ("CH", "DE", "AT")),
        ("en", ("US", "GB")),
        ("pt_BR", ("BR", "PT")),
        ("zh-Hans-CN", ("CN",)),
        ("xx", ()),
    ],
)
def test_expect_numbers_of_the_locales_regions(locale: str, regions: tuple[str, ...]) -> None:
    assert regions_of(locale) == regions


def test_say_a_policy_in_words_has_a_line_for_everything_it_looks_for() -> None:
    policy = Policy(patterns=(CustomPattern("promo", "PROMO", Verdict.HOLD),), thresholds={"email": 0.7})
    lines = list(lines_of(policy))
    assert len(lines) == len(DETECTORS) + 1
    assert (lines[0].threshold, lines[1].threshold) == ("from 70% sure", "")
    assert (lines[-1].label, lines[-1].looks_for, lines[-1].verdict) == ("promo", "/PROMO/", "hold")
