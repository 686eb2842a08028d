"""Comments, days and audiences of a file into the database; and all kinds together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.imports.facts import AudienceFact, CommentFact, DayFact, Fact, PostFact
from tiktok_ops.content.imports.outcome import Outcome
from tiktok_ops.content.imports.post_writing import BATCH_ROWS, PostWriter
from tiktok_ops.content.imports.problems import place
from tiktok_ops.content.imports.progress import Progress
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.models import AccountMetrics, AudienceShare, Comment, Post

NO_SUCH_POST = "the comment is under a post that is not known: import the posts first"
COMMENT_TWICE = "the comment is in the file a second time; the first row counts"

_FIGURES = (
    "followers", "profile_views", "video_views", "likes", "comments", "shares",
    "viewers", "new_viewers", "returning_viewers",
)  # fmt: skip
_COMMENT_FIELDS = ("parent_id", "author", "text", "likes", "created_at")


def write_facts(
    facts: Iterable[Fact],
    *,
    account: TikTokAccount,
    reading: Reading,
    observed_at: datetime,
    progress: Progress | None,
    total: int,
) -> Outcome:
    """Write every fact and return what became of them; to be called in a transaction.

    `progress(done, total)` is called after every 1,000 facts and at the end.
    """
    outcome = Outcome()
    posts = PostWriter(account, reading, observed_at, outcome.posts)
    comments = _CommentWriter(account, reading, outcome)
    days: dict[date, dict[str, int]] = {}
    audience: list[AudienceFact] = []
    done = 0
    for done, fact in enumerate(facts, start=1):
        match fact:
            case PostFact():
                posts.take(fact)
            case CommentFact():
                posts.flush()
                comments.take(fact)
            case DayFact():
                days.setdefault(fact.day, {}).update(fact.figures)
            case AudienceFact():
                audience.append(fact)
        if progress is not None and done % BATCH_ROWS == 0:
            progress(done, total)
    posts.finish()
    comments.flush()
    _write_days(account, days, outcome)
    _write_audience(account, audience, reading, outcome)
    if progress is not None and done % BATCH_ROWS:
        progress(done, total)
    return outcome


@dataclass(slots=True)
class _CommentWriter:
    """Takes comments one by one and writes them a thousand at a time."""

    account: TikTokAccount
    reading: Reading
    outcome: Outcome
    _waiting: list[CommentFact] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def take(self, fact: CommentFact) -> None:
        """Take one comment."""
        if fact.comment_id in self._seen:
            self.reading.leave_out(COMMENT_TWICE, where=place(fact.row, fact.part))
            return
        self._seen.add(fact.comment_id)
        self._waiting.append(fact)
        if len(self._waiting) == BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the comments that wait."""
        if not self._waiting:
            return
        facts, self._waiting = self._waiting, []
        posts = Post.objects.filter(account=self.account, video_id__in={fact.video_id for fact in facts})
        post_ids = dict(posts.values_list("video_id", "id"))
        ids = [fact.comment_id for fact in facts]
        known = {
            comment.comment_id: comment
            for comment in Comment.objects.filter(account=self.account, comment_id__in=ids)
        }
        placed = [
            self._place(fact, post_ids.get(fact.video_id), known.get(fact.comment_id)) for fact in facts
        ]
        Comment.objects.bulk_create(
            [comment for comment in placed if comment is not None],
            update_conflicts=True,
            unique_fields=["account", "comment_id"],
            update_fields=_COMMENT_FIELDS,
        )

    def _place(self, fact: CommentFact, post_id: UUID | None, comment: Comment | None) -> Comment | None:
        """Return the comment to write, having counted it; None where nothing changes or its post is not known."""
        if post_id is None:
            self.reading.leave_out(NO_SUCH_POST, where=place(fact.row, fact.part))
            return None
        is_new = comment is None
        comment = comment or Comment(account=self.account, post_id=post_id, comment_id=fact.comment_id)
        is_changed = _assign(comment, _values(fact)) or is_new
        self.outcome.comments.count(
            _change(is_changed=is_changed, is_new=is_new),
            written=f"{comment.created_at:%Y-%m-%d %H:%M} UTC",
            author=comment.author,
            text=comment.text,
        )
        return comment if is_changed else None


