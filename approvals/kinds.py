"""The kinds of things a person can be asked for; upper apps fill this, the desk and the decision call it.

A kind says what its payload looks like, how risky it is, what to show, and what happens when it is decided.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.errors import Refused

if TYPE_CHECKING:
    from approvals.models import ApprovalRequest, Decision


AN_APPROVER = "an approver"


class KindUnknown(Refused):
    """There is no such kind of approval."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a payload weighs: its risk, and the money in it."""

    risk: str
    amount_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a payload looks like once it is out: on whose account, with which words, and which file, if any.

    Of photos that is the cover, and `photos` are all of them in order, each as (asset, SHA-256).
    """

    handle: str
    text: str
    asset_id: UUID | None = None
    asset_sha256: str = ""
    photos: tuple[tuple[UUID, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of what was approved: in words, since when, in a badge's colour, and a page of ours with more."""

    words: str
    since: datetime
    tone: str
    url: str


@dataclass(frozen=True, slots=True)
class OtherWay:
    """A page of ours on which the same question is answered otherwise than with yes or no, and what it is called."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of approval.

    `on_decided(request, decision)` runs inside the decision's transaction; when it raises, the decision
    is rolled back with it. `approve_label(payload)` is what the button says, `consent(payload)` what
    pressing it agrees to. `fate(request)` is None until something came of an approval. `check(payload,
    account)` raises `Refused` for a payload that nobody could approve on that account. `asked_of` is who decides, in
    words; `other_way(request)` where to answer otherwise. A kind that `teaches` has what people edit or reject
    proposed as lessons.
    """

    name: str
    label: str
    Payload: type[BaseModel]
    weigh: Callable[[Any], Weight]
    title: Callable[[Any], str]
    approve_label: Callable[[Any], str]
    on_decided: Callable[["ApprovalRequest", "Decision"], None]
    capability: Capability = Capability.DECIDE
    check: Callable[[Any, TikTokAccount], None] = field(default=lambda payload, account: None)
    shown: Callable[[Any], dict[str, str]] = field(default=lambda payload: {})
    preview: Callable[[Any], Preview | None] = field(default=lambda payload: None)
    consent: Callable[[Any], str] = field(default=lambda payload: "")
    fate: Callable[["ApprovalRequest"], Fate | None] = field(default=lambda request: None)
    asked_of: str = AN_APPROVER
    other_way: Callable[["ApprovalRequest"], OtherWay | None] = field(default=lambda request: None)
    teaches: bool = True


_kinds: dict[str, Kind] = {}


def who_decides(name: str) -> str:
    """Return who decides on what is of this kind, in words; also of a kind there is no more."""
    return _kinds[name].asked_of if name in _kinds else AN_APPROVER


def register(kind: Kind) -> None:
    """Add a kind; raises `ValueError` when there is one of that name."""
    if kind.name in _kinds:
        raise ValueError(f"The approval kind {kind.name!r} is registered twice.")
    _kinds[kind.name] = kind


def kind_of(name: str) -> Kind:
    """Return the kind; raises `KindUnknown`."""
    try:
        return _kinds[name]
    except KeyError:
        known = ", ".join(sorted(_kinds)) or "none"
        raise KindUnknown(f"There is no approval kind {name!r}; there are {known}.") from None


def known_kinds() -> list[str]:
    """Return the names of all kinds, sorted."""
    return sorted(_kinds)
