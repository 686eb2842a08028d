"""What people are asked for before anything is said to somebody: a reply to a comment, a message to a creator."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from approvals.kinds import Kind, Preview, Weight, register
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.cells import shortened
from tiktok_ops.content.models import Comment, Creator
from workflows.effect_words import fate_of
from workflows.gates import resume_gate
from workflows.payloads import Act, ActImpossible

LONGEST_COMMENT = 1_200
"""TikTok's limit since August 2026, in characters."""
LONGEST_MESSAGE = 2_000

TikTokId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,25}$")]


class CommentReply(Act):
    """A reply to a comment under one of the account's videos."""

    video_id: TikTokId
    comment_id: TikTokId
    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_COMMENT)]


class CreatorMessage(Act):
    """A message from the account's shop to a creator of the marketplace; `creator` is their handle."""

    creator: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]{2,24}$")]
    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_MESSAGE)]


def _comment(account_id: UUID, reply: CommentReply) -> Comment | None:
    rows = Comment.objects.filter(account_id=account_id, comment_id=reply.comment_id)
    return rows.filter(post__video_id=reply.video_id).first()


def _check_reply(reply: CommentReply, account: TikTokAccount) -> None:
    """Raise `ActImpossible` unless the comment is one we have read, so that it can be shown beside the reply."""
    if _comment(account.id, reply) is None:
        raise ActImpossible(
            f"The comment {reply.comment_id!r} is not one we have read under the video {reply.video_id!r} of "
            f"@{reply.handle}: sync the account first."
        )


def _reply_shown(reply: CommentReply) -> dict[str, str]:
    comment = _comment(reply.account, reply)
    said = f"{comment.author or 'somebody'}: {comment.text}" if comment else "it is not there any more"
    return {
        "Account": f"@{reply.handle}",
        "In answer to": said,
        "Under the video": reply.video_id,
        "When": "as soon as approved",
    }


def _check_message(message: CreatorMessage, account: TikTokAccount) -> None:
    """Raise `ActImpossible` unless the creator is one the workspace may write to."""
    known = Creator.objects.filter(workspace_id=account.workspace_id, handle=message.creator)
    if not known.exists():
        raise ActImpossible(
            f"@{message.creator} is not among the creators this workspace may write to: sync the marketplace first."
        )


def _message_shown(message: CreatorMessage) -> dict[str, str]:
    return {
        "From": f"the shop of @{message.handle}",
        "To": f"@{message.creator}",
        "When": "as soon as approved",
    }


REPLY = Kind(
    name="reply_comment",
    label="Reply to a comment",
    Payload=CommentReply,
    weigh=lambda reply: Weight(risk="medium"),
    title=lambda reply: f"Reply on @{reply.handle}: {shortened(reply.text)}",
    approve_label=lambda reply: "Approve and reply now",
    on_decided=resume_gate,
    check=_check_reply,
    shown=_reply_shown,
    preview=lambda reply: Preview(handle=reply.handle, text=reply.text),
    fate=fate_of,
)
MESSAGE = Kind(
    name="send_message",
    label="Write to a creator",
    Payload=CreatorMessage,
    weigh=lambda message: Weight(risk="medium"),
    title=lambda message: f"Message to @{message.creator}: {shortened(message.text)}",
    approve_label=lambda message: f"Approve and send to @{message.creator} now",
    on_decided=resume_gate,
    check=_check_message,
    shown=_message_shown,
    preview=lambda message: Preview(handle=message.handle, text=message.text),
    fate=fate_of,
)


def register_conversation_kinds() -> None:
    """Fill the registry."""
    for kind in (REPLY, MESSAGE):
        register(kind)
