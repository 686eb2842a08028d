"""Writing down how far the parts of an effect are."""

from dataclasses import asdict

from django.db import transaction

from tiktok_ops.audit.services import record
from workflows.effects.ledger import WORKER, lock, lock_step
from workflows.effects.models import Effect
from workflows.effects.parts import FACT, NOT_COUNTED, Part, parts_in
from workflows.work import Work


def keep_part(work: Work, effect: Effect, part: Part) -> None:
    """Keep how far one of the effect's parts is, under the worker's claim; one that TikTok has is on record."""
    with transaction.atomic():
        lock_step(work)
        now = lock(effect)
        facts = now.creator or {}
        if part.id:
            facts = facts | {NOT_COUNTED: now.claims}
        parts = [part if one.key == part.key else one for one in parts_in(facts)]
        effect.creator = facts | {FACT: [asdict(one) for one in parts]}
        Effect.objects.filter(id=effect.id).update(creator=effect.creator)
        if part.id:
            record(
                "effect.part_made",
                by=WORKER,
                subject=f"effect {effect.id}",
                workspace_id=effect.workspace_id,
                data={"kind": effect.kind, "part": part.called, "provider_ref": part.id},
            )
