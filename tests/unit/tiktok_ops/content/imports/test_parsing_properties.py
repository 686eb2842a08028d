"""Properties of the import: what is written is what is read, and nothing crashes it."""

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tiktok_ops.content.imports.files import HEADER, NOW, Read, csv_file, json_file, read, rows
from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.rows import EARLIEST, MAX_COUNT
from tiktok_ops.content.imports.source import CheckedBytes, lines_of
from tiktok_ops.content.imports.tables import COLUMNS, DELIMITERS


class Written(TypedDict):
    """The values of a row before they are written to a file."""

    handle: str
    video_id: str
    url: str
    created_at: datetime
    caption: str
    hashtags: list[str]
    views: int
    likes: int
    comments: int
    shares: int


_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80)
_hashtag = st.text(st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=20).map(str.lower)
_count = st.integers(0, MAX_COUNT)
_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_moment = st.datetimes(
    EARLIEST.replace(tzinfo=None) + timedelta(days=1),
    NOW.replace(tzinfo=None) - timedelta(days=1),
    timezones=_zones,
)
_row = st.fixed_dictionaries(
    {
        "handle": st.sampled_from(["demo", "@Demo", "DEMO"]),
        "video_id": st.integers(1, 10**20 - 1).map(str),
        "url": st.sampled_from(["", "https://www.tiktok.com/@demo/video/1?a=b,c;d"]),
        "created_at": _moment,
        "caption": _text,
        "hashtags": st.lists(_hashtag, max_size=5, unique=True),
        "views": _count,
        "likes": _count,
        "comments": _count,
        "shares": _count,
    }
)
_rows = st.lists(_row, min_size=1, max_size=6, unique_by=lambda each: each["video_id"])


def _check(data: bytes, written: list[Written], extra: list[dict[str, str]]) -> None:
    parsed = read(data)
    assert [
        {name: getattr(post, name) for name in COLUMNS if name != "handle"} | {"extra": post.extra}
        for post in parsed.rows
    ] == [
        {name: value for name, value in each.items() if name != "handle"}
        | {
            "hashtags": tuple(each["hashtags"]),
            "created_at": each["created_at"].astimezone(UTC),
            "extra": more,
        }
        for each, more in zip(written, extra, strict=True)
    ]


def _hashtags(tags: list[str], spelling: str) -> str:
    if spelling == "json":
        return json.dumps(tags)
    return ",".join(tags) if spelling == "commas" else " ".join(f"#{tag}" for tag in tags)


@given(
    written=_rows,
    notes=st.lists(_text, min_size=6, max_size=6),
    columns=st.permutations([*COLUMNS, "note"]),
    delimiter=st.sampled_from(DELIMITERS),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    spelling=st.sampled_from(["json", "commas", "signs"]),
)
def test_read_csv_of_any_valid_rows_gives_the_same_values(
    written: list[Written],
    notes: list[str],
    columns: list[str],
    delimiter: str,
    line_end: str,
    mark: bytes,
    spelling: str,
) -> None:
    cells = [
        {
            **{name: str(value) for name, value in each.items()},
            "hashtags": _hashtags(each["hashtags"], spelling),
            "created_at": each["created_at"].isoformat(),
            "note": note,
        }
        for each, note in zip(written, notes, strict=False)
    ]
    data = csv_file(cells, columns=columns, delimiter=delimiter, line_end=line_end)
    _check(mark + data, written, [{"note": note} if note else {} for note in notes[: len(written)]])


@given(written=_rows, order=st.permutations(COLUMNS), is_ascii=st.booleans(), is_text=st.booleans())
def test_read_json_of_any_valid_rows_gives_the_same_values(
    written: list[Written], order: list[str], is_ascii: bool, is_text: bool
) -> None:
    values = []
    for each in written:
        value = {**each, "created_at": each["created_at"].isoformat()}
        if is_text:
            value |= {"views": str(each["views"]), "hashtags": _hashtags(each["hashtags"], "signs")}
        values.append({name: value[name] for name in order})
    _check(json_file(values, is_ascii=is_ascii), written, [{} for _ in written])


def _outcome(data: bytes) -> Read | ImportRefused:
    try:
        return read(data)
    except ImportRefused as refused:
        return refused


def _raises_only_refusals(data: bytes) -> None:
    outcome = _outcome(data)
    if isinstance(outcome, Read):
        assert outcome.rows
        return
    assert all(problem.sentence.endswith(".") for problem in outcome.problems)
    assert len(str(outcome).splitlines()) == len(outcome.problems) + bool(outcome.more) > 0


@given(st.binary(max_size=400))
def test_read_random_bytes_raises_nothing_but_a_refusal(data: bytes) -> None:
    _raises_only_refusals(data)


@given(st.text(max_size=200))
def test_read_random_text_below_a_header_raises_nothing_but_a_refusal(text: str) -> None:
    _raises_only_refusals(f"{HEADER}\n{text}".encode(errors="surrogatepass"))


@given(st.lists(st.lists(st.text(max_size=30), min_size=10, max_size=10), max_size=5))
def test_read_random_cells_raises_nothing_but_a_refusal(cells: list[list[str]]) -> None:
    written = [dict(zip(COLUMNS, each, strict=True)) for each in cells]
    _raises_only_refusals(csv_file(written).replace(b"\0", b""))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS) | st.text(max_size=8), _json), max_size=4))
def test_read_random_json_raises_nothing_but_a_refusal(values: list[dict[str, object]]) -> None:
    _raises_only_refusals(json_file(values, is_ascii=True))


@given(data=st.data())
def test_read_damaged_file_raises_nothing_but_a_refusal(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([csv_file(rows(3)), json_file(rows(3))])))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=5)):
        whole[place] = data.draw(st.integers(0, 255))
    _raises_only_refusals(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


class Pieces(io.BytesIO):
    """Bytes that come a few at a time."""

    def __init__(self, data: bytes, *, step: int) -> None:
        super().__init__(data)
        self._step = step

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most `step` bytes."""
        return super().read(self._step)


_almost_text = st.lists(
    st.text(max_size=8).map(lambda text: text.encode(errors="ignore")) | st.binary(max_size=2)
)


@given(_almost_text.map(b"".join).filter(lambda data: b"\0" not in data), st.integers(1, 7))
def test_check_bytes_in_any_pieces_agrees_with_decoding_at_once(data: bytes, step: int) -> None:
    # A letter in front, so that nothing looks like another format.
    checked = CheckedBytes(Pieces(b"a" + data, step=step), filename="posts.csv")
    try:
        expected = data.decode()
    except UnicodeDecodeError as error:
        offset = error.start + 1
        with pytest.raises(ImportRefused, match=rf"\(at byte offset {offset}\)"):
            list(lines_of(checked))
    else:
        assert "".join(lines_of(checked)) == f"a{expected}"
