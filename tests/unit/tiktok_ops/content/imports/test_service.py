"""Files into the database: all or nothing, the same twice, and what stays behind."""

import io
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories.accounts import AccountFactory, UserFactory
from tests.unit.tiktok_ops.content.imports.files import csv_file, json_file, row, rows
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.scope import AccountUnknown
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.progress import Progress
from tiktok_ops.content.imports.running import run_import
from tiktok_ops.content.imports.service import ImportResult, import_posts
from tiktok_ops.content.imports.tables import COLUMNS
from tiktok_ops.content.models import ContentImport, Post, PostMetrics

pytestmark = pytest.mark.django_db

LAST = datetime(2025, 6, 30, 17, 2, tzinfo=UTC)


@pytest.fixture
def account() -> TikTokAccount:
    """Return the account the files are for."""
    account: TikTokAccount = AccountFactory.create(handle="Demo")
    return account


def _import(
    account: TikTokAccount, data: bytes, *, by: User | str = "test", progress: Progress | None = None
) -> ImportResult:
    return import_posts(
        account_id=account.id, stream=io.BytesIO(data), filename="posts.csv", by=by, progress=progress
    )


def _tally(result: ImportResult) -> tuple[int, int, int]:
    return result.created, result.updated, result.unchanged


def test_import_posts_writes_every_value(account: TikTokAccount) -> None:
    cells = row(1, caption="Für\ndich", hashtags="#B #a") | {"saves": "7"}
    _import(account, csv_file([cells], columns=[*COLUMNS, "saves"]))
    post = Post.objects.get()
    assert (post.account, post.video_id, post.url) == (
        account,
        "7000000000000000001",
        "https://www.tiktok.com/@demo/video/1",
    )
    assert (post.created_at, post.caption, post.hashtags) == (LAST, "Für\ndich", ["b", "a"])
    assert (post.views, post.likes, post.comments, post.shares) == (1000, 50, 5, 2)
    assert post.extra == {"saves": "7"}


def test_import_posts_takes_a_first_snapshot_of_the_counts(account: TikTokAccount) -> None:
    _import(account, csv_file(rows(2)))
    assert (
        list(PostMetrics.objects.values_list("views", "likes", "comments", "shares"))
        == [(1000, 50, 5, 2)] * 2
    )
    assert set(PostMetrics.objects.values_list("post", flat=True)) == set(
        Post.objects.values_list("id", flat=True)
    )


def test_import_posts_of_the_largest_counts_keeps_them(account: TikTokAccount) -> None:
    _import(account, csv_file([row(1, views=str(2**63 - 1), video_id="9" * 20)]))
    assert Post.objects.values_list("views", "video_id").get() == (2**63 - 1, "9" * 20)


def test_import_posts_says_what_it_did(account: TikTokAccount) -> None:
    data = csv_file([*rows(3), row(4, handle="other")])
    result = _import(account, data)
    assert _tally(result) == (3, 0, 0)
    assert result.rows == 3
    assert result.left_out == {"other": 1}
    assert result.data_as_of == LAST
    assert len(result.digest) == 64
    assert Post.objects.count() == 3


def test_import_posts_sets_the_time_of_the_data(account: TikTokAccount) -> None:
    _import(account, csv_file([row(1), row(2, created_at="2025-05-01T00:00:00Z")]))
    account.refresh_from_db()
    assert (account.data_source, account.data_as_of) == ("file", LAST)


def test_import_older_posts_keeps_the_time_of_the_last_post(account: TikTokAccount) -> None:
    _import(account, csv_file([row(1)]))
    result = _import(account, csv_file([row(2, created_at="2024-01-01T00:00:00Z")]))
    account.refresh_from_db()
    assert result.data_as_of == account.data_as_of == LAST


def test_import_the_same_file_again_changes_nothing(account: TikTokAccount) -> None:
    data = csv_file([row(1, hashtags=""), row(2) | {"saves": "7"}], columns=[*COLUMNS, "saves"])
    _import(account, data)
    before = list(Post.objects.order_by("id").values())
    assert _tally(_import(account, data)) == (0, 0, 2)
    assert list(Post.objects.order_by("id").values()) == before
    assert PostMetrics.objects.count() == 2


def test_import_the_same_posts_in_another_format_changes_nothing(account: TikTokAccount) -> None:
    _import(account, csv_file(rows(2)))
    assert _tally(_import(account, json_file(rows(2)[::-1]))) == (0, 0, 2)


def test_import_changed_counts_updates_the_post_and_adds_one_snapshot(account: TikTokAccount) -> None:
    _import(account, csv_file(rows(2)))
    known = set(Post.objects.values_list("id", flat=True))
    assert _tally(_import(account, csv_file([row(1, views="2000"), row(2)]))) == (0, 1, 1)
    assert set(Post.objects.values_list("id", flat=True)) == known
    assert sorted(Post.objects.values_list("views", flat=True)) == [1000, 2000]
    post = Post.objects.get(views=2000)
    assert list(post.metrics.values_list("views", flat=True)) == [2000, 1000]
    assert PostMetrics.objects.count() == 3


