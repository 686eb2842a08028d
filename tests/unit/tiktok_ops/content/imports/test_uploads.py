"""Uploaded files: kept, queued, rung for, and rung for again when nobody came."""

import hashlib
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models.functions import Now
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from tests.factories.accounts import AccountFactory, person
from tests.factories.workflows import doorbells
from tests.unit.tiktok_ops.content.imports.files import csv_file, rows
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.accounts.scope import AccountUnknown
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.imports.uploads import (
    DOORBELL,
    ImportUnknown,
    cancel_import,
    confirm_import,
    request_import,
    ring_waiting_imports,
)
from tiktok_ops.content.models import ContentImport, Post
from tiktok_ops.content.tasks import run_import
from tiktok_ops.errors import Overtaken
from workflows.keeper import sweep

pytestmark = pytest.mark.django_db

DATA = csv_file(rows(2))


@pytest.fixture(autouse=True)
def _files_elsewhere(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def account() -> TikTokAccount:
    """Return the account the files are for."""
    account: TikTokAccount = AccountFactory.create(handle="demo")
    return account


@pytest.fixture
def ana(account: TikTokAccount) -> User:
    """Return the person who uploads."""
    return person(account.workspace, Role.OPERATOR, username="ana")


def _upload(
    account: TikTokAccount, by: User, *, name: str = "posts.csv", data: bytes = DATA
) -> ContentImport:
    return request_import(account_id=account.id, file=SimpleUploadedFile(name, data), by=by)


def test_request_import_keeps_the_file_and_rings(account: TikTokAccount, ana: User) -> None:
    upload = _upload(account, ana)
    stored = ContentImport.objects.get()
    assert (stored.pk, stored.status, stored.file_name) == (upload.pk, "checking", "posts.csv")
    assert (stored.account, stored.requested_by) == (account, ana)
    with stored.file.open("rb") as file:
        assert file.read() == DATA
    assert doorbells() == [(DOORBELL, (str(upload.pk),))]
    assert not Post.objects.exists()


def test_request_import_is_on_record(account: TikTokAccount, ana: User) -> None:
    upload = _upload(account, ana)
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor, event.workspace_id) == (
        "import.requested",
        "user:ana",
        account.workspace_id,
    )
    assert event.data == {"import": str(upload.pk), "file_name": "posts.csv", "bytes": len(DATA)}


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 400 + ".csv", "ü ?*|.csv", "..."])
def test_request_import_with_a_strange_name_keeps_it_under_an_id(
    account: TikTokAccount, ana: User, tmp_path: Path, name: str
) -> None:
    file = SimpleUploadedFile("x", DATA)
    vars(file)["_name"] = name  # as a client might send it; the class itself would clean it
    upload = request_import(account_id=account.id, file=file, by=ana)
    kept = Path(upload.file.path)
    assert kept.name == str(upload.pk)
    assert tmp_path in kept.parents
    assert upload.file_name == name[:200]


def test_request_import_without_a_name_has_one_to_show(account: TikTokAccount, ana: User) -> None:
    file = SimpleUploadedFile("x", DATA)
    vars(file)["_name"] = None
    assert request_import(account_id=account.id, file=file, by=ana).file_name == "file"


def test_request_import_into_no_account_is_refused(ana: User) -> None:
    with pytest.raises(AccountUnknown, match="There is no account with the id"):
        request_import(account_id=uuid4(), file=SimpleUploadedFile("a.csv", DATA), by=ana)
    assert not ContentImport.objects.exists()


def test_request_import_that_is_rolled_back_rings_nobody(account: TikTokAccount, ana: User) -> None:
    with transaction.atomic():
        _upload(account, ana)
        transaction.set_rollback(True)
    assert doorbells() == []
    assert not ContentImport.objects.exists()


# The task --------------------------------------------------------------------------------------------


def _looked_through(account: TikTokAccount, by: User) -> ContentImport:
    """Return an import whose preview is there to be seen."""
    upload = _upload(account, by)
    run_import(str(upload.pk))
    upload.refresh_from_db()
    return upload


