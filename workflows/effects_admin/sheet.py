"""What the page of an effect shows: who approved what, how far its sending is, and what proves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from pydantic import ValidationError

from approvals.differences import Change, word_changes
from approvals.kinds import kind_of
from approvals.models import ApprovalRequest
from approvals.packet import in_words
from approvals.policy import MayNotDecide
from approvals.seal import SealBroken
from approvals.services import check_decision
from tiktok_ops.accounts.models import User
from tiktok_ops.cells import EMPTY, moment, visible
from tiktok_ops.content.models import Asset
from workflows.approval_kinds import PRIVACY_WORDS, VideoPost
from workflows.effect_words import delivery_of, tone_of, words_of
from workflows.effects.another_attempt import check_may_allow
from workflows.effects.models import Effect
from workflows.effects.parts import OURS, parts_in
from workflows.effects.parts import in_words as told_of
from workflows.effects.registry import EFFECTS
from workflows.effects_admin.by_hand import settings_in_the_app
from workflows.effects_admin.forms import LinkForm
from workflows.models import RunEvent
from workflows.photo_kinds import PhotoPost
from workflows.posts import Post, read_post

EVENTS_SHOWN = 200
_EVIDENCE = {
    "tiktok_said": "TikTok said",
    "asked_at": "Asked at",
    "privacy_level": "Who can see it",
    "earlier_reference": "TikTok's reference of the attempt before",
    "live_caption": "Caption on TikTok",
    "caption_matches": "Is it the approved caption",
}
"""What we keep as evidence, in the words of the page; what stands elsewhere is called by its own name."""

_WHERE = {"key", "item", "round", "effect"}
"""What an event says of where it belongs, which the page says already."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the run about this effect: when, what it became, and what was said."""

    at: datetime
    what: str
    said: str


def kind_label(effect: Effect) -> str:
    """Return what kind of act it is, in words."""
    kind = EFFECTS.get(effect.kind)
    return kind.label if kind else effect.kind


def sheet_of(effect: Effect, *, by: User, form: LinkForm | None) -> dict[str, Any]:
    """Return what the page's template shows to this person; `form` is None where a link closes nothing."""
    post = read_post(effect) if effect.kind not in EFFECTS or EFFECTS[effect.kind].is_post else None
    assets = _assets(effect, post, by)
    return {
        "effect": effect,
        "kind": kind_label(effect),
        "words": words_of(effect),
        "tone": tone_of(effect),
        "delivery": delivery_of(effect),
        "approval": approval_facts(effect),
        "sending": sending_facts(effect),
        "record": record_facts(effect),
        "evidence": evidence_facts(effect.evidence),
        "caption_changes": _caption_changes(effect, post),
        "seal_trouble": _seal_trouble(effect),
        "post": post,
        "approved": approved_facts(effect),
        "has_hidden": post is not None and visible(post.caption) != post.caption,
        "settings": settings_in_the_app(post) if post else [],
        "files": _files(assets),
        "is_photo": isinstance(post, PhotoPost),
        "asset_url": reverse("admin:content_asset_change", args=[assets[0].id]) if assets else "",
        "form": form,
        "settle_url": reverse("admin:workflows_effect_settle", args=[effect.id]),
        "attempt_url": reverse("admin:workflows_effect_attempt", args=[effect.id]),
        "asked_again_url": _asked_again_url(effect),
        "run_url": reverse("admin:workflows_workflowrun_change", args=[effect.step.run_id]),
        "account_url": reverse("admin:accounts_tiktokaccount_change", args=[effect.account_id]),
        "request_url": reverse("admin:approvals_approvalrequest_change", args=[effect.request_id]),
        "events": events_about(effect),
    }


def approved_facts(effect: Effect) -> dict[str, str]:
    """Return what was approved of what is no post, as the approval's page shows it; empty where it cannot be read."""
    if effect.kind not in EFFECTS or EFFECTS[effect.kind].is_post:
        return {}
    kind = kind_of(EFFECTS[effect.kind].approval)
    try:
        payload = kind.Payload.model_validate_json(bytes(effect.decision.payload))
    except ValidationError:
        return {}
    preview = kind.preview(payload)
    words = {"Words": preview.text} if preview else {}
    return {name: visible(value) for name, value in {**words, **kind.shown(payload)}.items()}


def why_no_attempt(effect: Effect, *, by: User) -> str:
    """Return why this person may not allow another attempt, empty where they may."""
    try:
        check_may_allow(effect, by)
    except MayNotDecide as refused:
        return str(refused)
    return ""


def _assets(effect: Effect, post: Post | None, by: User) -> list[Asset]:
    """Return the approved files, in order: those that are still the approved ones, and theirs to see."""
    if post is None:
        return []
    rows = Asset.objects.visible_to(by).filter(workspace_id=effect.workspace_id)
    wanted = (
        [(post.asset, post.asset_sha256)]
        if isinstance(post, VideoPost)
        else [(photo.asset, photo.sha256) for photo in post.photos]
    )
    found = {(asset.id, asset.sha256): asset for asset in rows.filter(id__in=[one for one, _ in wanted])}
    return [found[one] for one in wanted if one in found]


def _files(assets: list[Asset]) -> list[tuple[str, str]]:
    """Return what a person downloads, as (name, address)."""
    names = (
        ["the video"]
        if len(assets) == 1 and assets[0].media_type.startswith("video/")
        else [f"photo {number}" for number in range(1, len(assets) + 1)]
    )
    return [
        (name, reverse("admin:content_asset_file", args=[asset.id]))
        for name, asset in zip(names, assets, strict=True)
        if asset.file
    ]


