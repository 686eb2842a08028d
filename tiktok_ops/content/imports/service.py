"""A file into an account: all of it, or nothing; and first, what it would do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.scope import AccountUnknown
from tiktok_ops.audit.services import record
from tiktok_ops.content.imports.listeners import tell_listeners
from tiktok_ops.content.imports.outcome import KINDS, Outcome, summary_of
from tiktok_ops.content.imports.parsing import ImportFile, facts_in, opened_file
from tiktok_ops.content.imports.problems import ImportRefused, shown, storable
from tiktok_ops.content.imports.progress import Progress
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.imports.rows import fold_handle
from tiktok_ops.content.imports.source import Readable
from tiktok_ops.content.imports.writing import write_facts
from tiktok_ops.content.models import ContentImport, Post

MAX_REASONS = 5
MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, or would do: how many posts it created, changed and found as they were.

    `left_out` counts the file's rows of other accounts by handle; `digest` is the file's SHA-256 in
    hexadecimal; `data_as_of` is the time of the account's last post, aware, None while there is none;
    `summary` is what `imports.outcome` says of all kinds.
    """

    import_id: UUID
    created: int
    updated: int
    unchanged: int
    left_out: dict[str, int]
    digest: str
    data_as_of: datetime | None
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The file's posts of this account."""
        return self.created + self.updated + self.unchanged


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was read through once without a problem: what to read it as, and how many facts it has."""

    file: ImportFile
    account: TikTokAccount
    now: datetime
    facts: int

    def reading(self) -> Reading:
        """Return the start of a reading of the file."""
        return _reading(self.account, self.file, self.now)


def import_posts(
    *, account_id: UUID, stream: Readable, filename: str, by: User | str, progress: Progress | None = None
) -> ImportResult:
    """Read a file of any format and make the account what the file says, in one transaction.

    A post that is known takes every value of the file, older or smaller counts too: the last file
    imported is what counts. Each change of counts adds one `PostMetrics` snapshot; the same file again
    changes nothing. The account's `data_as_of` becomes its last post. Imports into one account wait for
    each other. `progress(done, total)` is called after every 1,000 rows.
    Raises `AccountUnknown`, or `ImportRefused` with what is wrong with the file; then nothing is written.
    """
    with (
        checked_file(account_id=account_id, stream=stream, filename=filename) as checked,
        transaction.atomic(),
    ):
        finished = ContentImport(
            account=locked(account_id),
            file_name=storable(filename)[:MAX_NAME_CHARS],
            requested_by=by if isinstance(by, User) else None,
        )
        return finish(finished, checked, by=by, progress=progress)


def preview_posts(*, account_id: UUID, stream: Readable, filename: str) -> ImportResult:
    """Return what `import_posts` would do, having done it in a transaction that is then rolled back."""
    with checked_file(account_id=account_id, stream=stream, filename=filename) as checked:
        return previewed(checked, ContentImport(account_id=account_id))


@contextmanager
def checked_file(
    *, account_id: UUID, stream: Readable, filename: str, now: datetime | None = None
) -> Iterator[Checked]:
    """Read a file through without writing, and give it for the block; a day without a year is before `now`.

    Raises `AccountUnknown`, or `ImportRefused` with everything that is wrong with the file.
    """
    account = TikTokAccount.objects.filter(id=account_id).first()
    if account is None:
        raise AccountUnknown(f"There is no account with the id {str(account_id)!r}.")
    at = now or timezone.now()
    with opened_file(stream, filename=filename) as file:
        reading = _reading(account, file, at)
        for _ in facts_in(file, reading):
            pass
        reading.check_end()
        yield Checked(file, account, at, reading.facts)


def _reading(account: TikTokAccount, file: ImportFile, now: datetime) -> Reading:
    return Reading(
        handle=fold_handle(account.handle), zone=ZoneInfo(account.time_zone), now=now, filename=file.filename
    )


def locked(account_id: UUID) -> TikTokAccount:
    """Return the account, locked against other imports to the end of the transaction."""
    # "no key": other rows may point at the account meanwhile, so that a run can start.
    return TikTokAccount.objects.select_for_update(no_key=True).get(id=account_id)


def previewed(checked: Checked, upload: ContentImport, progress: Progress | None = None) -> ImportResult:
    """Return what the import would do; nothing of it stays."""
    with transaction.atomic():
        locked(checked.account.id)
        outcome, reading = _written(checked, progress)
        result = _result(upload, checked, outcome, reading)
        transaction.set_rollback(True)
    return result


def finish(
    upload: ContentImport, checked: Checked, *, by: User | str, progress: Progress | None
) -> ImportResult:
    """Write the facts and then, last, the import's own row and the audit row; tell whom it concerns.

    To be called in a transaction that has locked the account.
    """
    outcome, reading = _written(checked, progress)
    result = _result(upload, checked, outcome, reading)
    account = upload.account
    if result.data_as_of is not None:
        account.data_as_of, account.data_source = result.data_as_of, TikTokAccount.Source.FILE
        account.save(update_fields=["data_as_of", "data_source"])
    _succeed(upload, result, rows=checked.facts)
    record("content.imported", by=by, subject=account, workspace_id=account.workspace_id, data=_told(upload))
    tell_listeners(account)
    return result


def _written(checked: Checked, progress: Progress | None) -> tuple[Outcome, Reading]:
    """Write the facts of a file that was checked; refuse one of which nothing is of use."""
    reading = checked.reading()
    outcome = write_facts(
        facts_in(checked.file, reading),
        account=checked.account,
        reading=reading,
        observed_at=timezone.now(),
        progress=progress,
        total=checked.facts,
    )
    reading.check_end()
    if not outcome.rows:
        reasons = list(reading.left_out.items())[:MAX_REASONS]
        told = "; ".join(f"{left.rows:,} × {reason}" for reason, left in reasons)
        raise ImportRefused.of(checked.file.filename, f"has nothing for {shown(reading.handle)}: {told}")
    return outcome, reading


def _result(upload: ContentImport, checked: Checked, outcome: Outcome, reading: Reading) -> ImportResult:
    posts = outcome.posts
    last = Post.objects.filter(account=checked.account).aggregate(last=Max("created_at"))["last"]
    return ImportResult(
        import_id=upload.id,
        created=posts.created,
        updated=posts.updated,
        unchanged=posts.unchanged,
        left_out=dict(reading.others),
        digest=checked.file.digest,
        data_as_of=last,
        summary=summary_of(outcome, reading),
    )


def _succeed(upload: ContentImport, result: ImportResult, *, rows: int) -> None:
    upload.status = "succeeded"
    upload.sha256 = result.digest
    upload.rows_done = upload.rows_total = rows
    upload.posts_created = result.created
    upload.posts_updated = result.updated
    upload.posts_unchanged = result.unchanged
    upload.left_out = result.left_out
    upload.summary = result.summary
    upload.finished_at = timezone.now()
    upload.save()


def _told(upload: ContentImport) -> dict[str, Any]:
    """Return what the audit trail keeps of an import; of kinds other than posts, those the file has."""
    others = {
        f"{kind}_{change}": number
        for kind in KINDS
        if kind != "posts" and any(upload.summary[kind][each] for each in ("created", "updated", "unchanged"))
        for change in ("created", "updated", "unchanged")
        for number in [upload.summary[kind][change]]
    }
    return {
        "import": str(upload.id),
        "file_name": upload.file_name,
        "sha256": upload.sha256,
        "posts_created": upload.posts_created,
        "posts_updated": upload.posts_updated,
        "posts_unchanged": upload.posts_unchanged,
        **others,
    }
