"""What the page of a video says of its copy that fits TikTok, or of the video it is a copy of."""

from dataclasses import dataclass

from django.urls import reverse

from tiktok_ops.accounts.models import User
from tiktok_ops.content.fitting import fitting_of
from tiktok_ops.content.models import Asset


@dataclass(frozen=True, slots=True)
class FittingPanel:
    """`why` the video does not fit, and its copy, what keeps it from being made, or neither while it is made.

    Of a copy: `original_url`, empty where the original is not to be seen, and what was `changed`.
    """

    why: str = ""
    problem: str = ""
    made_url: str = ""
    again_url: str = ""
    original: str = ""
    original_url: str = ""
    changed: tuple[str, ...] = ()


def fitting_panel(asset: Asset, user: User) -> FittingPanel | None:
    """Return what is to be said; None of a video that fits as it came."""
    if state := fitting_of(asset):
        made = Asset.objects.visible_to(user).filter(id=state["made"]).first() if state.get("made") else None
        return FittingPanel(
            why=state["why"],
            problem=state.get("problem", ""),
            made_url=_page(made) if made else "",
            again_url=reverse("admin:content_asset_fit", args=[asset.pk]) if state.get("problem") else "",
        )
    if digest := asset.probe.get("transcoded_from"):
        seen = Asset.objects.visible_to(user).filter(workspace_id=asset.workspace_id, sha256=digest).first()
        return FittingPanel(
            original=digest[:12],
            original_url=_page(seen) if seen else "",
            changed=tuple(asset.probe.get("changed", ())),
        )
    return None


def kept_message(asset: Asset) -> tuple[bool, str]:
    """Return whether an uploaded video fits, and what is said of it."""
    why = fitting_of(asset).get("why")
    if not why:
        return True, "The video is kept."
    return False, (
        f"The video is kept as it is, but TikTok would not take it. {why} A copy that fits is being made, which takes "
        "about as long as the video runs; this page will lead to it."
    )


def _page(asset: Asset) -> str:
    return reverse("admin:content_asset_change", args=[asset.pk])
