"""What the page of an approval shows: the preview, what was found, what changed, and who did what when."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.urls import reverse

from agents.skills.hashtags import find_hashtags
from approvals.differences import difference_of
from approvals.guardrail_marks import guardrail_findings, is_held
from approvals.kinds import Fate, Kind, Preview, kind_of
from approvals.marks import marks_on, pieces_of, with_more
from approvals.models import ApprovalRequest, Decision
from approvals.policy import MayNotDecide
from approvals.services import check_may_decide
from tiktok_ops.accounts.models import User
from tiktok_ops.content.asset_facts import kind_of_file, length_and_sides
from tiktok_ops.content.models import Asset

WORKFLOW = "The workflow"
_NOT_ALL = "Not all of these photos are there, or yours to see, or the ones this asks about."
_SAID = {"approve": "approved it", "reject": "rejected it"}
_IN_PLACE = ("findings", "compliance_score", "blocked", "why_again")
"""The facts that have a place of their own on the page; the others are listed."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a request: when, who, what they did, and what they said."""

    at: datetime
    who: str
    what: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """What the phone shows: the words cut into (text, is a hashtag), and the file, or why it is not shown."""

    handle: str
    words: list[tuple[str, bool]]
    video_url: str
    photo_urls: list[str]
    about_video: str
    about_url: str
    warning: str


def packet_context(asked: ApprovalRequest, *, by: User) -> dict[str, Any]:
    """Return what the packet's template shows to this person."""
    kind = kind_of(asked.kind)
    payload = kind.Payload.model_validate_json(bytes(asked.payload))
    preview = kind.preview(payload)
    text = preview.text if preview else ""
    read = marks_on(text, asked.facts)
    guarded = guardrail_findings(asked, text, already=[mark.finding for mark in read or ()])
    marks = with_more(read, guarded, text)
    fate = kind.fate(asked)
    return {
        "asked": asked,
        "kind": kind,
        "mode": getattr(payload, "mode", asked.account.mode),
        "shown": kind.shown(payload),
        "screen": _screen(preview, preview.asset_id, asked, by) if preview and preview.asset_id else None,
        "has_text": preview is not None,
        "pieces": pieces_of(text, marks or []),
        "marks": marks,
        "held": is_held(guarded),
        **_compliance(asked.facts),
        "why_again": asked.facts.get("why_again", ""),
        "facts": _listed(asked.facts, is_read=read is not None),
        "difference": difference_of(asked),
        "newer_url": _newer_url(asked),
        "timeline": _timeline(asked, fate),
        "fate": fate,
        "approve_label": kind.approve_label(payload),
        "consent": kind.consent(payload),
        "why_not": _why_not(asked, kind, by),
        "other_way": kind.other_way(asked) if asked.status == "open" else None,
        "run_url": reverse("admin:workflows_workflowrun_change", args=[asked.run_id]),
        "decide_url": reverse("admin:approvals_approvalrequest_decide", args=[asked.id]),
        "account_url": reverse("admin:accounts_tiktokaccount_change", args=[asked.account_id]),
    }


def _why_not(asked: ApprovalRequest, kind: Kind, by: User) -> dict[str, str]:
    """Return why this person may not approve or reject this, in the service's words; without what they may."""
    told = {}
    for verb in Decision.Verb.values:
        try:
            check_may_decide(asked, kind, by, verb)
        except MayNotDecide as refused:
            told[verb] = str(refused)
    return told


def _screen(preview: Preview, asset_id: UUID, asked: ApprovalRequest, by: User) -> Screen:
    """Return the phone's picture; a file that is not the one asked about is not played."""
    asset = Asset.objects.visible_to(by).filter(id=asset_id, workspace_id=asked.workspace_id).first()
    photos = _photos(preview, asked, by)
    warning = _warning(asset, preview) or ("" if None not in photos else _NOT_ALL)
    return Screen(
        handle=preview.handle,
        words=words_of(preview.text),
        video_url="" if warning or asset is None or photos else _file_url(asset),
        photo_urls=[] if warning else [_file_url(photo) for photo in photos if photo is not None],
        about_video=", ".join(filter(None, [kind_of_file(asset), length_and_sides(asset)])) if asset else "",
        about_url=reverse("admin:content_asset_change", args=[asset.id]) if asset else "",
        warning=warning,
    )


