"""The guardrails on the very bytes about to leave: checked before leave is given, judged by what was approved.

A person who approved what was found approved it: only what they were not shown stops the bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents.guardrails.findings import Place
from agents.guardrails.models import GuardrailFinding
from agents.guardrails.policy import Verdict, gravest
from agents.guardrails.recording import Found, keep_findings, key_of, key_of_row
from agents.guardrails.scanning import Scan, in_words
from approvals.screening import not_shown, screen
from approvals.seal import digest_of
from workflows.effects.models import Effect
from workflows.effects.refusals import EffectChanged, EffectRefused


class FinalHeld(EffectChanged):
    """The guardrails found something in it that nobody was shown."""


class FinalRefused(EffectRefused):
    """The guardrails refuse it."""


def scan_final(effect: Effect, payload: bytes) -> dict[str, Any]:
    """Check the bytes and keep what was found; return the facts the transaction that gives leave goes by.

    They are the digest of the bytes, the verdict, and why; `allow` where all that was found was approved.
    """
    if digest_of(payload) != effect.payload_sha256:  # no seal is on them, which the transaction says
        return _facts(payload, Verdict.HOLD, why="these are not the bytes that were approved")
    checked = screen(json.loads(payload), effect.account, place=Place.FINAL_BYTES)
    _keep_new(checked, effect)
    new = not_shown(checked, effect.request_id)
    blocking = checked.with_verdict(Verdict.BLOCK)
    holding = tuple(one.finding for one in new if one.verdict is Verdict.HOLD)
    verdict = gravest([Verdict.BLOCK] * bool(blocking) + [Verdict.HOLD] * bool(holding))
    return _facts(payload, verdict, why=in_words(blocking or holding), policy=checked.policy_version)


def _facts(payload: bytes, verdict: Verdict, *, why: str, policy: int = 0) -> dict[str, Any]:
    return {"sha256": digest_of(payload), "verdict": verdict.value, "why": why, "policy": policy}


def check_final(scanned: Mapping[str, Any], payload: bytes) -> None:
    """Raise `FinalRefused` or `FinalHeld` unless the facts of the scan, which is of these bytes, let them go."""
    why = scanned["why"]
    if scanned["verdict"] == Verdict.BLOCK:
        raise FinalRefused(
            f"The guardrails refuse this: {why}. Take it out and start again, or have an owner of the workspace "
            "change the guardrail policy."
        )
    if scanned["verdict"] != Verdict.ALLOW:
        raise FinalHeld(
            f"The guardrails hold this, for something that was not shown when it was approved: {why}.",
            json.loads(payload),
        )


def _keep_new(checked: Scan, effect: Effect) -> None:
    """Keep what was found, but not again what an earlier try of the same effect found."""
    before = GuardrailFinding.objects.filter(request_id=effect.request_id, place=Place.FINAL_BYTES)
    known = {key_of_row(row) for row in before}
    new = tuple(one for one in checked.judged if key_of(checked, one.finding) not in known)
    request = effect.request
    where = Found(
        effect.workspace_id,
        effect.account_id,
        run_id=request.run_id,
        step_id=effect.step_id,
        request_id=effect.request_id,
    )
    keep_findings(replace(checked, judged=new), where)
