"""What differs between two versions of a request: word by word in the text, field by field in the rest."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from pydantic import ValidationError

from approvals.kinds import Kind, kind_of
from approvals.models import ApprovalRequest, Decision

EMPTY = "–"
_WORD = re.compile(r"\s+|\S+")
_SHOWN_SHA256 = 12


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of text that stayed, went or came: `what` is same, gone or new."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field with another value than before, both in words."""

    name: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs from the version before; `was_approved` is whether that one had been approved."""

    version: int
    was_approved: bool
    words: list[Change]
    fields: list[FieldChange]


def difference_of(asked: ApprovalRequest) -> Difference | None:
    """Return how a request differs from the one it supersedes; None for a first version.

    What was approved is read from the decision: the bytes that were sealed.
    """
    before = asked.supersedes
    if before is None:
        return None
    approval = before.decisions.filter(verb=Decision.Verb.APPROVE).order_by("decided_at").last()
    words, fields = payload_changes(
        kind_of(asked.kind), bytes(approval.payload if approval else before.payload), bytes(asked.payload)
    )
    return Difference(before.version, approval is not None, words, fields)


def payload_changes(kind: Kind, old: bytes, new: bytes) -> tuple[list[Change], list[FieldChange]]:
    """Return the changed words and every changed field: in the packet's words, else as it is written."""
    try:
        before, now = kind.Payload.model_validate_json(old), kind.Payload.model_validate_json(new)
    except ValidationError:  # payloads of this kind had another shape once
        return [], field_changes(_written(json.loads(old)), _written(json.loads(new)))
    (old_text, old_fields), (new_text, new_fields) = _looks(kind, before), _looks(kind, now)
    words = word_changes(old_text, new_text) if old_text != new_text else []
    unseen = {name for name in kind.Payload.model_fields if _changes_unseen(kind, name, before, now)}
    raw = (_written(one.model_dump(mode="json", include=unseen)) for one in (before, now))
    return words, [*field_changes(old_fields, new_fields), *field_changes(*raw)]


def _looks(kind: Kind, payload: Any) -> tuple[str, dict[str, str]]:
    """Return the text the packet shows, and the fields it lists with the digest of the file."""
    preview = kind.preview(payload)
    if preview is None:
        return "", kind.shown(payload)
    file = {"Video file": preview.asset_sha256[:_SHOWN_SHA256]} if preview.asset_id else {}
    return preview.text, {**kind.shown(payload), **file}


def _changes_unseen(kind: Kind, name: str, before: Any, now: Any) -> bool:
    """Return whether a field changed and the packet would look the same if it were the only one."""
    if getattr(before, name) == getattr(now, name):
        return False
    alone = before.model_copy(update={name: getattr(now, name)})
    return _looks(kind, alone) == _looks(kind, before)


def _written(payload: Mapping[str, Any]) -> dict[str, str]:
    return {name: json.dumps(value, ensure_ascii=False) for name, value in payload.items()}


def field_changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[FieldChange]:
    """Return the fields that differ, in the order they have now; what is gone stands last."""
    names = [*now, *(name for name in before if name not in now)]
    pairs = ((name, before.get(name, EMPTY), now.get(name, EMPTY)) for name in names)
    return [FieldChange(*pair) for pair in pairs if pair[1] != pair[2]]


def word_changes(before: str, now: str) -> list[Change]:
    """Return the words of both texts: those that are gone before those that took their place.

    Source: the longest matching blocks of `difflib.SequenceMatcher` over words and the spaces between them.
    """
    old, new = _WORD.findall(before), _WORD.findall(now)
    changes: list[Change] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        gone, came = "".join(old[i1:i2]), "".join(new[j1:j2])
        told = [("same", came)] if tag == "equal" else [("gone", gone), ("new", came)]
        changes += [Change(what, text) for what, text in told if text]
    return changes
