"""docs/guardrails.md says what the code does."""

from agents.guardrails.policy import PRESETS, Preset
from agents.guardrails.registry import DETECTORS
from agents.guardrails.words import where_of
from tests.unit.agents.guardrails.test_labelled import DOCS

ADOPTABLE = (Preset.STARTER, Preset.STANDARD, Preset.REGULATED)


def test_describe_every_detector_as_the_registry_does() -> None:
    told = DOCS.read_text()
    rows = [f"| {name} | {one.looks_for} | {where_of(one)} |" for name, one in DETECTORS.items()]
    assert [row for row in rows if row not in told] == []


def test_describe_every_preset_as_it_is() -> None:
    told = DOCS.read_text()
    rows = [
        f"| {name} | {' | '.join(PRESETS[preset][name].value for preset in ADOPTABLE)} |"
        for name in DETECTORS
    ]
    assert [row for row in rows if row not in told] == []


def test_describe_adding_a_detector_in_eight_steps_at_most() -> None:
    recipe = DOCS.read_text().partition("## Adding a detector")[2]
    steps = [line for line in recipe.splitlines() if line[:1].isdigit()]
    assert 0 < len(steps) <= 8
