"""Tables of comments: their columns, whose they are, and what is wrong with them."""

from datetime import UTC, datetime

from tests.factories.exports import as_json, link_to, video_id, xlsx
from tests.unit.tiktok_ops.content.imports.files import csv_file, json_file, read, refusal
from tiktok_ops.content.imports.facts import CommentFact

VIDEO = video_id(1)


def _cells(number: int = 1, **changes: str) -> dict[str, str]:
    cells = {
        "comment_id": str(number),
        "video_id": VIDEO,
        "author": "ana",
        "text": f"Nice {number}",
        "likes": "1,204",
        "created_at": "2025-05-11T09:00:00+02:00",
        "parent_id": "",
    }
    return cells | changes


def _csv(*rows: dict[str, str]) -> bytes:
    return csv_file(rows, columns=list(rows[0]))


def test_read_table_of_comments_in_any_form_gives_them() -> None:
    expected = CommentFact(
        row=2,
        video_id=VIDEO,
        comment_id="1",
        parent_id="",
        author="ana",
        text="Nice 1",
        likes=1_204,
        created_at=datetime(2025, 5, 11, 7, 0, tzinfo=UTC),
    )
    assert read(_csv(_cells())).facts == (expected,)
    for data in (json_file([_cells()]), as_json([_cells()])):
        [fact] = read(data).facts
        assert isinstance(fact, CommentFact)
        assert (fact.row, fact.text, fact.likes) == (1, "Nice 1", 1_204)
    [fact] = read(xlsx({"Comments": [list(_cells()), list(_cells().values())]})).facts
    assert isinstance(fact, CommentFact)
    assert (fact.row, fact.part, fact.video_id) == (2, "Comments", VIDEO)


def test_read_comments_with_headings_loosely_written_and_links_gives_them() -> None:
    cells = _cells() | {"url": link_to(VIDEO), "Note": "x"}
    del cells["video_id"]
    renamed = {name.replace("_", " ").upper(): text for name, text in cells.items()}
    [fact] = read(_csv(renamed)).facts
    assert isinstance(fact, CommentFact)
    assert fact.video_id == VIDEO


def test_read_comments_of_a_handle_leaves_others_out() -> None:
    found = read(_csv(_cells(handle="@Demo"), _cells(2, handle="other")))
    assert (len(found.facts), found.left_out) == (1, {"other": 1})


def test_read_comments_without_their_columns_names_those_missing() -> None:
    cells = {"comment_id": "1", "text": "x", "likes": "1"}
    assert str(refusal(_csv(cells))) == (
        "The file 'posts.csv' has no columns 'video_id', 'author', 'created_at'; "
        "it has 'comment_id', 'text', 'likes'."
    )
    assert "has no column 'author'; " in str(
        refusal(_csv({k: v for k, v in _cells().items() if k != "author"}))
    )


def test_read_comments_with_wrong_cells_names_each() -> None:
    rows = [_cells(comment_id=""), _cells(2, created_at="soon"), _cells(3, likes="-1")]
    assert [line.split(" is ")[0] for line in str(refusal(_csv(*rows))).splitlines()] == [
        "Row 2: comment_id",
        "Row 3: created_at 'soon'",
        "Row 4: likes '-1'",
    ]
    link = _cells(url="https://vm.tiktok.com/x", video_id="")
    assert "Row 2: url 'https://vm.tiktok.com/x' does not say which post it is" in str(refusal(_csv(link)))


def test_read_comments_in_json_with_a_name_twice_names_the_row() -> None:
    data = json_file([_cells()]) + b'{"comment_id": "2", "handle": "a", "Handle": "b"}\n'
    assert str(refusal(data)).startswith("Row 2: '{")
    assert "has the column 'handle' twice" in str(refusal(data))
