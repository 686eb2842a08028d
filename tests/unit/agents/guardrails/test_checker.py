"""The process that checks: what it does not answer as it should is held, always."""

import io
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from agents.guardrails.checker import MOST_CHARACTERS, MOST_KNOWN, Checker, CheckFailed
from agents.guardrails.findings import Category, Place, ScanContext
from agents.guardrails.policy import CustomPattern, Policy, Verdict
from agents.guardrails.process import answer, serve
from agents.guardrails.registry import DETECTORS
from agents.guardrails.scanning import Scan, label_of, scan
from tests.factories.bad_detectors import DETECTORS as BAD
from tests.factories.bad_detectors import NONSENSE

BAD_ONES = (sys.executable, "-m", "agents.guardrails.process", "tests.factories.bad_detectors.DETECTORS")
CONTEXT = ScanContext()
TEXTS = {"caption": "Ana likes lamps"}


def saying(code: str) -> Checker:
    """Return a checker whose process runs this code instead."""
    return Checker(command=(sys.executable, "-c", code), patience_seconds=10)


@pytest.fixture(scope="module")
def bad() -> Iterator[Checker]:
    """A checker whose detectors misbehave; how long it waits, a test sets."""
    made = Checker(command=BAD_ONES, detector_seconds=0.02, patience_seconds=30)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def good() -> Iterator[Checker]:
    """A checker as it is."""
    made = Checker()
    yield made
    made.stop()


class BadPolicy(Policy):
    """A policy that asks one detector that misbehaves."""

    name = ""

    def asked_at(self, place: Place) -> tuple[str, ...]:
        """Return its name."""
        return (self.name,)


def scanned(checker: Checker, name: str) -> Scan:
    """Return the scan of a text by a detector that behaves so."""
    policy = BadPolicy()
    object.__setattr__(policy, "verdicts", {name: Verdict.FLAG})
    BadPolicy.name = name
    return scan(TEXTS, place=Place.FINAL_BYTES, policy=policy, context=CONTEXT, checker=checker)


WAYS = [
    *["fail"] * 10,
    *["spin"] * 10,
    *[f"nonsense{number % len(NONSENSE)}" for number in range(18)],
    *["leave"] * 4,
    *["die"] * 4,
    *["sleep"] * 4,
]


def test_check_that_cannot_run_holds_fifty_of_fifty(bad: Checker) -> None:
    assert len(WAYS) == 50
    verdicts = []
    for way in WAYS:
        if way == "sleep":
            assert scanned(bad, "fine").verdict is Verdict.FLAG  # it runs, so that only the sleep takes time
            bad.patience_seconds = 0.1
        held = scanned(bad, way)
        bad.patience_seconds = 30
        verdicts.append(held.verdict)
        assert [one.category for one in held.faults] == [Category.FAULT], way
        assert "could not be checked" in label_of(held.faults[0])
    assert verdicts == [Verdict.HOLD] * 50
    assert scanned(bad, "fine").verdict is Verdict.FLAG


GARBAGE = {
    "not JSON": "print('hello')",
    "nothing": "pass",
    "no findings": "print('{}')",
    "another type": "print('[]')",
    "findings of another type": 'print(\'{"findings": 5, "faults": []}\')',
    "a deep one": "print('[' * 100000)",
}


@pytest.mark.parametrize("code", GARBAGE.values(), ids=GARBAGE)
def test_check_by_a_process_that_says_garbage_fails(code: str) -> None:
    checker = saying(f"import sys; sys.stdin.readline(); {code}")
    with pytest.raises(CheckFailed, match="the process that checks failed"):
        checker.check(TEXTS, ("email",), CONTEXT)
    checker.stop()


FINE: dict[str, Any] = {
    "category": "personal",
    "detector": "email",
    "severity": "high",
    "score": 0.9,
    "field": "caption",
    "offset": 0,
    "length": 3,
    "replacement": "EMAIL",
    "kind": "email",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"field": "other"},
        {"offset": -1},
        {"length": 99},
        {"score": 3},
        {"score": float("nan")},
        {"detector": "phone"},
        {"category": "fault"},
        {"severity": "dire"},
        {"offset": "x"},
    ],
)
def test_check_whose_answer_is_to_another_question_fails(changes: dict[str, Any]) -> None:
    said = json.dumps({"findings": [FINE | changes], "faults": []})
    checker = saying(f"import sys; sys.stdin.readline(); print({said!r})")
    with pytest.raises(CheckFailed):
        checker.check(TEXTS, ("email",), CONTEXT)
    checker.stop()


COUNTING = f"""
import json, sys
for number, line in enumerate(sys.stdin, start=1):
    faults = [{{"detector": "phone", "why": "it failed"}}] if "hard" in line else []
    print(json.dumps({{"findings": [{FINE} | {{"length": number}}], "faults": faults}}), flush=True)
"""
"""The length of what was found tells how often it was asked."""


