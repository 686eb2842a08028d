"""Circles: a draft that another agent found grave things in goes back before a person sees it."""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.definitions.compliance import MAX_SCORE_BLOCKED, is_blocked, score_of_text
from agents.definitions.compliance_items import place_of
from agents.definitions.compliance_rules import Severity
from workflows.nodes import AgentNode, ReviewNode
from workflows.outcomes import Outcome, SentBack, Succeeded
from workflows.work import Work

GRAVE = frozenset({"high", "critical"})
"""Findings that send a draft back; lesser ones are shown beside it."""
MOST_SAID = 10
LONGEST_FEEDBACK = 2_000


def review(work: Work) -> Outcome:
    """Send the draft back with what is grave in it, or let it go on; what was found goes with it."""
    node = work.node
    if not isinstance(node, ReviewNode):
        raise TypeError(node)
    findings: Sequence[Mapping[str, Any]] = work.given["findings"] or ()
    blocked = bool(work.given["blocked"])
    grave = [finding for finding in findings if finding.get("severity") in GRAVE]
    sent_back = work.step.run.steps.filter(key=node.key, item=work.step.item, status="skipped").count()
    if (grave or blocked) and sent_back < node.most_redrafts:
        return SentBack(redraft=node.redraft, feedback=in_words(grave or findings))
    return Succeeded(
        output={
            "passed": not grave and not blocked,
            "sent_back": sent_back,
            "findings": list(findings),
            "blocked": blocked,
            "reviewer": _reviewer(work, node),
            "items": with_findings(work.given.get("items") or (), findings),
        }
    )


def with_findings(
    items: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the items, each with the findings on its own texts and what they make of it: score 0 to 100, blocked."""
    found: dict[int, list[Mapping[str, Any]]] = {place: [] for place in range(1, len(items) + 1)}
    for finding in findings:
        found.get(place_of(str(finding["post"])), []).append(finding)
    return [{**item, **_verdict(found[place])} for place, item in enumerate(items, start=1)]


def _verdict(findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    severities = [Severity(finding["severity"]) for finding in findings]
    blocked, score = is_blocked(severities), score_of_text(severities)
    return {
        "findings": list(findings),
        "compliance_score": min(score, MAX_SCORE_BLOCKED) if blocked else score,
        "blocked": blocked,
    }


def in_words(findings: Sequence[Mapping[str, Any]]) -> str:
    """Return what was found as the author is told it: each with the words it is about, and how to mend it."""
    lines = [
        f"{finding.get('explanation', '')} In: {str(finding.get('quote', ''))!r}. {finding.get('fix', '')}".strip()
        for finding in findings[:MOST_SAID]
    ]
    return "\n".join(lines)[:LONGEST_FEEDBACK]


def _reviewer(work: Work, node: ReviewNode) -> str:
    """Return which agent looked at the draft."""
    reviewer = work.workflow.node(node.inputs["findings"].partition(".")[0])
    return reviewer.agent if isinstance(reviewer, AgentNode) else ""
