"""Joining clips in a workflow: each found, checked to be the bytes that were kept, and made one video that fits."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from agents.providers.errors import ProviderError
from agents.providers.media import get_transcoder
from tiktok_ops.content.assets import AssetChanged, open_verified
from tiktok_ops.content.models import Asset
from workflows.clips import Assembly, ClipsRefused, clips_of, rights_of
from workflows.nodes import AssembleNode
from workflows.outcomes import Failed, Outcome, Succeeded
from workflows.rendering import keep_video
from workflows.retrying import after_trouble
from workflows.work import Work


def assemble(work: Work) -> Outcome:
    """Join the clips the node's inputs name, and keep the whole as an asset of the account's brand."""
    if not isinstance(work.node, AssembleNode):
        raise TypeError(work.node)
    try:
        clips = clips_of(work.step.run.account, Assembly.model_validate(work.given).clips)
        # Reading and encoding happen on this machine: as long as the node may take.
        work.hold(work.node.timeout_seconds)
        for clip in clips:
            open_verified(clip).close()
        return _joined(work, clips)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        return Failed(
            f"These clips cannot be joined: {field} is {first['input']!r}, which does not do: {first['msg']}."
        )
    except (ClipsRefused, AssetChanged) as refused:
        return Failed(str(refused))
    except ProviderError as trouble:
        return after_trouble(work.node.retry, trouble, tries=work.step.tries)


def _joined(work: Work, clips: Sequence[Asset]) -> Succeeded:
    note, end = rights_of(clips)
    with TemporaryDirectory(prefix="assemble-") as folder:
        out = Path(folder, "video.mp4")
        probe = get_transcoder().assemble([Path(clip.file.path) for clip in clips], out=out)
        facts = {"assembled_from": [clip.sha256 for clip in clips]}
        return keep_video(work, out, probe, rights_note=note, rights_expire_at=end, facts=facts)