def _file_url(asset: Asset) -> str:
    return reverse("admin:content_asset_file", args=[asset.id])


def _photos(preview: Preview, asked: ApprovalRequest, by: User) -> list[Asset | None]:
    """Return the photos in order; None for one that is not there, another by now, or not theirs to see."""
    rows = Asset.objects.visible_to(by).filter(workspace_id=asked.workspace_id)
    ids = [asset_id for asset_id, _ in preview.photos]
    found = {(asset.id, asset.sha256): asset for asset in rows.filter(id__in=ids)} if ids else {}
    return [found.get(photo) for photo in preview.photos]


def _warning(asset: Asset | None, preview: Preview) -> str:
    if asset is None or not asset.file:
        return "The video is not there, or not yours to see."
    if asset.sha256 != preview.asset_sha256:
        return "The video is not the one this asks about: its digest is another. Reject, and start the post again."
    return ""


def words_of(text: str) -> list[tuple[str, bool]]:
    """Cut a text into (text, whether it is a hashtag); the pieces put together are the text."""
    pieces, at = [], 0
    for tag in find_hashtags(text):
        end = tag.offset + tag.length
        pieces += [(text[at : tag.offset], False), (text[tag.offset : end], True)]
        at = end
    return [(piece, is_tag) for piece, is_tag in [*pieces, (text[at:], False)] if piece]


def _compliance(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the verdict of the check, where there was one."""
    return {
        "is_checked": "compliance_score" in facts,
        "score": facts.get("compliance_score"),
        "blocked": facts.get("blocked") is True,
    }


def _listed(facts: Mapping[str, Any], *, is_read: bool) -> dict[str, str]:
    """Return the facts that are not shown elsewhere, in plain words; findings nobody can read among them."""
    placed = _IN_PLACE if is_read else _IN_PLACE[1:]
    return {name.replace("_", " "): in_words(value) for name, value in facts.items() if name not in placed}


def in_words(value: Any) -> str:
    """Return a JSON value as people read it; a list of objects with a line for each."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "–"
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return "\n".join(map(_object_in_words, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _object_in_words(value: Mapping[str, Any]) -> str:
    return " · ".join(f"{name.replace('_', ' ')}: {in_words(said)}" for name, said in value.items())


def _newer_url(asked: ApprovalRequest) -> str:
    """Return the page of what is asked in this one's place, empty while it is the newest."""
    newer = ApprovalRequest.objects.filter(supersedes=asked).values_list("id", flat=True).first()
    return reverse("admin:approvals_approvalrequest_change", args=[newer]) if newer else ""


def _timeline(asked: ApprovalRequest, fate: Fate | None) -> list[Moment]:
    """Return what happened to all versions of the question, and what became of this one, oldest first."""
    decisions = Decision.objects.select_related("decided_by").defer("payload")
    versions = (
        ApprovalRequest.objects.filter(step_id=asked.step_id)
        .select_related("requested_by")
        .prefetch_related(Prefetch("decisions", decisions))
        .defer("payload", "facts")
    )
    moments = [moment for version in versions for moment in _of_version(version)]
    became = [Moment(fate.since, WORKFLOW, fate.words)] if fate else []
    return sorted([*moments, *became], key=lambda moment: moment.at)


def _of_version(version: ApprovalRequest) -> list[Moment]:
    starter = f", in a run that {version.requested_by} started" if version.requested_by else ""
    asked = Moment(version.created_at, WORKFLOW, f"asked for version {version.version}{starter}")
    decided = [
        Moment(
            decision.decided_at,
            str(decision.decided_by),
            f"{_SAID[decision.verb]} ({decision.get_channel_display()})",
            decision.comment,
        )
        for decision in version.decisions.all()
    ]
    return [asked, *decided]
