"""Dry runs: agents work as ever, nobody is asked, nothing is sent; each step says what it would do.

The database refuses an approval and an effect of a dry run, and that a run becomes or ceases to be one.
"""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from pydantic import BaseModel

from approvals.kinds import Kind
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User
from tiktok_ops.canonical import canonical_json
from tiktok_ops.errors import Refused
from workflows.effects.registry import EFFECTS, EffectKind
from workflows.models import WorkflowRun
from workflows.nodes import ACTION_OUTPUT, ActionNode
from workflows.outcomes import Outcome, Succeeded
from workflows.overrides import changed
from workflows.services import begin_run
from workflows.validation import check_input, parse_workflow
from workflows.work import Work

WOULD = "would do"
"""The status an act of a dry run puts out: it has no effect that could have another."""


class NoDryRun(Refused):
    """This is no dry run."""


def would_ask(kind: Kind, payload: BaseModel, *, account: TikTokAccount) -> Outcome:
    """Return what a gate puts out in a dry run: the payload it would have asked for, decided by nobody.

    Raises what the kind refuses to ask for.
    """
    kind.check(payload, account)
    asked = payload.model_dump(mode="json")
    return Succeeded(
        output={
            "request": None,
            "decision": None,
            "payload": asked,
            "payload_sha256": hashlib.sha256(canonical_json(asked)).hexdigest(),
            "dry_run": f"It would ask somebody: {kind.title(payload)}.",
        }
    )


def would_act(work: Work) -> Outcome:
    """Return what an act puts out in a dry run: what it would send, to where, and no effect."""
    node = work.node
    if not isinstance(node, ActionNode):
        raise TypeError(node)
    gate: Mapping[str, Any] = work.outputs[node.gate]
    account, payload = work.step.run.account, gate["payload"]
    return Succeeded(
        output={
            **dict.fromkeys(ACTION_OUTPUT),
            "status": WOULD,
            "dry_run": f"It would {_in_words(EFFECTS[node.effect])} on {account}, and sent nothing.",
            "account": str(account.id),
            "handle": account.handle,
            "mode": account.mode,
            "delivery": payload.get("delivery"),
            "payload_sha256": gate["payload_sha256"],
        }
    )


def _in_words(kind: EffectKind) -> str:
    """Return what an act does, as it stands in a sentence: "post a video"."""
    return kind.label[:1].lower() + kind.label[1:]


def run_for_real(*, run_id: UUID, by: User | ApiKey | str, reason: str = "") -> WorkflowRun:
    """Start a run of the same version with the same input and changes as a dry run, and not dry.

    Everything is done anew, agents too. Raises `NoDryRun`, `DefinitionRefused` or `InputRefused`.
    """
    with transaction.atomic():
        runs = WorkflowRun.objects.select_related("definition", "account").annotate(asked_at=Now())
        dry = runs.filter(id=run_id).first()
        if dry is None or not dry.is_dry_run:
            raise NoDryRun(f"The run {str(run_id)!r} is no dry run: there is nothing to run for real.")
        workflow = parse_workflow(dry.definition.definition)
        check_input(changed(workflow, dry.overrides), dry.input)
        return begin_run(
            workflow,
            dry.definition,
            dry.account,
            by=by,
            given=dry.input,
            created_at=dry.asked_at,
            overrides=dry.overrides,
            told={"rehearsed_as": str(dry.id), "reason": reason},
        )