def test_import_older_counts_takes_them_as_the_file_says(account: TikTokAccount) -> None:
    for views in ("2000", "1000", "1500"):
        _import(account, csv_file([row(1, views=views)]))
    assert Post.objects.get().views == 1500
    assert list(PostMetrics.objects.values_list("views", flat=True)) == [1500, 1000, 2000]


@pytest.mark.parametrize(
    "change",
    [
        {"caption": "Other"},
        {"hashtags": "#snow #news"},
        {"url": ""},
        {"created_at": "2025-06-30T17:02:01Z"},
    ],
)
def test_import_changed_text_updates_the_post_without_a_snapshot(
    account: TikTokAccount, change: dict[str, str]
) -> None:
    _import(account, csv_file([row(1)]))
    assert _tally(_import(account, csv_file([row(1, **change)]))) == (0, 1, 0)
    assert PostMetrics.objects.count() == 1
    assert _tally(_import(account, csv_file([row(1, **change)]))) == (0, 0, 1)


def test_import_changed_further_columns_updates_the_post(account: TikTokAccount) -> None:
    columns = [*COLUMNS, "saves"]
    _import(account, csv_file([row(1) | {"saves": "7"}], columns=columns))
    assert _tally(_import(account, csv_file([row(1) | {"saves": "8"}], columns=columns))) == (0, 1, 0)
    assert Post.objects.get().extra == {"saves": "8"}


def test_import_new_known_and_changed_posts_together_counts_each(account: TikTokAccount) -> None:
    _import(account, csv_file(rows(2)))
    assert _tally(_import(account, csv_file([row(1), row(2, likes="51"), row(3)]))) == (1, 1, 1)
    assert Post.objects.count() == 3


def test_import_into_one_account_leaves_the_other_alone(account: TikTokAccount) -> None:
    other: TikTokAccount = AccountFactory.create(handle="demo")
    _import(other, csv_file([row(1, views="7")]))
    assert _tally(_import(account, csv_file([row(1)]))) == (1, 0, 0)
    assert other.posts.get().views == 7


def test_import_a_bad_row_999_of_1000_writes_nothing(account: TikTokAccount) -> None:
    cells = rows(1_000)
    cells[998]["views"] = "-1"
    with pytest.raises(ImportRefused, match=r"^Row 1000: views '-1' is negative"):
        _import(account, csv_file(cells))
    account.refresh_from_db()
    assert not Post.objects.exists()
    assert not ContentImport.objects.exists()
    assert not AuditEvent.objects.exists()
    assert (account.data_source, account.data_as_of) == ("none", None)


def test_import_that_fails_half_way_writes_nothing(account: TikTokAccount) -> None:
    def fail_late(done: int, total: int) -> None:
        if done == 2_000:
            raise RuntimeError(f"{done} of {total}")

    with pytest.raises(RuntimeError, match="2000 of 2500"):
        _import(account, csv_file(rows(2_500)), progress=fail_late)
    assert not Post.objects.exists()
    assert not PostMetrics.objects.exists()
    assert not ContentImport.objects.exists()


def test_import_calls_progress_after_every_thousand_rows(account: TikTokAccount) -> None:
    seen: list[tuple[int, int]] = []
    _import(account, csv_file(rows(2_500)), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]
    assert Post.objects.count() == PostMetrics.objects.count() == 2_500


@pytest.mark.parametrize("count", [2, 1_000])
def test_import_of_any_number_of_rows_in_a_batch_takes_as_many_queries(
    account: TikTokAccount, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    data = csv_file(rows(count))
    with django_assert_num_queries(12):
        _import(account, data)
    with django_assert_num_queries(12):
        _import(account, csv_file([row(number, views="9") for number in range(1, count + 1)]))


def test_import_keeps_a_row_of_the_import(account: TikTokAccount) -> None:
    user = UserFactory.create(password="!")
    result = _import(account, csv_file([*rows(2), row(3, handle="other")]), by=user)
    kept = ContentImport.objects.get()
    assert kept.id == result.import_id
    assert (kept.account, kept.status, kept.file_name, kept.sha256) == (
        account,
        "succeeded",
        "posts.csv",
        result.digest,
    )
    assert (kept.rows_total, kept.rows_done) == (2, 2)
    assert (kept.posts_created, kept.posts_updated, kept.posts_unchanged) == (2, 0, 0)
    assert (kept.left_out, kept.problems, kept.requested_by) == ({"other": 1}, [], user)
    assert kept.finished_at is not None


def test_import_by_a_process_has_no_person(account: TikTokAccount) -> None:
    _import(account, csv_file(rows(1)), by="keeper")
    assert ContentImport.objects.get().requested_by is None
    assert AuditEvent.objects.get().actor == "keeper"


def test_import_writes_one_audit_row(account: TikTokAccount) -> None:
    user = UserFactory.create(username="ana", password="!")
    result = _import(account, csv_file(rows(2)), by=user)
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor, event.subject) == ("content.imported", "user:ana", "@Demo")
    assert event.workspace_id == account.workspace_id
    assert event.data == {
        "import": str(result.import_id),
        "file_name": "posts.csv",
        "sha256": result.digest,
        "posts_created": 2,
        "posts_updated": 0,
        "posts_unchanged": 0,
    }


