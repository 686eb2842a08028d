"""The guardrails on what a person is asked and decides: found is shown, held is of high risk, blocked is not asked.

`screened` goes before a question is put, outside of its transaction; `check_before_approval` before the bytes a
person decided on are sealed, whether they were edited or not. Findings are kept with the request's id.
"""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction

from agents.guardrails.current import context_of_account, current_policy
from agents.guardrails.findings import Place
from agents.guardrails.models import GuardrailFinding
from agents.guardrails.policy import MILDEST_FIRST, Verdict
from agents.guardrails.recording import Found, keep_findings, key_of, key_of_row
from agents.guardrails.scanning import ContentBlocked, Judged, Scan, in_words, scan
from agents.guardrails.texts import texts_of
from approvals.models import ApprovalRequest
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.errors import Overtaken


class NewFindings(Overtaken):
    """The guardrails now find more in this than you were shown: look at it again."""


def screen(payload: Any, account: TikTokAccount, *, place: Place = Place.ASKED) -> Scan:
    """Check every text of a payload (JSON values) against the policy that holds now; writes nothing."""
    return scan(
        _texts(payload, account),
        place=place,
        policy=current_policy(account.workspace_id),
        context=context_of_account(account),
    )


def screened(payload: Any, account: TikTokAccount, *, run_id: UUID, step_id: UUID) -> Scan:
    """Check what is to be asked; what the policy refuses is kept as found, and raises `ContentBlocked`."""
    checked = screen(payload, account)
    try:
        checked.check_not_blocked()
    except ContentBlocked:
        keep_findings(checked, Found(account.workspace_id, account.id, run_id=run_id, step_id=step_id))
        raise
    return checked


def screening_of(payload: Any, account: TikTokAccount, made: Scan | None) -> Scan:
    """Return the scan of exactly this payload: the one that was made, or another. Raises `ContentBlocked`."""
    is_of_it = made is not None and made.place is Place.ASKED and made.texts == _texts(payload, account)
    checked = made if is_of_it and made is not None else screen(payload, account)
    checked.check_not_blocked()
    return checked


def risk_with(risk: str, checked: Scan) -> str:
    """Return the risk of a question: high where the guardrails hold it."""
    return ApprovalRequest.Risk.HIGH.value if checked.verdict is Verdict.HOLD else risk


def keep_screening(checked: Scan, request: ApprovalRequest, *, by: User | str) -> None:
    """Keep what was found with the request it was found in, in the caller's transaction."""
    keep_findings(checked, _where(request), by=by)


def check_before_approval(request: ApprovalRequest, payload: bytes, *, by: User) -> None:
    """Check the bytes a person is about to approve; what they were shown before holds nothing up.

    Raises `ContentBlocked` where the policy refuses them now, and `NewFindings` for what holds them and was not
    shown; both stay on record, and are on the page when it is opened again.
    """
    checked = screen(json.loads(payload), request.account, place=Place.HUMAN_EDIT)
    new = not_shown(checked, request.id)
    if new:
        with transaction.atomic():
            keep_findings(replace(checked, judged=new), _where(request), by=by)
    checked.check_not_blocked()
    if held := tuple(one.finding for one in new if one.verdict is Verdict.HOLD):
        raise NewFindings(
            f"The guardrails now find more in this than you were shown: {in_words(held)}. Look at it again."
        )


def not_shown(checked: Scan, request_id: UUID) -> tuple[Judged, ...]:
    """Return what a scan found that is not on record for the request, or only with a milder verdict."""
    kept = GuardrailFinding.objects.filter(request_id=request_id).exclude(place=Place.FINAL_BYTES)
    known: dict[tuple[object, ...], int] = {}
    for row in kept:
        known[key_of_row(row)] = max(
            MILDEST_FIRST.index(Verdict(row.verdict)), known.get(key_of_row(row), -1)
        )
    return tuple(
        one
        for one in checked.judged
        if known.get(key_of(checked, one.finding), -1) < MILDEST_FIRST.index(one.verdict)
    )


def _texts(payload: Any, account: TikTokAccount) -> dict[str, str]:
    """Return the texts of a payload but for the account's own name."""
    return {path: text for path, text in texts_of(payload).items() if text != account.handle}


def _where(request: ApprovalRequest) -> Found:
    return Found(
        request.workspace_id,
        request.account_id,
        run_id=request.run_id,
        step_id=request.step_id,
        request_id=request.id,
    )
