"""Sending a video's bytes: each chunk under a renewed lease, the last one only if all of them were approved."""

import hashlib
import time
from collections.abc import Callable
from typing import BinaryIO

from agents.providers.errors import ProviderError
from agents.providers.tiktok.wire import UPLOAD_TIMEOUT_SECONDS
from agents.providers.tiktok.write.chunks import Chunk
from agents.providers.tiktok.write.posting import PostingWriter
from tiktok_ops.content.assets import AssetChanged
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.errors import Refused
from tiktok_ops.vault.envelope import VaultRefused
from workflows.effects.ledger import upload_url_of
from workflows.effects.next_look import look_again_seconds
from workflows.effects.posting import Posting
from workflows.effects.underway import give_up, unsure
from workflows.outcomes import Outcome, Waits
from workflows.stop_switch import Stopped

SENT = "The video is with TikTok, which is working on it."
PIECE_BYTES = 1024 * 1024


class OutOfTime(Refused):
    """The upload takes longer than one turn of a worker; it goes on where it is."""


def send_bytes(posting: Posting, file: BinaryIO, *, uploaded_bytes: int) -> Outcome:
    """Send what TikTok does not have yet; afterwards the effect is `sent`, `unknown` or `failed`.

    Raises `LeaseLost`. Where the address cannot be opened any more it runs out, which TikTok then says.
    """
    plan = posting.plan(posting.effect.chunk_bytes or 0)
    before_chunk = _gatekeeper(posting, digest=_digest_until(file, uploaded_bytes))
    try:
        is_complete = PostingWriter(posting.provider).upload(
            upload_url=upload_url_of(posting.effect),
            plan=plan,
            file=file,
            uploaded_bytes=uploaded_bytes,
            content_type=posting.asset.media_type,
            before_chunk=before_chunk,
        )
    except Stopped as stopped:
        posting.moved("unknown", error=str(stopped))
        return Waits(str(stopped))
    except OutOfTime as pause:
        return unsure(posting, str(pause), seconds=0)
    except AssetChanged as changed:  # before the last chunk, so that nothing can go live
        return give_up(posting, str(changed))
    except (ProviderError, VaultRefused) as trouble:
        return unsure(posting, str(trouble))
    pass_by(CrashPoint.BEFORE_SENT, posting.work.step.id)
    if not is_complete:
        return unsure(posting, "TikTok took every byte and did not say that this was all.")
    posting.moved("sent", error="")
    return Waits(SENT, look_again_seconds(0))


def _gatekeeper(posting: Posting, *, digest: "hashlib._Hash") -> Callable[[Chunk, bytes], None]:
    """Return what is asked before each chunk whether it may go."""
    work, asset = posting.work, posting.asset
    end = time.monotonic() + work.node.timeout_seconds - UPLOAD_TIMEOUT_SECONDS
    sent: list[Chunk] = []

    def before_chunk(chunk: Chunk, content: bytes) -> None:
        if sent:
            pass_by(CrashPoint.MID_UPLOAD, work.step.id)
            if time.monotonic() > end:
                raise OutOfTime
        sent.append(chunk)
        digest.update(content)
        is_last = chunk.last == asset.bytes - 1
        if is_last and digest.hexdigest() != asset.sha256:
            raise AssetChanged(f"The video {asset.id} was changed while it was being sent; upload it again.")
        work.hold(UPLOAD_TIMEOUT_SECONDS)
        posting.check_not_stopped()

    return before_chunk


def _digest_until(file: BinaryIO, size_bytes: int) -> "hashlib._Hash":
    """Return the running SHA-256 of the file's first bytes."""
    digest = hashlib.sha256()
    file.seek(0)
    left = size_bytes
    while left and (piece := file.read(min(left, PIECE_BYTES))):
        digest.update(piece)
        left -= len(piece)
    return digest