def test_answer_doorbell_looks_through_the_file_and_imports_nothing(
    account: TikTokAccount, ana: User
) -> None:
    upload = _looked_through(account, ana)
    assert (upload.status, upload.sha256, upload.rows_total) == ("ready", hashlib.sha256(DATA).hexdigest(), 2)
    posts = upload.summary["posts"]
    assert (posts["created"], posts["updated"], posts["unchanged"]) == (2, 0, 0)
    assert [sample["caption"] for sample in posts["samples"]] == ["Post 1", "Post 2"]
    assert not Post.objects.exists()
    account.refresh_from_db()
    assert account.data_as_of is None


def test_answer_doorbell_again_leaves_alone_what_waits_for_a_person(
    account: TikTokAccount, ana: User
) -> None:
    upload = _looked_through(account, ana)
    before = ContentImport.objects.values().get()
    run_import(str(upload.pk))
    assert ContentImport.objects.values().get() == before
    assert not Post.objects.exists()


def test_answer_doorbell_of_a_cancelled_import_leaves_it_cancelled(account: TikTokAccount, ana: User) -> None:
    upload = _upload(account, ana)
    cancel_import(import_id=upload.pk, by=ana)
    run_import(str(upload.pk))
    upload.refresh_from_db()
    assert upload.status == "cancelled"


# The person's word -----------------------------------------------------------------------------------


def test_confirm_import_rings_and_the_worker_imports_what_was_seen(account: TikTokAccount, ana: User) -> None:
    upload = _looked_through(account, ana)
    confirm_import(import_id=upload.pk, seen_sha256=upload.sha256, by=ana)
    assert len(doorbells()) == 2
    for _ in range(2):
        run_import(str(upload.pk))
    upload.refresh_from_db()
    assert (upload.status, upload.posts_created, upload.posts_unchanged) == ("succeeded", 2, 0)
    assert Post.objects.filter(account=account).count() == 2
    assert list(AuditEvent.objects.order_by("id").values_list("verb", flat=True)) == [
        "import.requested",
        "import.confirmed",
        "content.imported",
    ]


def test_confirm_import_of_other_bytes_than_seen_is_refused(account: TikTokAccount, ana: User) -> None:
    upload = _looked_through(account, ana)
    with pytest.raises(Overtaken, match="is not the one you saw: look at it again"):
        confirm_import(import_id=upload.pk, seen_sha256="0" * 64, by=ana)
    upload.refresh_from_db()
    assert upload.status == "ready"


def test_import_a_file_that_was_changed_on_disk_fails_and_writes_nothing(
    account: TikTokAccount, ana: User
) -> None:
    upload = _looked_through(account, ana)
    confirm_import(import_id=upload.pk, seen_sha256=upload.sha256, by=ana)
    Path(upload.file.path).write_bytes(csv_file(rows(3)))
    run_import(str(upload.pk))
    upload.refresh_from_db()
    assert upload.status == "failed"
    assert "is not the one that was looked through" in upload.problems[0]["sentence"]
    assert not Post.objects.exists()


@pytest.mark.parametrize("status", ["checking", "queued", "running", "succeeded", "failed", "cancelled"])
def test_confirm_import_that_does_not_wait_for_it_is_refused(
    account: TikTokAccount, ana: User, status: str
) -> None:
    upload = ContentImport.objects.create(account=account, file_name="a.csv", status=status)
    with pytest.raises(Overtaken, match=f"is {status} already"):
        confirm_import(import_id=upload.pk, seen_sha256="", by=ana)


def test_confirm_and_cancel_by_somebody_else_find_no_import(account: TikTokAccount, ana: User) -> None:
    upload = _looked_through(account, ana)
    stranger = person(AccountFactory.create().workspace, Role.OWNER)
    viewer = person(account.workspace, Role.VIEWER)
    for other in (stranger, viewer):
        with pytest.raises(ImportUnknown, match="There is no such import"):
            confirm_import(import_id=upload.pk, seen_sha256=upload.sha256, by=other)
        with pytest.raises(ImportUnknown):
            cancel_import(import_id=upload.pk, by=other)


