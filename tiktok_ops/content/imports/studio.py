"""The tabs of TikTok Studio's analytics to facts: days, posts, and who the followers are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from tiktok_ops.content.imports.calendars import (
    PrintedDay,
    dates_from,
    dates_until,
    is_descending,
    read_day,
)
from tiktok_ops.content.imports.facts import AudienceFact, DayFact, Dimension, Fact, PostFact
from tiktok_ops.content.imports.links import handle_in, moment_in, video_id_in
from tiktok_ops.content.imports.parts import Part
from tiktok_ops.content.imports.problems import ImportRefused, place
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.imports.rows import MAX_URL_CHARS, CellError, Cells
from tiktok_ops.content.imports.studio_tabs import (
    ACTIVITY,
    CONTENT,
    GENDER,
    HISTORY,
    OVERVIEW,
    TERRITORIES,
    VIEWERS,
    FoundTab,
)
from tiktok_ops.content.imports.tables import Record
from tiktok_ops.content.imports.values import is_missing, read_local_count, read_share
from tiktok_ops.content.imports.words import hashtags_in

MAX_TAB_ROWS = 10_000  # 366 days of 24 hours
NO_DAY = date(2000, 1, 1)
"""The day of rows that are only looked through for what else is wrong: the file is refused."""
NO_FIGURES = "the day has no figures"
_FIGURES = {
    OVERVIEW: {name: name for name in ("video_views", "profile_views", "likes", "comments", "shares")},
    VIEWERS: {
        "total_viewers": "viewers",
        "new_viewers": "new_viewers",
        "returning_viewers": "returning_viewers",
    },
    HISTORY: {"followers": "followers"},
}
_HOUR = re.compile(r"([01]?[0-9]|2[0-3])(?::00)?")
_GENDERS = {
    "female": ("female", "mujer", "femenino", "weiblich", "feminino", "mulher", "nữ"),
    "male": ("male", "hombre", "masculino", "männlich", "homem", "nam"),
    "other": ("other", "otro", "otros", "andere", "divers", "outro", "outros", "khác"),
}
MAX_VALUE_CHARS = 80


@dataclass(frozen=True, slots=True)
class _Tab:
    """One tab while it is read."""

    found: FoundTab
    part: Part
    label: str
    reading: Reading

    def cells(self, record: Record) -> Cells:
        """Return a row's cells to read from."""
        return Cells(record, self.reading.problems, part=self.label)


def read_tab(
    found: FoundTab, records: Iterator[Record], *, part: Part, label: str, reading: Reading
) -> Iterator[Fact]:
    """Yield the facts of a tab; what is wrong with a row goes to the reading's problems."""
    tab = _Tab(found, part, label, reading)
    _check_name(tab)
    if found.tab is CONTENT:
        return _posts(tab, records)
    if found.tab in (GENDER, TERRITORIES):
        return _shares(tab, records)
    return _dated(tab, records)


def _check_name(tab: _Tab) -> None:
    """Refuse a file whose name says that it is of another account."""
    export = tab.part.export()
    if export is not None:
        tab.reading.check_owner(export.handle, part=tab.part.names[0])
    elif tab.found.tab is not CONTENT:
        tab.reading.is_anonymous = True


# Days ------------------------------------------------------------------------------------------------


def _dated(tab: _Tab, records: Iterator[Record]) -> Iterator[Fact]:
    rows = list(islice(records, MAX_TAB_ROWS + 1))
    if len(rows) > MAX_TAB_ROWS:
        raise ImportRefused.of(
            tab.part.name, f"has more than {MAX_TAB_ROWS:,} days; split it into smaller files"
        )
    column = tab.found.columns["date"]
    printed = [tab.cells(row).read(column, _printed_day, otherwise=PrintedDay(1, 1)) for row in rows]
    dates = _dates(tab, printed) if rows and not len(tab.reading.problems) else [NO_DAY] * len(rows)
    for row, day in zip(rows, dates, strict=True):
        yield from _facts_of_day(tab, row, day)


def _printed_day(text: str) -> PrintedDay:
    day = read_day(text)
    if day is None:
        raise CellError("is not a day; write it as 2026-02-28, or as TikTok does: February 28")
    return day


def _dates(tab: _Tab, printed: list[PrintedDay]) -> list[date]:
    """Return the dates of the rows: from the window's start, or back from the end of what can be."""
    is_backwards = is_descending(printed)
    ordered = printed[::-1] if is_backwards else printed
    export = tab.part.export()
    last_day = tab.reading.now.astimezone(tab.reading.zone).date() + timedelta(days=1)
    if export is not None:
        dates = dates_from(ordered, start=export.start)
        made_by = export.made_at.astimezone(tab.reading.zone).date() + timedelta(days=1)
        if dates[-1] > min(made_by, last_day):
            raise ImportRefused.of(
                tab.part.names[0],
                f"is named for days from {export.start} on, which its rows do not fit; "
                "give it the name it had, or one without dates",
            )
    else:
        made_on = tab.part.made_on
        dates = dates_until(ordered, end=min(last_day, made_on + timedelta(days=1)) if made_on else last_day)
        if any(day.year is None for day in printed):
            tab.reading.note(
                f"The tab {tab.found.tab.name} names no year: it was read as {dates[0]} to {dates[-1]}. "
                "If that is wrong, give the file as TikTok named it."
            )
    if dates[-1] > last_day:
        raise ImportRefused.of(tab.part.name, f"holds the day {dates[-1]}, which is still to come")
    return dates[::-1] if is_backwards else dates


