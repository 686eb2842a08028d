"""What a file can tell of an account, whatever its format: posts, comments, days, the audience; no database."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

COUNTS = ("views", "likes", "comments", "shares")


@dataclass(frozen=True, slots=True)
class PostFact:
    """One post as a file tells it; None stands for what the file does not say.

    `row` is the row a spreadsheet shows (in JSON the line or item), `part` the file of an archive or the
    tab of a workbook, "" for the file itself. `handle` is lower case without "@", "" where the row does
    not say whose it is. `created_at` is aware, in UTC; `hashtags` are lower case without "#", each once;
    the counts are 0 to 2^63 - 1; `extra` holds the cells of further columns that are not empty.

    A whole fact (`is_whole`) replaces all that is known of its post; any other adds to it. Without a
    `video_id` a fact is looked up by `written_at` (UTC, when the export says it was posted) or by `day`
    (month and day on a clock of the account's zone) and the caption's beginning.
    """

    row: int
    handle: str = ""
    video_id: str = ""
    url: str | None = None
    created_at: datetime | None = None
    caption: str | None = None
    hashtags: tuple[str, ...] | None = None
    views: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    extra: dict[str, str] = field(default_factory=dict)
    part: str = ""
    is_whole: bool = False
    written_at: datetime | None = None
    day: tuple[int, int] | None = None
    why_no_id: str = ""

    def known(self) -> dict[str, object]:
        """Return the values the file gives, by the names of the post's fields."""
        names = ("url", "created_at", "caption", "hashtags", *COUNTS)
        values = {name: getattr(self, name) for name in names}
        given = {name: value for name, value in values.items() if value is not None}
        if self.hashtags is not None:
            given["hashtags"] = list(self.hashtags)
        return given


@dataclass(frozen=True, slots=True)
class CommentFact:
    """One comment under a post of the account; `created_at` is aware, in UTC."""

    row: int
    video_id: str
    comment_id: str
    parent_id: str
    author: str
    text: str
    likes: int | None
    created_at: datetime
    part: str = ""


@dataclass(frozen=True, slots=True)
class DayFact:
    """Figures of one day of the account's own calendar, by the names of the columns of `AccountMetrics`."""

    day: date
    figures: dict[str, int]


class Dimension(StrEnum):
    """By what an audience is divided."""

    TERRITORY = "territory"
    GENDER = "gender"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class AudienceFact:
    """A part of the followers: `share` (0 to 1) of all, or `followers`, how many were active in an hour.

    `day` is None where the file does not say of which day the shares are.
    """

    day: date | None
    dimension: Dimension
    value: str
    share: float | None = None
    followers: int | None = None


Fact: TypeAlias = PostFact | CommentFact | DayFact | AudienceFact
