"""Posts of a file into an account: every one of them, or none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.scope import AccountUnknown
from tiktok_ops.audit.services import record
from tiktok_ops.content.imports.listeners import tell_listeners
from tiktok_ops.content.imports.parsing import ParsedPosts, read_posts
from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.progress import Progress, committed_progress
from tiktok_ops.content.imports.rows import PostRow
from tiktok_ops.content.imports.source import Readable
from tiktok_ops.content.models import ContentImport, Post, PostMetrics

BATCH_ROWS = 1_000
OPEN_STATUSES = ("queued", "running")

_COUNTS = ("views", "likes", "comments", "shares")
_FIELDS = ("url", "created_at", "caption", "hashtags", *_COUNTS, "extra")
_FAULT = "The import stopped because of a fault of ours; nothing was imported. Start it again."


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did: how many posts it created, changed and found as they were.

    `left_out` counts the file's rows of other accounts by handle; `digest` is the file's SHA-256 in
    hexadecimal; `data_as_of` is the time of the account's last post, aware.
    """

    import_id: UUID
    created: int
    updated: int
    unchanged: int
    left_out: dict[str, int]
    digest: str
    data_as_of: datetime

    @property
    def rows(self) -> int:
        """The file's rows for this account."""
        return self.created + self.updated + self.unchanged


@dataclass(slots=True)
class _Changes:
    """What one batch does to the account's posts."""

    created: list[Post] = field(default_factory=list)
    updated: list[Post] = field(default_factory=list)
    recounted: list[Post] = field(default_factory=list)
    unchanged: int = 0


def import_posts(
    *, account_id: UUID, stream: Readable, filename: str, by: User | str, progress: Progress | None = None
) -> ImportResult:
    """Read a file and make its posts of the account what the file says, in one transaction.

    A post that is known takes every value of the file, older or smaller counts too: the last file
    imported is what counts. Each change of counts adds one `PostMetrics` snapshot; the same file again
    changes nothing. The account's `data_as_of` becomes its last post. Imports into one account wait for
    each other. `progress(done, total)` is called after every 1,000 rows.
    Raises `AccountUnknown`, or `ImportRefused` with what is wrong with the file; then nothing is written.
    """
    parsed = _read(account_id, stream, filename)
    with transaction.atomic():
        account = _locked(account_id)
        finished = ContentImport(
            account=account,
            file_name=_storable_name(filename),
            requested_by=by if isinstance(by, User) else None,
        )
        return _finish(finished, account, parsed, by=by, progress=progress)


def run_import(*, import_id: UUID) -> None:
    """Carry out an uploaded import, with progress in its row, and end it as `succeeded` or `failed`.

    Harmless when called again: an import that has ended is left alone, one that a dead worker left
    running is done anew. A refusal is kept in the row's `problems`; any other error too, and raised.
    """
    still_open = ContentImport.objects.filter(id=import_id, status__in=OPEN_STATUSES)
    if not still_open.update(status="running"):
        return
    upload = ContentImport.objects.select_related("requested_by").get(id=import_id)
    try:
        with upload.file.open("rb") as stream, committed_progress(import_id) as progress:
            parsed = _read(upload.account_id, stream, upload.file_name)
            with transaction.atomic():
                account = _locked(upload.account_id)
                if still_open.exists():  # asked again under the lock: the same import may run twice
                    _finish(upload, account, parsed, by=upload.requested_by or "import", progress=progress)
    except ImportRefused as refused:
        _fail(import_id, problems=refused.as_json(), more=refused.more)
    except Exception:
        _fail(import_id, problems=ImportRefused.whole(_FAULT).as_json())
        raise


def _read(account_id: UUID, stream: Readable, filename: str) -> ParsedPosts:
    handle = TikTokAccount.objects.filter(id=account_id).values_list("handle", flat=True).first()
    if handle is None:
        raise AccountUnknown(f"There is no account with the id {str(account_id)!r}.")
    return read_posts(stream, filename=filename, handle=handle, now=timezone.now())


def _locked(account_id: UUID) -> TikTokAccount:
    # "no key": other rows may point at the account meanwhile, so that a run can start.
    return TikTokAccount.objects.select_for_update(no_key=True).get(id=account_id)


