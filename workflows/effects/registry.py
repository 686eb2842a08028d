"""The kinds of outward acts there are. To add one: a module that acts, a line here.

A kind is performed by a function of `Work`, named by its dotted path: what speaks to a vendor takes a
while to import, and only workers need it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.utils.module_loading import import_string

from tiktok_ops.registries import registry
from workflows.outcomes import Outcome
from workflows.shop_dealings import keep_gone, keep_made
from workflows.work import Work


@dataclass(frozen=True, slots=True)
class EffectKind:
    """One kind: the approval whose payload it sends, and the function that performs it.

    `done` is what is said of one that is confirmed. `leaves_by_reference` tells that nothing of it can have
    left before TikTok's reference was kept: then one without a reference may begin again, or fails. `is_post`
    tells that what proves it is the link of a post. `keep(account_id, payload)` writes down what is known once it
    is confirmed, in that transaction.
    """

    name: str
    label: str
    approval: str
    performed_by: str
    done: str
    leaves_by_reference: bool = False
    is_post: bool = False
    keep: Callable[[UUID, Mapping[str, Any]], None] | None = None

    def perform(self, work: Work) -> Outcome:
        """Do it, or go on with it."""
        act: Callable[[Work], Outcome] = import_string(self.performed_by)
        return act(work)


def by_name(kinds: Iterable[EffectKind]) -> MappingProxyType[str, EffectKind]:
    """Return the kinds by name; raises `ValueError` when two share one."""
    return registry(kinds, name=lambda kind: kind.name, called="kinds of effects")


EFFECTS = by_name(
    [
        EffectKind(
            name="post_video",
            label="Post a video",
            approval="post_video",
            performed_by="workflows.effects.post_video.act",
            done="posted",
            leaves_by_reference=True,
            is_post=True,
        ),
        EffectKind(
            name="post_photo",
            label="Post photos",
            approval="post_photo",
            performed_by="workflows.effects.post_photo.act",
            done="posted",
            is_post=True,
        ),
        EffectKind(
            name="reply_comment",
            label="Reply to a comment",
            approval="reply_comment",
            performed_by="workflows.effects.reply_comment.act",
            done="replied",
        ),
        EffectKind(
            name="send_message",
            label="Write to a creator",
            approval="send_message",
            performed_by="workflows.effects.send_message.act",
            done="sent",
        ),
        EffectKind(
            name="update_listing",
            label="Change a listing",
            approval="update_listing",
            performed_by="workflows.effects.update_listing.act",
            done="changed",
            keep=keep_made,
        ),
        EffectKind(
            name="set_price",
            label="Set the price",
            approval="set_price",
            performed_by="workflows.effects.set_price.act",
            done="set",
            keep=keep_made,
        ),
        EffectKind(
            name="take_off_sale",
            label="Take a product off sale",
            approval="take_off_sale",
            performed_by="workflows.effects.take_off_sale.act",
            done="taken off sale",
            keep=keep_gone,
        ),
        EffectKind(
            name="set_stock",
            label="Set the stock",
            approval="set_stock",
            performed_by="workflows.effects.set_stock.act",
            done="set",
        ),
        EffectKind(
            name="create_campaign",
            label="Create a campaign",
            approval="create_campaign",
            performed_by="workflows.effects.create_campaign.act",
            done="created, switched off",
        ),
    ]
)
