"""One sync of one account: whom it asks, with which access, and how far earlier ones came."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from agents.providers.tiktok.access import Access, access_of
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS
from agents.providers.tiktok.provider import TikTokProvider, get_tiktok
from agents.providers.tiktok.read.paging import Item, Page, Place
from agents.sync.parts import check_is_synced
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.models import SyncState

Hold = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Session:
    """One part of a sync under way. `hold` is called before each call to TikTok, with its time-out in seconds."""

    account: TikTokAccount
    tiktok: TikTokProvider
    access: Access
    hold: Hold
    now: datetime

    def holding(self) -> None:
        """Keep the lease for one more call; raises what `hold` raises."""
        self.hold(CALL_TIMEOUT_SECONDS)

    def held(
        self, read: Callable[[Place | None], Page[Item, Place]]
    ) -> Callable[[Place | None], Page[Item, Place]]:
        """Return `read` of a page, with the lease kept before each."""

        def hold_and_read(place: Place | None) -> Page[Item, Place]:
            self.holding()
            return read(place)

        return hold_and_read

    def synced_at(self, part: str) -> datetime | None:
        """Return when this part was last synced, None where it never was."""
        return (
            SyncState.objects.filter(account=self.account, part=part)
            .values_list("synced_at", flat=True)
            .first()
        )

    def done(self, part: str, said: dict[str, Any]) -> dict[str, Any]:
        """Note that a part is up to date as of the session's beginning, and return what is said of it.

        To be called in the transaction that writes the part.
        """
        SyncState.objects.update_or_create(
            account=self.account, part=part, defaults={"synced_at": self.now, "said": said}
        )
        return said

    def locked(self) -> TikTokAccount:
        """Lock the account, as imports do, so that two writers of its content wait for each other."""
        return TikTokAccount.objects.select_for_update(no_key=True).get(id=self.account.id)

    def reading(self) -> Reading:
        """Return what the writers of facts want to know of where those come from."""
        zone = ZoneInfo(self.account.time_zone)
        return Reading(handle=self.account.handle.lower(), zone=zone, now=self.now, filename="TikTok")


def open_session(account_id: UUID, *, hold: Hold = lambda seconds: None) -> Session:
    """Return a session for the account.

    Raises `SyncRefused` for an account whose posts come from a file: what TikTok says of another is no fact
    of it. Raises `AccessRefused` for one that is not connected.
    """
    account = TikTokAccount.objects.get(id=account_id)
    check_is_synced(account)
    access = access_of(account=account, mode=account.mode, by="sync")
    return Session(account, get_tiktok(), access, hold, timezone.now())
