"""The parts of a sync, by name. To add one: its module, a line here.

A part is a function of a `Session`, named by its dotted path: what speaks to a vendor takes a while to
import, and only workers need it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.utils.module_loading import import_string

from agents.providers.errors import AccessRefused
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.errors import Refused
from tiktok_ops.registries import registry

SESSION = "agents.sync.session.open_session"
Hold = Callable[[float], None]


class SyncRefused(Refused):
    """This account is not synced."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part. What not every account may ask for `is_optional`: without access it is left out.

    One that `announces` tells whoever waits for new data of the account.
    """

    name: str
    done_by: str
    is_optional: bool = False
    announces: bool = False


PARTS: MappingProxyType[str, Part] = registry(
    [
        Part("profile", "agents.sync.profile.sync_profile"),
        Part("posts", "agents.sync.posts.sync_posts"),
        Part("comments", "agents.sync.comments.sync_comments"),
        Part("shop", "agents.sync.shop.sync_shop", is_optional=True),
        Part("trends", "agents.sync.market.sync_market", is_optional=True),
        Part("finish", "agents.sync.finish.finish_sync", announces=True),
        Part("all", "agents.sync.everything.sync_everything", announces=True),
    ],
    name=lambda part: part.name,
    called="parts of a sync",
)


def check_is_synced(account: TikTokAccount) -> None:
    """Raise `SyncRefused` for an account whose posts come from a file: what TikTok says of another is no fact of it."""
    if account.data_source == TikTokAccount.Source.FILE:
        raise SyncRefused(
            f"The posts of @{account.handle} come from an imported file: connect the account to TikTok to sync it, "
            "or import a newer file."
        )


def sync_part(name: str, *, account_id: UUID, hold: Hold = lambda seconds: None) -> dict[str, Any]:
    """Take in one part of what TikTok says of the account, and return in figures what came of it.

    It asks TikTok first and then writes `content`, in one transaction. `hold(seconds)` is called before each
    call. Raises `SyncRefused` for an account that is not synced, and the errors of the providers.
    """
    part = PARTS[name]
    session = import_string(SESSION)(account_id, hold=hold)
    try:
        said: dict[str, Any] = import_string(part.done_by)(session)
    except AccessRefused as refused:
        if not part.is_optional:
            raise
        return {"left_out": str(refused)}
    return said
