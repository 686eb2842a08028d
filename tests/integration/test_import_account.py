"""Importing by hand and on workers: the command's words and exit codes, and imports at the same time."""

import io
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django import Settings

from tests.factories.accounts import AccountFactory, WorkspaceFactory
from tests.unit.tiktok_ops.content.imports.files import NOW, csv_file, json_file, row, rows
from tiktok_ops.accounts.models import TikTokAccount, Workspace
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.imports.running import run_import
from tiktok_ops.content.imports.service import ImportResult, import_posts
from tiktok_ops.content.models import ContentImport, Post, PostMetrics

TIMEOUT_SECONDS = 20


def _run(file: Path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("import_account", str(file), *arguments, stdout=out)
    return out.getvalue()


def _refusal(file: Path | str, *arguments: str) -> str:
    err = io.StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("import_account", str(file), *arguments, stderr=err, stdout=io.StringIO())
    assert caught.value.code == 2
    return err.getvalue().rstrip("\n")


def _file(directory: Path, data: bytes, name: str = "posts.csv") -> Path:
    file = directory / name
    file.write_bytes(data)
    return file


def _written() -> list[int]:
    """Return how many rows there are of everything an import may write."""
    models = (Workspace, TikTokAccount, Post, PostMetrics, ContentImport, AuditEvent)
    return [model.objects.count() for model in models]


# The command.


@pytest.mark.django_db
def test_import_into_an_empty_database_makes_workspace_and_account_and_says_so(tmp_path: Path) -> None:
    file = _file(tmp_path, csv_file([*rows(3), row(4, handle="other"), row(5, handle="other")]))
    assert _run(file, "--handle", "@Demo").splitlines() == [
        "Made the workspace 'default', for there was none.",
        "Added @demo to the workspace 'default' as a third party's account.",
        "Imported 3 posts for @demo: 3 new, 0 changed, 0 unchanged; "
        "2 rows of other accounts (other) left out; data as of 2025-06-30 17:02 UTC.",
    ]
    assert Post.objects.filter(account__handle="demo").count() == 3
    assert ContentImport.objects.get().file_name == "posts.csv"


@pytest.mark.django_db
def test_import_again_says_that_nothing_changed(tmp_path: Path) -> None:
    file = _file(tmp_path, csv_file([row(1)]))
    _run(file, "--handle", "demo")
    assert _run(file, "--handle", "demo") == (
        "Imported 1 post for @demo: 0 new, 0 changed, 1 unchanged; data as of 2025-06-30 17:02 UTC.\n"
    )


@pytest.mark.django_db
def test_import_of_json_lines_is_told_by_its_content(tmp_path: Path) -> None:
    file = _file(tmp_path, json_file([row(1), row(2, handle="b")]), "posts.txt")
    assert "1 new, 0 changed, 0 unchanged; 1 row of other accounts (b) left out;" in _run(
        file, "--handle", "demo"
    )


@pytest.mark.django_db
def test_import_of_many_accounts_names_five_left_out(tmp_path: Path) -> None:
    others = [row(number, handle=f"h{number}") for number in range(2, 9)]
    file = _file(tmp_path, csv_file([row(1), *others]))
    assert "7 rows of other accounts (h2, h3, h4, h5, h6 and 2 more) left out" in _run(
        file, "--handle", "demo"
    )


@pytest.mark.django_db
def test_import_into_a_named_workspace_goes_there(tmp_path: Path) -> None:
    WorkspaceFactory.create(slug="one")
    account = AccountFactory.create(handle="demo", workspace__slug="two")
    _run(_file(tmp_path, csv_file(rows(1))), "--handle", "demo", "--workspace", "two")
    assert Post.objects.get().account == account


@pytest.mark.django_db
def test_import_with_json_prints_one_object(tmp_path: Path) -> None:
    file = _file(tmp_path, csv_file([*rows(2), row(3, handle="ö")]))
    result = json.loads(_run(file, "--handle", "demo", "--json"))
    summary = result["import"].pop("summary")
    assert (summary["posts"]["created"], summary["left_out"], summary["notes"]) == (2, [], [])
    account = TikTokAccount.objects.get()
    kept = ContentImport.objects.get()
    assert result == {
        "account": {"id": str(account.id), "handle": "demo", "workspace": "default"},
        "import": {
            "id": str(kept.id),
            "sha256": kept.sha256,
            "created": 2,
            "updated": 0,
            "unchanged": 0,
            "left_out": {"ö": 1},
            "data_as_of": "2025-06-30T17:02:00+00:00",
        },
        "news": [
            "Made the workspace 'default', for there was none.",
            "Added @demo to the workspace 'default' as a third party's account.",
        ],
    }


_WITHOUT_VIEWS = csv_file(rows(1)).replace(b",views,", b",seen,")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file 'posts.csv' is empty; choose one "),
        (csv_file([]), "The file 'posts.csv' has no rows."),
        (_WITHOUT_VIEWS, "The file 'posts.csv' has no column 'views'; it has 'handle', "),
        (b"\x89PNG\r\n\x1a\n\0\0", "The file 'posts.csv' is not text (a NUL byte at byte offset 8); "),
        (csv_file([row(1, views="-5")]), "Row 2: views '-5' is negative; "),
        (
            csv_file([row(1, created_at="31.12.2024")]),
            "Row 2: created_at '31.12.2024' is not a date and time; ",
        ),
        (csv_file([row(1), row(1)]), "Row 3: video_id '7000000000000000001' is already in row 2; "),
        (csv_file([row(1, handle="blick")]), "No row is for 'demo'; the file has 'blick'."),
        (b"hello\n", "The file 'posts.csv' is neither CSV nor JSON Lines: it begins with 'hello', "),
    ],
)
def test_import_of_bad_input_is_one_sentence_with_exit_code_2_and_writes_nothing(
    tmp_path: Path, data: bytes, sentence: str
) -> None:
    refusal = _refusal(_file(tmp_path, data), "--handle", "demo")
    assert refusal.startswith(sentence)
    assert len(refusal.splitlines()) == 1
    assert _written() == [0, 0, 0, 0, 0, 0]


