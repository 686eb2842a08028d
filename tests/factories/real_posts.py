"""Posts of real accounts, for whoever has a file of them: `TIKTOK_OPS_REAL_POSTS=FILE.csv` names it.

A plain CSV as docs/importing.md has it: handle, video_id, created_at (with its zone), caption, hashtags, views, likes,
comments, shares. Nothing of it is kept; without it what is made is enough.
"""

import csv
import os
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tiktok_ops.content.figures import PostFigures

REAL_POSTS = "TIKTOK_OPS_REAL_POSTS"


def real_posts() -> dict[str, list[PostFigures]]:
    """Return the posts of the file that was named, by account; skips the test where none was."""
    named = os.environ.get(REAL_POSTS, "")
    if not named:
        pytest.skip(f"with a file of real posts only: {REAL_POSTS}=FILE.csv")
    posts = defaultdict(list)
    with Path(named).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            posts[row["handle"]].append(_post_of(row))
    return dict(posts)


def _post_of(row: dict[str, str]) -> PostFigures:
    return PostFigures(
        row["video_id"],
        datetime.fromisoformat(row["created_at"]).astimezone(UTC),
        row["caption"],
        tuple(row["hashtags"].replace("#", "").split()),
        *(int(row[name]) for name in ("views", "likes", "comments", "shares")),
    )
