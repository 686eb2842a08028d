"""Keeping what the guardrails found: a row for each finding and its audit row, in one transaction."""

from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from agents.guardrails.findings import Finding
from agents.guardrails.models import GuardrailFinding
from agents.guardrails.scanning import Judged, Scan
from tiktok_ops.accounts.models import User
from tiktok_ops.audit.services import unsaved_record
from tiktok_ops.prepared import insert

GUARDRAILS = "guardrails"
_SALT = "agents.guardrails.text"
LONGEST_FIELD = 200


@dataclass(frozen=True, slots=True)
class Found:
    """Where something was found: on whose account, and in which run, step, agent run and approval."""

    workspace_id: UUID
    account_id: UUID
    run_id: UUID | None = None
    step_id: UUID | None = None
    agent_run_id: UUID | None = None
    request_id: UUID | None = None


def keep_findings(scan: Scan, where: Found, *, by: User | str = GUARDRAILS) -> list[GuardrailFinding]:
    """Keep every finding of a scan with an audit row for each, in the caller's transaction or one of its own."""
    rows = [_row(scan, one, where) for one in scan.judged]
    if rows:
        with transaction.atomic():
            audits = [
                unsaved_record(
                    "guardrail.found",
                    by=by,
                    subject=f"guardrail finding {row.id}",
                    workspace_id=where.workspace_id,
                    data=_told(row),
                )
                for row in rows
            ]
            insert([*rows, *audits])
    return rows


def keep_new_findings(scan: Scan, where: Found) -> None:
    """Keep what was found, but not again what an earlier try of the same step found in the same texts."""
    before = GuardrailFinding.objects.filter(step_id=where.step_id, place=scan.place, agent_run=None)
    known = {key_of_row(row) for row in before}
    new = tuple(one for one in scan.judged if key_of(scan, one.finding) not in known)
    keep_findings(replace(scan, judged=new), where)


def _row(scan: Scan, judged: Judged, where: Found) -> GuardrailFinding:
    finding = judged.finding
    return GuardrailFinding(
        workspace_id=where.workspace_id,
        account_id=where.account_id,
        agent_run_id=where.agent_run_id,
        run_id=where.run_id,
        step_id=where.step_id,
        request_id=where.request_id,
        place=scan.place.value,
        detector=finding.detector,
        category=finding.category.value,
        kind=finding.kind,
        severity=finding.severity.value,
        score=finding.score,
        verdict=judged.verdict.value,
        policy_version=scan.policy_version,
        field=finding.field[:LONGEST_FIELD],
        offset=finding.offset,
        length=finding.length,
        text_digest=text_digest(scan.texts[finding.field]) if finding.field else "",
    )


def _told(row: GuardrailFinding) -> dict[str, object]:
    """Return what the audit trail keeps of a finding."""
    names = (
        "place",
        "detector",
        "kind",
        "severity",
        "verdict",
        "field",
        "offset",
        "length",
        "policy_version",
    )
    ids = {
        name: str(getattr(row, name)) for name in ("account_id", "run_id", "request_id") if getattr(row, name)
    }
    return {name: getattr(row, name) for name in names} | ids


def text_digest(text: str) -> str:
    """Return a digest of a text by which two can be told alike, and nobody can guess a short one."""
    return salted_hmac(_SALT, text.encode("utf-8", "surrogatepass"), algorithm="sha256").hexdigest()


def key_of(scan: Scan, finding: Finding) -> tuple[str, str, str, int, int, str]:
    """Return what makes a finding of two scans the same: what, where, and in which text."""
    digest = text_digest(scan.texts[finding.field]) if finding.field else ""
    return (
        finding.detector,
        finding.kind,
        finding.field[:LONGEST_FIELD],
        finding.offset,
        finding.length,
        digest,
    )


def key_of_row(row: GuardrailFinding) -> tuple[str, str, str, int, int, str]:
    """Return the same of a finding that was kept."""
    return (row.detector, row.kind, row.field, row.offset, row.length, row.text_digest)
