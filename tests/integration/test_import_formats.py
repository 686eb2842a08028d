"""Files of other formats by the command: what it would do, and what it did."""

import io
import json
import os
import threading
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.factories.exports import (
    CONTENT,
    OVERVIEW,
    apify_comment,
    as_json,
    content_row,
    studio_csv,
    video_id,
    zipped,
)
from tests.unit.tiktok_ops.content.imports.files import csv_file, rows
from tiktok_ops.accounts.models import TikTokAccount, Workspace
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.models import AccountMetrics, Comment, ContentImport, Post

TIMEOUT_SECONDS = 20


def _run(file: Path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("import_account", str(file), *arguments, stdout=out)
    return out.getvalue()


def _file(directory: Path, data: bytes, name: str = "posts.csv") -> Path:
    file = directory / name
    file.write_bytes(data)
    return file


def _written() -> list[int]:
    """Return how many rows there are of everything an import may write."""
    models = (Workspace, TikTokAccount, Post, AccountMetrics, Comment, ContentImport, AuditEvent)
    return [model.objects.count() for model in models]


@pytest.mark.django_db
def test_import_with_preview_says_what_it_would_do_and_writes_nothing(tmp_path: Path) -> None:
    files = {
        "Content.csv": studio_csv(CONTENT, [content_row(video_id(1))]),
        "Overview.csv": studio_csv(OVERVIEW[:2], [("2025-05-12", "200")]),
        "comments.json": as_json([apify_comment(video_id(1)), apify_comment(video_id(2), 2)]),
    }
    file = _file(tmp_path, zipped(files), "all.zip")
    assert _run(file, "--handle", "demo", "--preview").splitlines() == [
        "Content.csv is TikTok Studio analytics, Content.",
        "Overview.csv is TikTok Studio analytics, Overview.",
        "comments.json is comments of Apify's TikTok scraper.",
        "Would import 1 post for @demo: 1 new, 0 changed, 0 unchanged; data as of 2025-05-10 08:30 UTC.",
        "1 comment: 1 new, 0 changed, 0 unchanged.",
        "1 day of figures: 1 new, 0 changed, 0 unchanged.",
        "Left out, 1 × the comment is under a post that is not known: import the posts first "
        "(first: 'comments.json', row 2).",
        "  posts: created · 2025-05-10 08:30 UTC · A lamp #lamp · 45,210 · 1,204",
        "  comments: created · 2025-05-11 09:00 UTC · ana · Where do I get it? 1",
        "  days: created · 2025-05-12 · video views 200",
        "Nothing was imported. Leave --preview out to import it.",
    ]
    assert _written() == [0] * 7
    assert json.loads(_run(file, "--handle", "demo", "--preview", "--json"))["preview"] is True
    assert _written() == [0] * 7
    assert _run(file, "--handle", "demo").splitlines()[2:] == [
        "Imported 1 post for @demo: 1 new, 0 changed, 0 unchanged; data as of 2025-05-10 08:30 UTC.",
        "1 comment: 1 new, 0 changed, 0 unchanged.",
        "1 day of figures: 1 new, 0 changed, 0 unchanged.",
        "Left out, 1 × the comment is under a post that is not known: import the posts first "
        "(first: 'comments.json', row 2).",
    ]


@pytest.mark.django_db
def test_import_of_days_alone_says_that_there_are_no_posts_yet(tmp_path: Path) -> None:
    days = [("2025-05-12", "200"), ("2025-05-13", "1")]
    told = _run(_file(tmp_path, studio_csv(OVERVIEW[:2], days)), "--handle", "demo").splitlines()
    assert told[2:4] == [
        "Imported 0 posts for @demo: 0 new, 0 changed, 0 unchanged; no posts yet.",
        "2 days of figures: 2 new, 0 changed, 0 unchanged.",
    ]
    assert (
        json.loads(_run(tmp_path / "posts.csv", "--handle", "demo", "--json"))["import"]["data_as_of"] is None
    )


@pytest.mark.django_db
def test_import_from_what_can_be_read_once_only_reads_it_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=[csv_file(rows(3))], daemon=True)
    writing.start()
    assert "3 new, 0 changed, 0 unchanged" in _run(pipe, "--handle", "demo")
    writing.join(TIMEOUT_SECONDS)
