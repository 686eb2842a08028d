"""A file of posts, CSV or JSON Lines, to posts of one account; no database."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from tiktok_ops.content.imports.problems import ImportRefused, Problems, listed, shown
from tiktok_ops.content.imports.rows import PostRow, fold_handle, read_row
from tiktok_ops.content.imports.source import CheckedBytes, Readable, lines_of
from tiktok_ops.content.imports.tables import Record, read_records


@dataclass(frozen=True, slots=True)
class ParsedPosts:
    """What a file holds for one account.

    `rows` are in the file's order, at least one, each video once; `left_out` counts the rows of other
    accounts by their handle; `digest` is the SHA-256 of the file in hexadecimal.
    """

    rows: tuple[PostRow, ...]
    left_out: dict[str, int]
    digest: str


def read_posts(stream: Readable, *, filename: str, handle: str, now: datetime) -> ParsedPosts:
    """Read a file of posts and return those of `handle`.

    The stream is read once, piece by piece, and not closed; `filename` serves messages and is a hint
    at the format. At most 50 MB, 100,000 rows, 100 columns and 8,192 characters in a cell. A wrong row
    of any account refuses the whole file, for it shows that the file is damaged.
    Raises `ImportRefused` with everything that is wrong, and nothing else, whatever the bytes are.
    """
    problems = Problems()
    checked = CheckedBytes(stream, filename=filename)
    records = read_records(lines_of(checked), filename=filename, problems=problems)
    wanted = fold_handle(handle)
    rows: list[PostRow] = []
    handles: Counter[str] = Counter()
    first_rows: dict[str, int] = {}
    for record in records:
        _note_twice(record, first_rows, problems)
        post = read_row(record, now=now, problems=problems)
        if post is None:
            continue
        handles[post.handle] += 1
        if post.handle == wanted:
            rows.append(post)
    problems.refuse()
    _check_handle(handles, wanted, filename)
    del handles[wanted]
    return ParsedPosts(rows=tuple(rows), left_out=dict(handles), digest=checked.digest)


def _note_twice(record: Record, first_rows: dict[str, int], problems: Problems) -> None:
    video_id = record.cells.get("video_id", "").strip()
    first = first_rows.setdefault(video_id, record.row)
    if video_id and first != record.row:
        what = f"is already in row {first}; keep one of the two rows"
        problems.add(row=record.row, column="video_id", value=video_id, what=what)


def _check_handle(handles: Counter[str], wanted: str, filename: str) -> None:
    if not handles:
        raise ImportRefused.whole(f"The file {shown(filename)} has no rows.")
    if wanted not in handles:
        others = listed(name for name, _ in handles.most_common())
        raise ImportRefused.whole(f"No row is for {shown(wanted)}; the file has {others}.")
