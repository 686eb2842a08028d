"""What decisions teach: an edit or a rejection proposes a lesson with the decision; a person accepts it."""

from collections.abc import Sequence

from pydantic import ValidationError

from agents.memory.models import MemoryItem
from agents.memory.services import About, propose
from approvals.differences import Change, payload_changes
from approvals.kinds import Kind
from approvals.models import ApprovalRequest, Decision
from tiktok_ops.cells import shortened

MOST_CHANGES = 6
LONGEST_QUOTE = 160


def propose_from_rejection(kind: Kind, asked: ApprovalRequest, decision: Decision) -> MemoryItem | None:
    """Propose what a rejection teaches: what was rejected, and why; None where the kind does not teach."""
    if not kind.teaches:
        return None
    what = shortened(_words_of(kind, asked), chars=LONGEST_QUOTE) or "without words"
    return _propose(asked, f"Rejected: “{what}”. Reason: {decision.comment}", decision)


def _words_of(kind: Kind, asked: ApprovalRequest) -> str:
    """Return what the packet shows as text, else the title."""
    try:
        preview = kind.preview(kind.Payload.model_validate_json(bytes(asked.payload)))
    except ValidationError:  # payloads of this kind had another shape once
        preview = None
    return preview.text if preview else asked.title


def propose_from_edit(
    kind: Kind, asked: ApprovalRequest, edited: bytes, decision: Decision
) -> MemoryItem | None:
    """Propose what an edit teaches: the words that were changed, and why; None where no words were.

    `edited` is the payload as it was approved, in place of the one that was asked for.
    """
    if not kind.teaches:
        return None
    words, _ = payload_changes(kind, bytes(asked.payload), edited)
    changes = changes_in_words(words)
    if not changes:
        return None
    more = len(changes) - MOST_CHANGES
    said = "; ".join([*changes[:MOST_CHANGES], *([f"and {more} more"] if more > 0 else [])])
    reason = f" Reason: {decision.comment}" if decision.comment else ""
    return _propose(asked, f"Edited before it was approved: {said}.{reason}", decision)


def changes_in_words(words: Sequence[Change]) -> list[str]:
    """Return each stretch that was changed: `“cheap” became “good value”`, `“now” was left out`, `“ad” was added`."""
    told, gone = [], ""
    for change in [*words, Change("same", "")]:
        if change.what == "gone":
            gone = _quoted(change.text)
        elif change.what == "new" and change.text.strip():
            told.append(
                f"{gone} became {_quoted(change.text)}" if gone else f"{_quoted(change.text)} was added"
            )
            gone = ""
        elif gone:
            told.append(f"{gone} was left out")
            gone = ""
    return told


def _quoted(text: str) -> str:
    """Return words in quotes; nothing for mere space."""
    return f"“{shortened(text, chars=LONGEST_QUOTE)}”" if text.strip() else ""


def _propose(asked: ApprovalRequest, text: str, decision: Decision) -> MemoryItem | None:
    return propose(
        about=About.brand_or_account(asked.account),
        kind=MemoryItem.Kind.LESSON,
        text=text,
        by=decision.decided_by,
        locale=asked.account.locale,
        source_run_id=asked.run_id,
        source=f"approval {asked.id}",
    )
