"""Asking detectors: every form of a text, borders between texts, and detectors that misbehave."""

from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import pytest

from agents.guardrails.findings import MOST_FINDINGS, Category, Detector, Finding, Hit, ScanContext, Sight
from agents.guardrails.process import bounded
from agents.guardrails.registry import DETECTORS as REAL
from agents.guardrails.running import Fault, Joined, run_detectors
from agents.guardrails.views import comparable
from tests.factories.bad_detectors import DETECTORS, NONSENSE, detector

CONTEXT = ScanContext()


def run(
    *detectors: Detector, seconds: float | None = None, **texts: str
) -> tuple[list[Finding], list[Fault]]:
    """Return what these detectors find in the texts, and which could not be asked."""
    bound = nullcontext if seconds is None else partial(bounded, seconds)
    return run_detectors(detectors, texts, CONTEXT, bound=bound)


def test_run_points_at_the_text_as_it_was_written() -> None:
    [finding], faults = run(REAL["email"], caption="＃ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ！")
    assert (finding.field, finding.offset, finding.length, faults) == ("caption", 1, 15, [])
    assert (finding.detector, finding.kind, finding.replacement) == ("email", "email", "EMAIL")


def test_run_finds_what_is_split_over_two_texts_in_both() -> None:
    found, _ = run(REAL["email"], caption="write ana@exam ", title=" ple.com now")
    assert [(one.field, one.offset, one.length) for one in found] == [("caption", 6, 8), ("title", 1, 7)]


def test_run_over_borders_leaves_what_is_in_one_text_to_that_text() -> None:
    found, _ = run(REAL["email"], caption="ana@example.com", title="b@c.de")
    assert [(one.field, one.offset, one.length) for one in found] == [("caption", 0, 15), ("title", 0, 6)]


def test_join_texts_tells_the_parts_of_each() -> None:
    joined = Joined.of({"a": comparable(" one "), "b": comparable(""), "c": comparable("two")})
    assert joined.text == "onetwo"
    assert joined.parts(Hit(2, 2)) == [("a", 3, 1), ("c", 0, 1)]
    assert joined.parts(Hit(0, 3)) == []


def test_run_keeps_the_best_of_what_is_found_twice() -> None:
    def find(text: str, context: ScanContext) -> list[Hit]:
        return [Hit(0, 4, score=0.5), Hit(0, 4, score=0.9), Hit(1, 2, score=0.6), Hit(2, 4, score=0.7)]

    found, _ = run(replace(detector("fine"), find=find, sight=Sight.AS_WRITTEN), a="abcdef")
    assert [(one.offset, one.length, one.score) for one in found] == [(0, 4, 0.9), (2, 4, 0.7)]


def test_run_a_detector_that_fails_names_it_and_asks_the_others() -> None:
    found, faults = run(DETECTORS["fail"], DETECTORS["fine"], a="abc")
    assert [one.detector for one in found] == ["fine"]
    assert faults == [Fault("fail", "it failed (RuntimeError)")]


def test_run_a_detector_that_works_without_end_interrupts_it() -> None:
    found, faults = run(DETECTORS["spin"], DETECTORS["fine"], seconds=0.02, a="abc")
    assert [one.detector for one in found] == ["fine"]
    assert faults == [Fault("spin", "it took too long")]


@pytest.mark.parametrize("number", range(len(NONSENSE)))
def test_run_a_detector_that_answers_nonsense_names_it(number: int) -> None:
    found, [fault] = run(DETECTORS[f"nonsense{number}"], a="abc")
    assert (found, fault.detector) == ([], f"nonsense{number}")


def test_run_on_a_text_of_nothing_but_findings_holds_it() -> None:
    found, [fault] = run(DETECTORS["much"], a="x" * (MOST_FINDINGS + 1))
    assert len(found) == MOST_FINDINGS
    assert (fault.detector, fault.why) == ("all", f"it found more than {MOST_FINDINGS} things")


def test_run_a_detector_that_finds_more_than_anybody_reads_is_stopped() -> None:
    assert run(DETECTORS["much"], a="x" * 2_001) == ([], [Fault("much", "it found more than 2,000 things")])


def test_run_a_detector_that_is_not_there_names_it() -> None:
    gone = replace(detector("fine"), find="agents.guardrails.gone.find")
    assert run(gone, a="abc") == ([], [Fault("fine", "it failed (ModuleNotFoundError)")])


def test_run_a_detector_of_digits_only_where_there_are_some() -> None:
    asked = replace(DETECTORS["fail"], least_digits=3)
    assert run(asked, a="12", b="x") == ([], [])
    assert run(asked, a="12", b="３")[1] == [Fault("fail", "it failed (RuntimeError)")]
    assert run(asked, a="MTIzIGlzIGEgbnVtYmVy")[1] == [Fault("fail", "it failed (RuntimeError)")]


def test_run_on_empty_texts_asks_nobody() -> None:
    assert run(DETECTORS["fail"], a="") == ([], [])
    assert Category.FAULT not in {one.category for one in REAL.values()}