def _seal_trouble(effect: Effect) -> str:
    """Return what is wrong with the seal, empty while it holds."""
    try:
        check_decision(effect.decision)
    except SealBroken as broken:
        return str(broken)
    return ""


def approval_facts(effect: Effect) -> dict[str, str | SafeString]:
    """Return who approved what, when and how."""
    decision = effect.decision
    return {
        "Approved by": str(decision.decided_by),
        "Approved at": moment(decision.decided_at),
        "How": decision.get_channel_display(),
        **({"Comment": visible(decision.comment)} if decision.comment else {}),
        "Version": str(effect.request.version),
    }


def sending_facts(effect: Effect) -> dict[str, str | SafeString]:
    """Return how it goes out and how far that is; what is not known yet is left out."""
    told: dict[str, str | SafeString] = {
        "What went wrong": visible(effect.error),
        "Link": address(effect),
        "Post": visible(effect.post_id),
        "Whose word it is": _whose_word(effect),
        "Delivery": delivery_of(effect),
        "Written down": moment(effect.created_at),
        "Status since": moment(effect.status_since),
        "Over": moment(effect.finished_at),
        "Times sending began": str(effect.claims),
        "One more attempt allowed by": _allowed_by(effect),
        "Times TikTok was asked what became of it": str(effect.looks or ""),
        "TikTok's reference": visible(effect.provider_ref),
    }
    return {name: value for name, value in told.items() if value and value != EMPTY}


def _allowed_by(effect: Effect) -> str | SafeString:
    """Return who said that it was not live, when, and what they saw."""
    if effect.attempt_allowed_by is None:
        return ""
    at, reason = moment(effect.attempt_allowed_at), visible(effect.attempt_reason)
    return format_html("{}, {}: {}", effect.attempt_allowed_by, at, reason)


def record_facts(effect: Effect) -> dict[str, str | SafeString]:
    """Return by which digests and keys all of it can be checked again, and what TikTok allowed before."""
    decision = effect.decision
    return {
        "SHA-256 of what was approved": decision.payload_sha256,
        "Seal": f"{decision.seal} (key {decision.seal_key_id})",
        "Decision": str(decision.id),
        "Idempotency key": effect.idempotency_key,
        **({"TikTok was asked what it allows": moment(effect.checked_at)} if effect.checked_at else {}),
        **_allowed(effect.creator),
    }


def _allowed(creator: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what TikTok allowed the account, as TikTok names it; of an act of parts, also what is there of it."""
    told = {
        f"TikTok's {name.replace('_', ' ')}": visible(in_words(value))
        for name, value in (creator or {}).items()
        if name not in OURS
    }
    there = told_of(parts_in(creator))
    return {**told, **({"What there is of it": visible(there)} if there else {})}


def _whose_word(effect: Effect) -> str:
    if effect.confirmed_by == Effect.Word.PERSON:
        return f"{effect.settled_by}, who gave the link"
    return str(effect.get_confirmed_by_display())


def address(effect: Effect) -> str | SafeString:
    """Return where the post is, empty while nobody knows; a link only where there is something behind it."""
    if not effect.url:
        return ""
    shown = visible(effect.url)
    if effect.mode == "sandbox":
        return f"{shown} (simulated: there is nothing behind it)"
    if not effect.url.startswith("https://"):
        return shown
    return format_html(
        '<a class="ops-link" href="{}" rel="noopener noreferrer nofollow">{}</a>', effect.url, shown
    )


def evidence_facts(evidence: Mapping[str, Any]) -> dict[str, str]:
    """Return what proves the end, in plain words."""
    return {
        _EVIDENCE.get(name, name.replace("_", " ").capitalize()): visible(_proof(name, value))
        for name, value in evidence.items()
    }


def _proof(name: str, value: Any) -> str:
    """Return a value as people read it, which TikTok's own words already are."""
    if value is None and name in {"live_caption", "caption_matches"}:
        return "it could not be read"
    if name == "privacy_level":
        return PRIVACY_WORDS.get(value, in_words(value))
    if name == "asked_at":
        return f"{in_words(value)[:19].replace('T', ' ')} UTC"
    return in_words(value)


def _caption_changes(effect: Effect, post: Post | None) -> list[Change]:
    """Return how the live caption differs from the approved one, where it was read and does."""
    live = effect.evidence.get("live_caption")
    if post is None or effect.evidence.get("caption_matches") is not False or not isinstance(live, str):
        return []
    return word_changes(post.caption, live)


def _asked_again_url(effect: Effect) -> str:
    """Return the page of what was asked in place of what a held effect was approved by."""
    if effect.status != "held":
        return ""
    asked = ApprovalRequest.objects.filter(step_id=effect.request.step_id, version__gt=effect.request.version)
    newest = asked.order_by("-version").values_list("id", flat=True).first()
    return reverse("admin:approvals_approvalrequest_change", args=[newest]) if newest else ""


def events_about(effect: Effect) -> list[Happened]:
    """Return the events of the run about this effect, in order."""
    events = RunEvent.objects.filter(run_id=effect.step.run_id, data__effect=str(effect.id)).order_by("seq")
    return [
        Happened(event.at, event.kind.removeprefix("effect.").replace("_", " "), _said(event.data))
        for event in events[:EVENTS_SHOWN]
    ]


def _said(data: Mapping[str, Any]) -> str:
    told = {name.replace("_", " "): in_words(value) for name, value in data.items() if name not in _WHERE}
    return visible("; ".join(f"{name}: {value}" for name, value in told.items()))
