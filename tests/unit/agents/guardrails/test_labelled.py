"""How much of the labelled set is found, and how much of the clean one is held; docs/guardrails.md has the figures."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.guardrails.checker import Checker
from agents.guardrails.findings import Place, ScanContext
from agents.guardrails.policy import Policy, Verdict
from agents.guardrails.scanning import Scan, scan
from tests.unit.agents.guardrails.clean_texts import clean
from tests.unit.agents.guardrails.labelled import Case, cases

DOCS = Path(__file__).parents[4] / "docs" / "guardrails.md"
LEAST_RECALL = {
    "email": 0.98,
    "card": 0.98,
    "iban": 0.98,
    "phone": 0.95,
    "national_id": 0.95,
    "key_shape": 0.98,
}
MOST_FALSE_HOLDS = 0.05
HOLDS = {Verdict.HOLD, Verdict.BLOCK}


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    made = Checker()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def missed(checker: Checker) -> list[Case]:
    """The cases in which the thing is not found; all are checked once."""
    return [case for case in cases() if not is_found(case, scanned(case, checker))]


def scanned(case: Case, checker: Checker) -> Scan:
    """Return what is found in a case, as it would be asked about."""
    context = ScanContext(regions=(case.region,))
    return scan(case.texts, place=Place.ASKED, policy=Policy(), context=context, checker=checker)


def is_found(case: Case, scanned: Scan) -> bool:
    """Return whether the thing, and no other, holds the case."""
    return any(one.finding.detector == case.detector and one.verdict in HOLDS for one in scanned.judged)


def test_find_what_is_labelled_as_often_as_is_promised(missed: list[Case]) -> None:
    labelled = cases()
    total = Counter(case.detector for case in labelled)
    recall = {
        name: 1 - sum(case.detector == name for case in missed) / count for name, count in total.items()
    }
    told = {name: f"{share:.3f} of {total[name]}" for name, share in recall.items()}
    print(f"recall over {len(labelled)} cases: {told}")  # noqa: T201  # pytest -s shows it
    assert len(labelled) >= 400
    assert {name: share for name, share in recall.items() if share < LEAST_RECALL[name]} == {}
    for name, share in recall.items():
        assert f"| {name} | {total[name]} | {share:.3f} |" in DOCS.read_text(), told


def test_find_what_is_labelled_in_every_way_of_hiding_it(missed: list[Case]) -> None:
    total = Counter(case.hidden for case in cases())
    lost = Counter(case.hidden for case in missed)
    assert max(lost[way] / total[way] for way in total) <= 0.2
    assert set(total) == {
        *("plain", "spaced", "homoglyphs", "zero-width", "full-width", "base64", "split over fields")
    }


def test_hold_hardly_anything_that_is_clean(checker: Checker) -> None:
    texts = clean()
    held = [case for case in texts if scanned(case, checker).verdict in HOLDS]
    print(f"false holds: {len(held)} of {len(texts)}")  # noqa: T201  # pytest -s shows it
    assert len(texts) >= 300
    assert len({case.region for case in texts}) == 5
    assert len(held) / len(texts) <= MOST_FALSE_HOLDS, [case.texts for case in held]
    assert f"{len(held)} of {len(texts)} clean texts" in DOCS.read_text()