def test_check_the_same_again_asks_nobody_and_another_question_is_asked() -> None:
    checker = saying(COUNTING)
    texts = {"caption": "lamps" * 100}

    def length(text: dict[str, str], *detectors: str, context: ScanContext = CONTEXT) -> int:
        [found] = checker.check(text, detectors or ("email",), context)
        return found.length

    assert [length(texts), length(texts), length(texts)] == [1, 1, 1]
    assert length({"caption": "lamps" * 101}) == 2
    assert length(texts, "email", "phone") == 3
    assert length(texts, context=ScanContext(regions=("CH",))) == 4
    for number in range(MOST_KNOWN):
        length({"caption": "lamps" * (200 + number)})
    assert length(texts) == 5 + MOST_KNOWN, "only so many are remembered"
    checker.stop()


def test_check_that_was_not_whole_is_asked_again() -> None:
    checker = saying(COUNTING)
    lengths = [checker.check({"caption": "hard"}, ("email", "phone"), CONTEXT)[0].length for _ in range(2)]
    assert lengths == [1, 2]
    checker.stop()


def test_check_that_says_too_much_fails() -> None:
    said = json.dumps({"findings": [FINE] * 501, "faults": []})
    checker = saying(f"import sys; sys.stdin.readline(); print({said!r})")
    with pytest.raises(CheckFailed):
        checker.check(TEXTS, ("email",), CONTEXT)
    checker.stop()


def test_check_too_long_a_text_fails_without_asking(good: Checker) -> None:
    held = scan(
        {"a": "x" * (MOST_CHARACTERS + 1)}, place=Place.ASKED, policy=Policy(), context=CONTEXT, checker=good
    )
    assert (held.verdict, held.faults[0].kind) == (Verdict.HOLD, "there are more than 200,000 characters")


def test_check_without_text_asks_nobody() -> None:
    checker = saying("raise SystemExit")
    assert scan({"a": ""}, place=Place.ASKED, policy=Policy(), context=CONTEXT, checker=checker).judged == ()
    assert checker._process is None


def test_check_after_the_process_died_starts_another(good: Checker) -> None:
    assert good.check({"a": "ana@example.com"}, ("email",), CONTEXT)
    assert good._process is not None
    good._process.kill()
    good._process.wait()
    assert good.check({"a": "dora@example.com"}, ("email",), CONTEXT)


def test_check_in_a_fork_starts_its_own_and_leaves_the_parents(good: Checker) -> None:
    good.check({"a": "ana@example.com"}, ("email",), CONTEXT)
    assert good._process is not None
    parents = good._process.pid
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        found = good.check({"a": "bea@example.com"}, ("email",), CONTEXT)
        os.write(tells, f"{len(found)} {good._process.pid}".encode())
        good.stop()
        os._exit(0)
    os.waitpid(child, 0)
    said = os.read(told, 100).decode().split()
    os.close(told)
    os.close(tells)
    assert (said[0], int(said[1]) != parents) == ("1", True)
    assert good._process.pid == parents
    assert good.check({"a": "cleo@example.com"}, ("email",), CONTEXT)


def test_check_tells_the_process_nothing_that_is_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_KEYS", "secret")
    code = (
        "import json, os, sys; sys.stdin.readline();"
        "print(json.dumps({'findings': [], 'faults': [{'detector': ' '.join(os.environ), 'why': ''}]}))"
    )
    checker = saying(code)
    [told] = checker.check(TEXTS, ("email",), CONTEXT)
    checker.stop()
    assert "PYTHONUTF8" in told.detector
    assert "VAULT_KEYS" not in told.detector


def test_check_by_a_pattern_of_the_workspaces_own_finds_and_is_interrupted(good: Checker) -> None:
    slow, promo = (
        CustomPattern("slow", "(a|a)*b", Verdict.FLAG),
        CustomPattern("promo", r"promo-\d+", Verdict.HOLD),
    )
    off = CustomPattern("off", "x", Verdict.ALLOW)
    good.detector_seconds, before = 0.05, good.detector_seconds
    held = scan(
        {"a": f"PROMO-7 x {'a' * 40}"},
        place=Place.ASKED,
        policy=Policy(patterns=(slow, promo, off)),
        context=CONTEXT,
        checker=good,
    )
    good.detector_seconds = before
    told = {one.finding.detector: (one.verdict, label_of(one.finding)) for one in held.judged}
    assert told == {
        "custom:promo": (Verdict.HOLD, "the pattern 'promo'"),
        "custom:slow": (Verdict.HOLD, "the text could not be checked, for it took too long"),
    }


def test_serve_answers_line_by_line() -> None:
    asked = {
        "texts": {"a": "x"},
        "detectors": ["fine", "fail"],
        "context": {"regions": ["CH"], "patterns": {}},
        "seconds": 1,
    }
    line, out = json.dumps(asked).encode() + b"\n", io.BytesIO()
    serve(io.BytesIO(line * 2), out, BAD)
    first, second = out.getvalue().splitlines()
    assert first == second
    assert json.loads(first) == answer(line, BAD)
    assert json.loads(first)["faults"] == [{"detector": "fail", "why": "it failed (RuntimeError)"}]
    assert "email" in DETECTORS


def test_answer_about_a_pattern_finds_it_whatever_its_case() -> None:
    asked = {
        "texts": {"a": "PROMO-7, promo-"},
        "detectors": [],
        "context": {"patterns": {"promo": r"promo-\d+"}},
        "seconds": 1,
    }
    [found] = answer(json.dumps(asked).encode(), BAD)["findings"]
    assert (found["detector"], found["offset"], found["length"]) == ("custom:promo", 0, 7)