@pytest.mark.parametrize(("filename", "kept"), [("x" * 300, "x" * 200), ("a\udcff.csv", "a?.csv")])
def test_import_of_a_file_with_an_odd_name_keeps_what_can_be_kept(
    account: TikTokAccount, filename: str, kept: str
) -> None:
    import_posts(account_id=account.id, stream=io.BytesIO(csv_file(rows(1))), filename=filename, by="test")
    assert ContentImport.objects.get().file_name == kept


def test_import_into_an_unknown_account_refuses() -> None:
    with pytest.raises(AccountUnknown, match="There is no account with the id '"):
        import_posts(account_id=uuid4(), stream=io.BytesIO(b""), filename="posts.csv", by="test")


def test_import_of_a_post_in_the_future_refuses(account: TikTokAccount) -> None:
    with pytest.raises(ImportRefused, match="is in the future"):
        _import(account, csv_file([row(1, created_at="2999-01-01T00:00:00Z")]))


# Uploads, carried out on a worker.


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> None:
    """Keep uploads in a directory of the test."""
    settings.MEDIA_ROOT = tmp_path


def _upload(account: TikTokAccount, data: bytes, *, status: str = "queued") -> UUID:
    upload = ContentImport(account=account, file_name="posts.csv", status=status)
    upload.file.save("posts.csv", ContentFile(data))
    return upload.id


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("status", ["queued", "running"])
def test_run_open_import_writes_the_posts_and_succeeds(account: TikTokAccount, status: str) -> None:
    import_id = _upload(account, csv_file(rows(3)), status=status)
    run_import(import_id=import_id)
    upload = ContentImport.objects.get()
    assert (upload.status, upload.posts_created, upload.rows_done, upload.rows_total) == (
        "succeeded",
        3,
        3,
        3,
    )
    assert upload.finished_at is not None
    assert Post.objects.count() == 3
    assert AuditEvent.objects.get().data["import"] == str(import_id)


@pytest.mark.usefixtures("media")
def test_run_import_is_told_as_the_person_who_asked(account: TikTokAccount) -> None:
    import_id = _upload(account, csv_file(rows(1)))
    ContentImport.objects.update(requested_by=UserFactory.create(username="ana", password="!"))
    run_import(import_id=import_id)
    assert AuditEvent.objects.get().actor == "user:ana"


@pytest.mark.usefixtures("media")
def test_run_import_of_a_wrong_file_fails_with_its_problems(account: TikTokAccount) -> None:
    import_id = _upload(account, csv_file([row(1), row(2, views="-1")]))
    run_import(import_id=import_id)
    upload = ContentImport.objects.get()
    sentence = "Row 3: views '-1' is negative; write a whole number of 0 or more."
    assert upload.status == "failed"
    assert upload.problems == [{"row": 3, "column": "views", "value": "-1", "sentence": sentence, "part": ""}]
    assert upload.finished_at is not None
    assert not Post.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.usefixtures("media")
def test_run_import_with_many_problems_keeps_fifty_and_the_number_of_the_rest(account: TikTokAccount) -> None:
    import_id = _upload(account, csv_file([row(number, views="x") for number in range(1, 61)]))
    run_import(import_id=import_id)
    problems = ContentImport.objects.get().problems
    assert len(problems) == 51
    assert problems[50]["sentence"] == "… and 10 more."


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_run_ended_import_does_nothing(account: TikTokAccount, status: str) -> None:
    import_id = _upload(account, csv_file(rows(1)), status=status)
    before = ContentImport.objects.values().get()
    run_import(import_id=import_id)
    assert ContentImport.objects.values().get() == before
    assert not Post.objects.exists()


@pytest.mark.usefixtures("media")
def test_run_import_twice_imports_once(account: TikTokAccount) -> None:
    import_id = _upload(account, csv_file(rows(1)))
    run_import(import_id=import_id)
    run_import(import_id=import_id)
    assert ContentImport.objects.get().posts_created == 1
    assert AuditEvent.objects.count() == 1


def test_run_unknown_import_does_nothing() -> None:
    run_import(import_id=uuid4())
    assert not ContentImport.objects.exists()


@pytest.mark.usefixtures("media")
def test_run_import_whose_file_is_gone_fails_and_raises(account: TikTokAccount) -> None:
    import_id = _upload(account, csv_file(rows(1)))
    Path(ContentImport.objects.get().file.path).unlink()
    with pytest.raises(FileNotFoundError):
        run_import(import_id=import_id)
    upload = ContentImport.objects.get()
    assert upload.status == "failed"
    assert upload.problems[0]["sentence"].startswith(
        "The import stopped because of a fault of ours; nothing was"
    )


def test_post_twice_on_an_account_is_refused_by_the_database(account: TikTokAccount) -> None:
    _import(account, csv_file(rows(1)))
    post = Post.objects.get()
    with pytest.raises(IntegrityError, match="post_once"):
        Post.objects.create(account=account, video_id=post.video_id, created_at=LAST)
