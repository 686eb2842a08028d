"""What an effect's status means, in honest words: "posted" only on somebody's word, and whose."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.urls import reverse

from approvals.kinds import Fate
from approvals.models import ApprovalRequest
from tiktok_ops.cells import visible
from workflows.effects.models import Effect
from workflows.effects.registry import EFFECTS


def words_of(effect: Effect) -> str:
    """Return how far the effect is, with characters that cannot be seen written out."""
    return visible(_WORDS[effect.status](effect))


def tone_of(effect: Effect) -> str:
    """Return the colour of its badge: good, info, neutral, warning or bad."""
    return _TONES[effect.status]


def delivery_of(effect: Effect) -> str:
    """Return who brings it onto the account, without saying that it is there."""
    return _DELIVERIES[effect.delivery]


def fate_of(request: ApprovalRequest) -> Fate | None:
    """Return what became of what was approved; None until its effect is written down."""
    effect = Effect.objects.select_related("settled_by", "attempt_allowed_by").filter(request=request).first()
    if effect is None:
        return None
    url = reverse("admin:workflows_effect_change", args=[effect.id])
    return Fate(words=words_of(effect), since=effect.status_since, tone=tone_of(effect), url=url)


def _confirmed(effect: Effect) -> str:
    """A link a person gave is that person's word, not TikTok's."""
    kind = EFFECTS.get(effect.kind)
    what = kind.done if kind else "done"
    if effect.confirmed_by == Effect.Word.PERSON:
        return f"{what} (link given by {effect.settled_by})"
    return f"{what} (TikTok confirmed)"


def _prepared(effect: Effect) -> str:
    """A second attempt is on somebody's word that the first is not live."""
    if effect.cleared_by == Effect.Clearance.PERSON:
        return f"to be sent once more, as {effect.attempt_allowed_by} allowed"
    return "approved, not sent yet"


_WORDS: Mapping[str, Callable[[Effect], str]] = MappingProxyType(
    {
        "prepared": _prepared,
        "sending": lambda effect: "being sent now",
        "sent": lambda effect: "sent, TikTok is working on it",
        "unknown": lambda effect: (
            f"unknown: being looked into since {effect.status_since:%Y-%m-%d %H:%M} UTC"
        ),
        "held": lambda effect: f"held: {effect.error}",
        "handed_over": lambda effect: "handed over to a person",
        "confirmed": _confirmed,
        "failed": lambda effect: f"failed: {effect.error}",
    }
)

_DELIVERIES: Mapping[str, str] = MappingProxyType({"direct": "by us", "by_hand": "by a person"})

_TONES: Mapping[str, str] = MappingProxyType(
    {
        "prepared": "neutral",
        "sending": "info",
        "sent": "info",
        "unknown": "warning",
        "held": "warning",
        "handed_over": "warning",
        "confirmed": "good",
        "failed": "bad",
    }
)