def _change(*, is_changed: bool, is_new: bool) -> str:
    """Return what an import does to a row, as `Tally.count` has it."""
    if not is_changed:
        return "unchanged"
    return "created" if is_new else "updated"


def _values(fact: CommentFact) -> dict[str, Any]:
    values = {name: getattr(fact, name) for name in _COMMENT_FIELDS}
    return {name: value for name, value in values.items() if value is not None}


def _assign(row: object, values: dict[str, Any]) -> bool:
    """Give a row the values and return whether any was another before."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)


def _write_days(account: TikTokAccount, days: dict[date, dict[str, int]], outcome: Outcome) -> None:
    if not days:
        return
    found = AccountMetrics.objects.filter(account=account, day__range=(min(days), max(days)))
    known = {row.day: row for row in found}
    changed: list[AccountMetrics] = []
    for day, figures in sorted(days.items()):
        row = known.get(day)
        is_new = row is None
        row = row or AccountMetrics(account=account, day=day)
        is_changed = _assign(row, figures)
        if is_changed:
            changed.append(row)
        figures_shown = ", ".join(f"{name.replace('_', ' ')} {figure:,}" for name, figure in figures.items())
        outcome.days.count(_change(is_changed=is_changed, is_new=is_new), day=day, figures=figures_shown)
    AccountMetrics.objects.bulk_create(
        changed, BATCH_ROWS, update_conflicts=True, unique_fields=["account", "day"], update_fields=_FIGURES
    )


def _write_audience(
    account: TikTokAccount, facts: list[AudienceFact], reading: Reading, outcome: Outcome
) -> None:
    """Write shares and active hours; what a file says of a day takes the place of what was said of it before."""
    sets: dict[tuple[date | None, str], dict[str, AudienceFact]] = {}
    for fact in facts:
        sets.setdefault((fact.day, fact.dimension), {})[fact.value] = fact
    for (day, dimension), wanted in sets.items():
        observed_on = day or _day_of_undated(account, dimension, wanted, reading)
        _write_set(account, observed_on, dimension, wanted, outcome)


def _day_of_undated(
    account: TikTokAccount, dimension: str, wanted: dict[str, AudienceFact], reading: Reading
) -> date:
    """Return the day shares are kept under whose file names none: the newest with the same, else today."""
    mine = AudienceShare.objects.filter(account=account, dimension=dimension)
    newest = mine.order_by("-observed_on").values_list("observed_on", flat=True).first()
    if newest is not None:
        known = dict(mine.filter(observed_on=newest).values_list("value", "share"))
        if known == {value: fact.share for value, fact in wanted.items()}:
            return newest
    return reading.now.astimezone(reading.zone).date()


def _write_set(
    account: TikTokAccount, day: date, dimension: str, wanted: dict[str, AudienceFact], outcome: Outcome
) -> None:
    mine = AudienceShare.objects.filter(account=account, dimension=dimension, observed_on=day)
    known = {row.value: row for row in mine}
    mine.exclude(value__in=wanted).delete()
    changed: list[AudienceShare] = []
    for value, fact in wanted.items():
        row = known.get(value)
        is_new = row is None
        row = row or AudienceShare(account=account, dimension=dimension, observed_on=day, value=value)
        is_changed = _assign(row, {"share": fact.share, "followers": fact.followers}) or is_new
        if is_changed:
            changed.append(row)
        part = f"{fact.share:.1%}" if fact.share is not None else f"{fact.followers:,} active followers"
        outcome.audience.count(
            _change(is_changed=is_changed, is_new=is_new),
            day=day,
            what=f"{dimension.capitalize()} {value}",
            part=part,
        )
    AudienceShare.objects.bulk_create(
        changed,
        BATCH_ROWS,
        update_conflicts=True,
        unique_fields=["account", "observed_on", "dimension", "value"],
        update_fields=["share", "followers"],
    )
