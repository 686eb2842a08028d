"""Proposing, accepting and revoking what is remembered: the only writers of memory."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from agents.memory.languages import SIMPLE, configuration_of
from agents.memory.models import LONGEST_TEXT, MemoryItem
from agents.memory.transitions import MEMORY
from tiktok_ops.accounts.models import Brand, TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.audit.services import record
from tiktok_ops.cells import visible
from tiktok_ops.errors import NotAllowed, NotThere, Overtaken, Refused


class MemoryUnknown(NotThere):
    """There is no such memory."""


class MemoryNotYours(NotAllowed):
    """You may read this; approvers and owners decide what is remembered: ask one of them."""


class MemoryDecided(Overtaken):
    """Somebody decided on this before you."""


class MemoryRefused(Refused):
    """This cannot be remembered."""


@dataclass(frozen=True, slots=True)
class About:
    """Whom something is told about: one of a brand, an account or an agent of the workspace."""

    workspace_id: UUID
    brand: Brand | None = None
    account: TikTokAccount | None = None
    agent: str = ""

    @classmethod
    def brand_or_account(cls, account: TikTokAccount) -> "About":
        """Return the account's brand, or, where it has none, the account itself."""
        if account.brand is not None:
            return cls(account.workspace_id, brand=account.brand)
        return cls(account.workspace_id, account=account)

    @property
    def scope(self) -> str:
        """Which of the three it is. Raises `MemoryRefused` unless it is exactly one."""
        given = [
            name
            for name, one in (("brand", self.brand), ("account", self.account), ("agent", self.agent))
            if one
        ]
        if len(given) != 1:
            raise MemoryRefused(
                f"Something is remembered of one brand, one account or one agent, and this names "
                f"{' and '.join(given) or 'none'}: name one."
            )
        return given[0]


def propose(
    *,
    about: About,
    kind: str,
    text: str,
    by: User | str,
    locale: str = "",
    source_run_id: UUID | None = None,
    source: str = "",
) -> MemoryItem | None:
    """Propose to remember something, in the caller's transaction; a person has to accept it.

    Returns None where it is remembered or proposed already. A text that is too long is cut. `locale` is the
    language it is in, where that is known. Raises `MemoryRefused` for a text that says nothing.
    """
    item = _new(about, kind, text, locale)
    item.source_run_id, item.source = source_run_id, source
    with transaction.atomic():
        same = MemoryItem.objects.filter(
            workspace_id=item.workspace_id,
            scope=item.scope,
            brand=item.brand,
            account=item.account,
            agent=item.agent,
            kind=kind,
            text=item.text,
        ).exclude(status="revoked")
        # Of two at the same moment one is left out by the database, whoever is first.
        if same.exists() or not _inserted(item):
            return None
        item.refresh_from_db()
        _record("proposed", item, by=by)
    return item


def write_down(*, about: About, kind: str, text: str, by: User, locale: str = "") -> MemoryItem:
    """Remember what a person who may accept wrote themselves. Raises `MemoryNotYours` or `MemoryRefused`."""
    with transaction.atomic():
        item = propose(about=about, kind=kind, text=text, by=by, locale=locale, source="written by a person")
        if item is None:
            raise MemoryRefused("This is remembered or proposed already, word for word: accept it there.")
        return accept(item_id=item.id, by=by)


def accept(*, item_id: UUID, by: User) -> MemoryItem:
    """Let models be told it from now on. Raises `MemoryUnknown`, `MemoryNotYours` or `MemoryDecided`."""
    return _decide(item_id, "active", "accepted", by=by)


def revoke(*, item_id: UUID, by: User) -> MemoryItem:
    """Let it be told no more, or, of a proposal, never. Raises as `accept`."""
    return _decide(item_id, "revoked", "revoked", by=by)


def _decide(item_id: UUID, status: str, verb: str, *, by: User) -> MemoryItem:
    """Lock, guard, write."""
    with transaction.atomic():
        item = MemoryItem.objects.select_for_update(of=("self",)).filter(id=item_id).first()
        if item is None or not MemoryItem.objects.visible_to(by).filter(id=item_id).exists():
            raise MemoryUnknown(f"There is no memory {str(item_id)!r}.")
        if not MemoryItem.objects.visible_to(by, Capability.TEACH).filter(id=item_id).exists():
            raise MemoryNotYours
        if not MEMORY.allows(item.status, status):
            raise MemoryDecided(f"This is {item.status} already.")
        MemoryItem.objects.filter(id=item.id).update(status=status, decided_by=by, decided_at=Now())
        _record(verb, item, by=by)
    item.refresh_from_db()
    return item


def _new(about: About, kind: str, text: str, locale: str) -> MemoryItem:
    """Return an item that is not inserted yet."""
    said = visible(" ".join(text.split()))
    if not said:
        raise MemoryRefused("The text is empty: say in a sentence what is worth knowing.")
    if len(said) > LONGEST_TEXT:
        said = f"{said[: LONGEST_TEXT - 1].rstrip()}…"
    return MemoryItem(
        workspace_id=about.workspace_id,
        scope=about.scope,
        brand=about.brand,
        account=about.account,
        agent=about.agent,
        kind=kind,
        text=said,
        language=configuration_of(locale) if locale else SIMPLE,
    )


def _inserted(item: MemoryItem) -> bool:
    """Insert the item unless the same is there, and return whether it was."""
    MemoryItem.objects.bulk_create([item], ignore_conflicts=True)
    return MemoryItem.objects.filter(id=item.id).exists()


def _record(what: str, item: MemoryItem, *, by: User | str) -> None:
    record(
        f"memory.{what}",
        by=by,
        subject=f"memory {item.id}",
        workspace_id=item.workspace_id,
        data={"kind": item.kind, "scope": item.scope, "text": item.text, "source": item.source},
    )
