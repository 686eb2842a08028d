"""Changing the vault's keys: everything that is sealed is wrapped under the newest one, a page at a time.

A page is one transaction, and what is done is seen by its own first bytes: whoever is killed in the middle
begins again where it was. As long as both keys are configured nothing that reads notices.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import BinaryField, QuerySet
from django.db.models.functions import Substr

from tiktok_ops.audit.services import record
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.vault.envelope import VaultRefused, newest_header, rewrap

PAGE = 200
ACTOR = "manage.py rotate_vault"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column with sealed texts: its rows (with an `id`), its name, and what each row's text is bound to."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    column: str
    binding_of: Callable[[Any], str]

    def not_under(self, header: bytes) -> QuerySet[Any]:
        """Return the rows whose text does not begin with the header of the newest key, oldest first."""
        head = Substr(self.column, 1, len(header), output_field=BinaryField())
        there = self.rows().filter(**{f"{self.column}__isnull": False})
        headed: QuerySet[Any] = there.annotate(sealed_head=head)
        return headed.exclude(sealed_head=header).order_by("id")


@dataclass(frozen=True, slots=True)
class NotRewrapped:
    """A row that stays as it is, and why: its key is not configured, or it was changed."""

    what: str
    id: str
    sentence: str


@dataclass(slots=True)
class Rotation:
    """What a rotation did: how many texts it wrapped anew, by where they are, and which it could not."""

    key_id: str
    rewrapped: dict[str, int] = field(default_factory=dict)
    failed: list[NotRewrapped] = field(default_factory=list)


_SEALED: dict[str, Sealed] = {}


def register_sealed(sealed: Sealed) -> None:
    """Let a change of keys reach a column; raises `ValueError` when its name is taken."""
    if sealed.name in _SEALED:
        raise ValueError(f"What is sealed as {sealed.name!r} is registered twice: choose another name.")
    _SEALED[sealed.name] = sealed


def sealed_columns() -> tuple[Sealed, ...]:
    """Return every column a change of keys reaches."""
    return tuple(_SEALED.values())


def waiting_for_newest_key() -> int:
    """Return how many texts are not under the newest key: at 0, the older keys can go."""
    header = newest_header()
    return sum(sealed.not_under(header).count() for sealed in sealed_columns())


def rotate(*, page: int = PAGE) -> Rotation:
    """Wrap everything that is sealed under the newest key of `VAULT_KEYS`; harmless again, at any time.

    A text that cannot be opened stays as it is, and is named.
    """
    header = newest_header()
    done = Rotation(key_id=header[2:].decode())
    for sealed in sealed_columns():
        done.rewrapped[sealed.name] = 0
        last = None
        while True:
            last, count = _rewrap_page(sealed, header, done, after=last, page=page)
            if last is None:
                break
            done.rewrapped[sealed.name] += count
    return done


def _rewrap_page(sealed: Sealed, header: bytes, done: Rotation, *, after: Any, page: int) -> tuple[Any, int]:
    """Wrap a page of rows and return the last one's id and how many were wrapped; None where there is none."""
    with transaction.atomic():
        waiting = sealed.not_under(header)
        if after is not None:
            waiting = waiting.filter(id__gt=after)
        rows = list(waiting.select_for_update(of=("self",))[:page])
        if not rows:
            return None, 0
        count = sum(_rewrap_row(sealed, row, done) for row in rows)
        data = {"what": sealed.name, "rows": count, "key": done.key_id}
        record("vault.rewrapped", by=ACTOR, subject="vault", workspace_id=None, data=data)
    pass_by(CrashPoint.AFTER_REWRAPPED, rows[0].id)
    return rows[-1].id, count


def _rewrap_row(sealed: Sealed, row: Any, done: Rotation) -> bool:
    try:
        wrapped = rewrap(bytes(getattr(row, sealed.column)), binding=sealed.binding_of(row))
    except VaultRefused as refused:
        done.failed.append(NotRewrapped(sealed.name, str(row.id), str(refused)))
        return False
    sealed.rows().filter(id=row.id).update(**{sealed.column: wrapped})
    return True
