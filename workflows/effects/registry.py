"""The kinds of outward acts there are. To add one: a module that acts, a line here.

A kind is performed by a function of `Work`, named by its dotted path: what speaks to a vendor takes a
while to import, and only workers need it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.module_loading import import_string

from tiktok_ops.registries import registry
from workflows.outcomes import Outcome
from workflows.work import Work


@dataclass(frozen=True, slots=True)
class EffectKind:
    """One kind: the approval whose payload it sends, and the function that performs it."""

    name: str
    label: str
    approval: str
    performed_by: str

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
        )
    ]
)
