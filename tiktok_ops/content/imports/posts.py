"""Records with our own columns to posts of one account."""

from collections.abc import Iterator

from tiktok_ops.content.imports.facts import PostFact
from tiktok_ops.content.imports.problems import Problems
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.imports.rows import read_row
from tiktok_ops.content.imports.tables import Record


def read_posts(records: Iterator[Record], *, label: str, reading: Reading) -> Iterator[PostFact]:
    """Yield the account's posts; count those of others, and note what is wrong with any row.

    A wrong row of any account refuses the whole file, for it shows that the file is damaged; so does a
    video that is there twice.
    """
    first_rows: dict[str, int] = {}
    for record in records:
        _note_twice(record, first_rows, reading.problems, label)
        post = read_row(record, now=reading.now, problems=reading.problems, part=label)
        if post is not None and reading.belongs(post.handle):
            yield post


def _note_twice(record: Record, first_rows: dict[str, int], problems: Problems, label: str) -> None:
    video_id = record.cells.get("video_id", "").strip()
    first = first_rows.setdefault(video_id, record.row)
    if video_id and first != record.row:
        what = f"is already in row {first}; keep one of the two rows"
        problems.add(row=record.row, column="video_id", value=video_id, what=what, part=label)