@pytest.mark.django_db
def test_import_of_a_bad_row_into_a_known_account_changes_nothing(tmp_path: Path) -> None:
    _run(_file(tmp_path, csv_file(rows(3))), "--handle", "demo")
    before = _written()
    cells = [row(number, views="5") for number in range(1, 1_000)] + [row(1_000, likes="many")]
    refusal = _refusal(_file(tmp_path, csv_file(cells)), "--handle", "demo")
    assert refusal.startswith("Row 1001: likes 'many' is not a whole number; ")
    assert _written() == before
    assert not Post.objects.filter(views=5).exists()


@pytest.mark.django_db
def test_import_with_two_problems_is_two_sentences(tmp_path: Path) -> None:
    refusal = _refusal(_file(tmp_path, csv_file([row(1, views="x", likes="y")])), "--handle", "demo")
    assert [line.split(" is ")[0] for line in refusal.splitlines()] == [
        "Row 2: views 'x'",
        "Row 2: likes 'y'",
    ]


@pytest.mark.django_db
def test_import_of_a_missing_file_refuses(tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    assert (
        _refusal(file, "--handle", "demo")
        == f"The file {str(file)!r} cannot be read: No such file or directory."
    )
    assert _written() == [0, 0, 0, 0, 0, 0]


@pytest.mark.django_db
def test_import_of_a_directory_refuses(tmp_path: Path) -> None:
    assert (
        _refusal(tmp_path, "--handle", "demo")
        == f"The file {str(tmp_path)!r} cannot be read: Is a directory."
    )


@pytest.mark.django_db
def test_import_of_a_file_that_cannot_be_opened_refuses(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.symlink_to(file)
    sentence = f"The file {str(file)!r} cannot be read: Too many levels of symbolic links."
    assert _refusal(file, "--handle", "demo") == sentence


@pytest.mark.django_db
def test_import_among_several_workspaces_refuses_naming_them(tmp_path: Path) -> None:
    WorkspaceFactory.create(slug="one")
    WorkspaceFactory.create(slug="two")
    sentence = "There is more than one workspace ('one', 'two'): name one with --workspace."
    assert _refusal(_file(tmp_path, csv_file(rows(1))), "--handle", "demo") == sentence
    assert not TikTokAccount.objects.exists()


@pytest.mark.django_db
def test_import_for_what_is_no_handle_refuses(tmp_path: Path) -> None:
    refusal = _refusal(_file(tmp_path, csv_file(rows(1))), "--handle", "two words")
    assert refusal.startswith("The handle 'two words' cannot be one: ")
    assert not Workspace.objects.exists()


# At the same time, over connections of their own.


class Importing(threading.Thread):
    """Something done on a thread with a database connection of its own."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._result: object = None
        self._is_done = False

    def run(self) -> None:
        """Do the work and close the connection."""
        try:
            self._result = self._work()
            self._is_done = True
        finally:
            connection.close()

    def finished(self) -> object:
        """Wait for the end and return the result; pytest shows what went wrong on the thread."""
        self.join(TIMEOUT_SECONDS)
        assert self._is_done
        return self._result


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {TIMEOUT_SECONDS} seconds"
        time.sleep(0.01)


def _waiting_for_locks() -> int:
    """Return how many connections wait for another's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # or a transaction sees its first answer for ever
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def _import(
    account_id: UUID, data: bytes, progress: Callable[[int, int], None] | None = None
) -> ImportResult:
    return import_posts(
        account_id=account_id, stream=io.BytesIO(data), filename="posts.csv", by="test", progress=progress
    )


@pytest.mark.integration
@pytest.mark.usefixtures("committed_db")
def test_import_one_file_twice_at_once_has_one_wait_for_the_other() -> None:
    account_id = AccountFactory.create(handle="demo").id
    data = csv_file(rows(50))
    has_written, may_end = threading.Event(), threading.Event()

    def hold_open(done: int, total: int) -> None:
        has_written.set()
        assert may_end.wait(TIMEOUT_SECONDS)

    first = Importing(lambda: _import(account_id, data, hold_open))
    first.start()
    assert has_written.wait(TIMEOUT_SECONDS)
    second = Importing(lambda: _import(account_id, data))
    second.start()
    _wait_until(lambda: _waiting_for_locks() == 1, "the second import's wait")
    assert not Post.objects.exists()
    may_end.set()
    results = [first.finished(), second.finished()]
    assert [(result.created, result.unchanged) for result in results if isinstance(result, ImportResult)] == [
        (50, 0),
        (0, 50),
    ]
    assert Post.objects.count() == PostMetrics.objects.count() == 50


@pytest.mark.integration
@pytest.mark.usefixtures("committed_db")
def test_import_several_files_at_once_ends_as_one_after_the_other() -> None:
    account_id = AccountFactory.create(handle="demo").id
    files = [csv_file([row(number, views=str(views)) for number in range(1, 201)]) for views in (7, 8, 9, 10)]
    started = [Importing(lambda data=data: _import(account_id, data)) for data in files]  # type: ignore[misc]
    for importing in started:
        importing.start()
    results = [importing.finished() for importing in started]
    tallies = [(result.created, result.updated) for result in results if isinstance(result, ImportResult)]
    assert sorted(tallies) == [(0, 200), (0, 200), (0, 200), (200, 0)]
    assert Post.objects.values("views").distinct().count() == 1
    assert PostMetrics.objects.count() == 800


@pytest.mark.integration
@pytest.mark.usefixtures("committed_db")
def test_import_into_one_new_account_at_once_makes_it_once(tmp_path: Path) -> None:
    file = _file(tmp_path, csv_file(rows(20)))
    started = [Importing(lambda: _run(file, "--handle", "demo")) for _ in range(3)]
    for importing in started:
        importing.start()
    told = [str(importing.finished()) for importing in started]
    assert (Workspace.objects.count(), TikTokAccount.objects.count(), Post.objects.count()) == (1, 1, 20)
    assert sum("Added @demo" in each for each in told) == 1
    assert sum("20 new, 0 changed, 0 unchanged" in each for each in told) == 1


def _uploaded(data: bytes) -> ContentImport:
    upload = ContentImport(account=AccountFactory.create(handle="demo"), file_name="posts.csv")
    upload.file.save("posts.csv", ContentFile(data))
    return upload


@pytest.mark.integration
@pytest.mark.usefixtures("committed_db")
def test_run_import_shows_its_progress_before_anything_is_committed(
    settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    upload = _uploaded(csv_file(rows(2_500)))
    with transaction.atomic():
        # An uncommitted post of the second batch makes the import wait there.
        Post.objects.create(account=upload.account, video_id=row(1_500)["video_id"], created_at=NOW)
        importing = Importing(lambda: run_import(import_id=upload.id))
        importing.start()
        _wait_until(lambda: ContentImport.objects.get().rows_done > 0, "progress")
        upload.refresh_from_db()
        assert (upload.status, upload.rows_done, upload.rows_total) == ("running", 1_000, 2_500)
        assert Post.objects.count() == 1
        transaction.set_rollback(True)
    importing.finished()
    upload.refresh_from_db()
    assert (upload.status, upload.rows_done, upload.posts_created) == ("succeeded", 2_500, 2_500)


@pytest.mark.integration
@pytest.mark.usefixtures("committed_db")
def test_run_one_import_twice_at_once_imports_once(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    upload = _uploaded(csv_file(rows(30)))
    with transaction.atomic():
        TikTokAccount.objects.select_for_update().get(id=upload.account_id)
        started = [Importing(lambda: run_import(import_id=upload.id)) for _ in range(2)]
        for importing in started:
            importing.start()
        _wait_until(lambda: _waiting_for_locks() == 2, "the wait for the account")
    for importing in started:
        importing.finished()
    upload.refresh_from_db()
    assert (upload.status, upload.posts_created, upload.posts_unchanged) == ("succeeded", 30, 0)
    assert AuditEvent.objects.count() == 1