def _finish(
    upload: ContentImport,
    account: TikTokAccount,
    parsed: ParsedPosts,
    *,
    by: User | str,
    progress: Progress | None,
) -> ImportResult:
    """Store the posts and then, last, the import's own row and the audit row; tell whom it concerns."""
    tally = _store(account, parsed.rows, progress)
    account.data_as_of = Post.objects.filter(account=account).aggregate(last=Max("created_at"))["last"]
    account.data_source = TikTokAccount.Source.FILE
    account.save(update_fields=["data_as_of", "data_source"])
    assert account.data_as_of is not None
    result = ImportResult(upload.id, *tally, parsed.left_out, parsed.digest, account.data_as_of)
    _succeed(upload, result)
    record("content.imported", by=by, subject=account, workspace_id=account.workspace_id, data=_told(upload))
    tell_listeners(account)
    return result


def _store(
    account: TikTokAccount, rows: Sequence[PostRow], progress: Progress | None
) -> tuple[int, int, int]:
    """Write the posts in batches; return how many were created, updated and unchanged."""
    observed_at = timezone.now()
    created = updated = unchanged = done = 0
    for batch in _batches(rows):
        changes = _changes(account, batch)
        _write(changes, observed_at)
        created += len(changes.created)
        updated += len(changes.updated)
        unchanged += changes.unchanged
        done += len(batch)
        if progress is not None:
            progress(done, len(rows))
    return created, updated, unchanged


def _batches(rows: Sequence[PostRow]) -> Iterator[Sequence[PostRow]]:
    return (rows[start : start + BATCH_ROWS] for start in range(0, len(rows), BATCH_ROWS))


def _changes(account: TikTokAccount, batch: Sequence[PostRow]) -> _Changes:
    known = Post.objects.filter(account=account, video_id__in=[row.video_id for row in batch])
    posts = {post.video_id: post for post in known}
    changes = _Changes()
    for row in batch:
        post = posts.get(row.video_id)
        if post is None:
            changes.created.append(Post(account=account, video_id=row.video_id, **_values(row)))
        elif changed := _take_over(row, post):
            changes.updated.append(post)
            if changed.intersection(_COUNTS):
                changes.recounted.append(post)
        else:
            changes.unchanged += 1
    return changes


def _take_over(row: PostRow, post: Post) -> set[str]:
    """Give the post what the row says and return the names of the fields that changed."""
    values = _values(row)
    changed = {name for name, value in values.items() if getattr(post, name) != value}
    for name in changed:
        setattr(post, name, values[name])
    return changed


def _values(row: PostRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _FIELDS} | {"hashtags": list(row.hashtags)}


def _write(changes: _Changes, observed_at: datetime) -> None:
    Post.objects.bulk_create(
        [*changes.created, *changes.updated],
        update_conflicts=True,
        unique_fields=["account", "video_id"],
        update_fields=_FIELDS,
    )
    PostMetrics.objects.bulk_create(
        PostMetrics(post=post, observed_at=observed_at, **{name: getattr(post, name) for name in _COUNTS})
        for post in [*changes.created, *changes.recounted]
    )


def _succeed(upload: ContentImport, result: ImportResult) -> None:
    upload.status = "succeeded"
    upload.sha256 = result.digest
    upload.rows_done = upload.rows_total = result.rows
    upload.posts_created = result.created
    upload.posts_updated = result.updated
    upload.posts_unchanged = result.unchanged
    upload.left_out = result.left_out
    upload.finished_at = timezone.now()
    upload.save()


def _told(upload: ContentImport) -> dict[str, str | int]:
    return {
        "import": str(upload.id),
        "file_name": upload.file_name,
        "sha256": upload.sha256,
        "posts_created": upload.posts_created,
        "posts_updated": upload.posts_updated,
        "posts_unchanged": upload.posts_unchanged,
    }


def _fail(import_id: UUID, *, problems: list[dict[str, int | str | None]], more: int = 0) -> None:
    if more:
        problems = [*problems, {"row": None, "column": "", "value": "", "sentence": f"… and {more} more."}]
    ContentImport.objects.filter(id=import_id, status__in=OPEN_STATUSES).update(
        status="failed", problems=problems, rows_done=0, finished_at=timezone.now()
    )


def _storable_name(filename: str) -> str:
    return filename.encode(errors="replace").decode()[:200]
