"""Making a video in a workflow: lines on cards, measured before anyone sees it, kept under its digest."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from agents.providers.errors import ProviderError
from agents.providers.media import Probe, get_transcoder
from tiktok_ops.content.assets import store_asset
from workflows.nodes import RenderNode
from workflows.outcomes import ArtifactDraft, Outcome, Succeeded
from workflows.retrying import after_trouble
from workflows.work import Work

MEDIA_TYPE = "video/mp4"
RIGHTS_NOTE = "Made here from text; nobody else has a right in it."


def render(work: Work) -> Outcome:
    """Make the video the node's inputs describe, and keep it as an asset of the account's brand."""
    if not isinstance(work.node, RenderNode):
        raise TypeError(work.node)
    # Sound and pictures are made on this machine: as long as the node may take.
    work.hold(work.node.timeout_seconds)
    try:
        return _made(work, lines=work.given["lines"], seconds=work.given["seconds"])
    except ProviderError as trouble:
        return after_trouble(work.node.retry, trouble, tries=work.step.tries)


def _made(work: Work, *, lines: Sequence[str], seconds: Any) -> Succeeded:
    with TemporaryDirectory(prefix="render-") as folder:
        out = Path(folder, "video.mp4")
        probe = get_transcoder().render_card_video(tuple(lines), seconds=float(seconds), out=out)
        return keep_video(work, out, probe, rights_note=RIGHTS_NOTE)


def keep_video(
    work: Work,
    file: Path,
    probe: Probe,
    *,
    rights_note: str,
    rights_expire_at: datetime | None = None,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> Succeeded:
    """Keep an MP4 as an asset of the brand the step works for, and return the step's success with it.

    `facts` are kept beside what was measured; `rights_expire_at` is aware.
    """
    account = work.step.run.account
    asset = store_asset(
        workspace_id=account.workspace_id,
        brand_id=account.brand_id,
        file=file,
        media_type=MEDIA_TYPE,
        probe={**probe.as_json(), **facts},
        rights_note=rights_note,
        rights_expire_at=rights_expire_at,
        by="workflow",
    )
    return Succeeded(
        output={
            "asset": str(asset.id),
            "asset_sha256": asset.sha256,
            "media_type": asset.media_type,
            "probe": asset.probe,
        },
        artifacts=(ArtifactDraft(kind="asset", asset_id=asset.id, media_type=asset.media_type),),
    )
