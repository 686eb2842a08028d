"""What the guardrails found in what is asked, as findings at their phrases; the phrase is read from the payload."""

import json
from collections.abc import Iterable, Iterator, Mapping

from agents.definitions.compliance import Finding
from agents.guardrails.findings import Category
from agents.guardrails.models import GuardrailFinding
from agents.guardrails.recording import text_digest
from agents.guardrails.registry import DETECTORS
from agents.guardrails.texts import texts_of
from agents.skills.severity import Severity
from approvals.models import ApprovalRequest

GUARDRAILS = "guardrails"
_BECOMES = {"flag": "It is noted.", "hold": "It is held for a person.", "block": "It is refused."}


def guardrail_findings(asked: ApprovalRequest, shown: str, already: Iterable[Finding]) -> list[Finding]:
    """Return what the guardrails found in the request, each once as it was found last, the gravest first.

    `shown` is the text that marks are set in: what was found elsewhere in the payload is at no place in it. What is
    among `already`, by the same rule at the same place, is left out.
    """
    texts = texts_of(json.loads(bytes(asked.payload)))
    known = {(one.rule, one.offset, one.length) for one in already}
    found: dict[tuple[str, str, int, int], Finding] = {}
    for row in GuardrailFinding.objects.filter(request_id=asked.id).order_by("-id"):
        if (row.kind, row.offset, row.length) not in known:
            found.setdefault((row.detector, row.field, row.offset, row.length), _finding(row, texts, shown))
    gravest_first = tuple(reversed(Severity))
    return sorted(found.values(), key=lambda one: gravest_first.index(one.severity))


def is_held(findings: Iterable[Finding]) -> bool:
    """Return whether one of the guardrails' findings holds what is asked."""
    return any(one.post == GUARDRAILS and one.explanation.endswith(_BECOMES["hold"]) for one in findings)


def _finding(row: GuardrailFinding, texts: Mapping[str, str], shown: str) -> Finding:
    text = texts.get(row.field, "")
    is_same = bool(text) and text_digest(text) == row.text_digest
    is_shown = is_same and text == shown
    return Finding(
        post=GUARDRAILS,
        rule=row.detector,
        severity=Severity(row.severity),
        quote=text[row.offset : row.offset + row.length] if is_same else "",
        offset=row.offset if is_shown else 0,
        length=row.length if is_shown else 0,
        explanation=" ".join(_explained(row)),
        fix=_fix(row),
    )


def _explained(row: GuardrailFinding) -> Iterator[str]:
    detector = DETECTORS.get(row.detector)
    if row.category == Category.FAULT:
        yield f"The guardrails could not check {detector.label.lower() if detector else 'this'}: {row.kind}."
    elif detector:
        yield f"{detector.label}: {detector.looks_for}"
    else:
        yield f"The workspace's own pattern {row.detector.partition(':')[2]!r}."
    yield _BECOMES[row.verdict]


def _fix(row: GuardrailFinding) -> str:
    detector = DETECTORS.get(row.detector)
    if row.category == Category.FAULT:
        return "Read it with care yourself, or have it asked again once the guardrails work."
    return detector.fix if detector else "Leave it out."