def _facts_of_day(tab: _Tab, row: Record, day: date) -> Iterator[Fact]:
    cells = tab.cells(row)
    if tab.found.tab is ACTIVITY:
        hour = cells.read(tab.found.columns["hour"], _hour, otherwise="")
        followers = cells.read(tab.found.columns["active_followers"], read_local_count, otherwise=None)
        if followers is not None:
            yield AudienceFact(day, Dimension.HOUR, hour, followers=followers)
        return
    figures = {
        name: cells.read(tab.found.columns[role], read_local_count, otherwise=None)
        for role, name in _FIGURES[tab.found.tab].items()
        if role in tab.found.columns
    }
    known = {name: figure for name, figure in figures.items() if figure is not None}
    # Where the viewers are missing, the new and the returning ones are printed as 0.
    if known and not (tab.found.tab is VIEWERS and "viewers" not in known):
        yield DayFact(day, known)
    else:
        tab.reading.leave_out(NO_FIGURES, where=place(row.row, tab.label))


def _hour(text: str) -> str:
    match = _HOUR.fullmatch(text.strip())
    if match is None:
        raise CellError("is not an hour of the day; write 0 to 23")
    return f"{int(match[1]):02}"


# Shares ----------------------------------------------------------------------------------------------


def _shares(tab: _Tab, records: Iterator[Record]) -> Iterator[Fact]:
    """Yield shares of the followers; of the day the export was made where its name says that."""
    is_gender = tab.found.tab is GENDER
    dimension = Dimension.GENDER if is_gender else Dimension.TERRITORY
    column = tab.found.columns["gender" if is_gender else "territory"]
    export = tab.part.export()
    day = export.made_at.astimezone(tab.reading.zone).date() if export else tab.part.made_on
    for record in islice(records, MAX_TAB_ROWS):
        cells = tab.cells(record)
        value = cells.read(column, _gender if is_gender else _territory, otherwise="")
        share = cells.read(tab.found.columns["share"], read_share, otherwise=None)
        if share is not None:
            yield AudienceFact(day, dimension, value, share=share)


def _gender(text: str) -> str:
    written = text.strip().lower()
    for gender, names in _GENDERS.items():
        if written in names:
            return gender
    return _territory(written)


def _territory(text: str) -> str:
    written = text.strip()
    if not written or len(written) > MAX_VALUE_CHARS:
        raise CellError(f"is not a name of 1 to {MAX_VALUE_CHARS} characters; write for example BR")
    return written


# Posts -----------------------------------------------------------------------------------------------


def _posts(tab: _Tab, records: Iterator[Record]) -> Iterator[Fact]:
    for record in records:
        cells = tab.cells(record)
        fact = _post(tab, record, cells)
        handle = handle_in(record.cells.get(tab.found.columns.get("link", ""), ""))
        if not cells.is_wrong and (not handle or tab.reading.belongs(handle)):
            yield fact


def _post(tab: _Tab, record: Record, cells: Cells) -> PostFact:
    columns = tab.found.columns

    def count(role: str) -> int | None:
        return cells.read(columns[role], read_local_count, otherwise=None) if role in columns else None

    def text(role: str) -> str:
        written = cells.read(columns[role], str, otherwise="").strip() if role in columns else ""
        return "" if is_missing(written) else written

    link, title = text("link"), text("title")
    video_id, why = video_id_in(link)
    posted = read_day(text("posted"))
    return PostFact(
        row=record.row,
        part=tab.label,
        video_id=video_id,
        url=link if video_id and link.startswith("http") and len(link) <= MAX_URL_CHARS else None,
        created_at=moment_in(video_id, now=tab.reading.now) if video_id else None,
        caption=title or None,
        hashtags=hashtags_in(title) if title else None,
        views=count("total_views"),
        likes=count("total_likes"),
        comments=count("total_comments"),
        shares=count("total_shares"),
        extra={
            name: written
            for name, written in cells.extra(known=frozenset(columns.values())).items()
            if not is_missing(written)
        },
        day=(posted.month, posted.day) if posted else None,
        why_no_id=why,
    )


def named(tab: FoundTab) -> str:
    """Return what a person knows the tab by."""
    return f"TikTok Studio analytics, {tab.tab.name}"