def test_cancel_import_throws_the_file_away(
    account: TikTokAccount, ana: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    upload = _looked_through(account, ana)
    kept = Path(upload.file.path)
    with django_capture_on_commit_callbacks(execute=True):
        cancel_import(import_id=upload.pk, by=ana)
    upload.refresh_from_db()
    assert (upload.status, upload.file.name, upload.summary) == ("cancelled", "", {})
    assert not kept.exists()
    assert AuditEvent.objects.order_by("id").last().verb == "import.cancelled"  # type: ignore[union-attr]


@pytest.mark.parametrize("status", ["queued", "running", "succeeded", "failed", "cancelled"])
def test_cancel_import_that_is_past_that_is_refused(account: TikTokAccount, ana: User, status: str) -> None:
    upload = ContentImport.objects.create(account=account, file_name="a.csv", status=status)
    with pytest.raises(Overtaken, match=f"is {status} already"):
        cancel_import(import_id=upload.pk, by=ana)


def test_answer_doorbell_for_a_wrong_file_keeps_the_problems(account: TikTokAccount, ana: User) -> None:
    upload = _upload(account, ana, data=csv_file(rows(1, views="-5")))
    run_import(str(upload.pk))
    upload.refresh_from_db()
    assert upload.status == "failed"
    assert (upload.problems[0]["row"], upload.problems[0]["column"]) == (2, "views")
    assert not Post.objects.exists()


def test_answer_doorbell_for_an_import_that_is_gone_does_nothing() -> None:
    run_import(str(uuid4()))


def test_answer_doorbell_when_the_file_is_gone_raises_nothing(account: TikTokAccount, ana: User) -> None:
    upload = _upload(account, ana)
    Path(upload.file.path).unlink()
    run_import(str(upload.pk))
    upload.refresh_from_db()
    assert upload.status == "failed"
    assert "a fault of ours" in upload.problems[0]["sentence"]


# Lost doorbells --------------------------------------------------------------------------------------


def _waiting(account: TikTokAccount, *, status: str = "queued", rung_seconds_ago: float) -> ContentImport:
    """Return an import that was last rung for so long ago, by the database's clock."""
    waiting = ContentImport.objects.create(account=account, file_name="a.csv", status=status)
    ContentImport.objects.update(rung_at=Now() - timedelta(seconds=rung_seconds_ago))
    return waiting


@pytest.mark.parametrize(
    ("status", "rung_seconds_ago", "is_rung"),
    [
        ("queued", 0, False),
        ("queued", 59, False),
        ("queued", 61, True),
        ("queued", 86_400, True),
        ("checking", 59, False),
        ("checking", 61, True),
        ("ready", 86_400, False),
        ("cancelled", 86_400, False),
        ("running", 61, False),
        ("running", 299, False),
        ("running", 301, True),
        ("succeeded", 86_400, False),
        ("failed", 86_400, False),
    ],
)
def test_ring_again_by_status_and_time_since_the_last_ring(
    account: TikTokAccount, status: str, rung_seconds_ago: float, is_rung: bool
) -> None:
    waiting = _waiting(account, status=status, rung_seconds_ago=rung_seconds_ago)
    assert ring_waiting_imports() == int(is_rung)
    assert doorbells() == ([(DOORBELL, (str(waiting.pk),))] if is_rung else [])


def test_ring_again_in_the_next_round_waits(account: TikTokAccount) -> None:
    _waiting(account, rung_seconds_ago=61)
    assert [ring_waiting_imports() for _ in range(3)] == [1, 0, 0]
    assert len(doorbells()) == 1


def test_sweep_after_a_lost_doorbell_looks_through_after_all(account: TikTokAccount, ana: User) -> None:
    upload = _upload(account, ana)
    ContentImport.objects.update(rung_at=Now() - timedelta(seconds=61))
    sweep()
    task, ids = doorbells()[-1]
    assert task == DOORBELL
    run_import(*ids)
    upload.refresh_from_db()
    assert upload.status == "ready"
