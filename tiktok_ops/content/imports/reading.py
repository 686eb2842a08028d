"""What one reading of a file needs to know, and what it gathers beside the facts; no database."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from tiktok_ops.content.imports.problems import ImportRefused, Problems, listed, shown
from tiktok_ops.content.imports.rows import fold_handle

MAX_NOTES = 20


@dataclass(slots=True)
class LeftOut:
    """How many rows were left out for one reason, and where the first stands."""

    rows: int
    first: str


@dataclass(slots=True)
class PartSeen:
    """A file of the archive, a tab of the workbook or the file itself: what it was found to be."""

    name: str
    what: str
    facts: int = 0


@dataclass(slots=True)
class Reading:
    """One reading of a file for the account `handle` (folded), whose zone is `zone`; `now` is aware.

    `others` counts rows of other accounts by handle; `left_out` what else is left out, by the reason.
    `is_owned`: something in the file says that it is of the account; `is_anonymous`: a part of it does not.
    """

    handle: str
    zone: ZoneInfo
    now: datetime
    filename: str
    problems: Problems = field(default_factory=Problems)
    others: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    parts: list[PartSeen] = field(default_factory=list)
    facts: int = 0
    is_owned: bool = False
    is_anonymous: bool = False

    def note(self, sentence: str) -> None:
        """Note something a person should know before the file is imported; at most 20 sentences."""
        if sentence not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes.append(sentence)

    def leave_out(self, reason: str, *, rows: int = 1, where: str = "") -> None:
        """Note that rows are left out, and why; `where` says where the first of them stands."""
        if rows:
            self.left_out.setdefault(reason, LeftOut(0, where)).rows += rows

    def belongs(self, handle: str) -> bool:
        """Return whether a row of this handle is for the account; otherwise count it as another's."""
        if handle == self.handle:
            self.is_owned = True
            return True
        self.others[handle] += 1
        return False

    def check_owner(self, handle: str, *, part: str) -> None:
        """Refuse an export that says that it is of another account."""
        if fold_handle(handle) == self.handle:
            self.is_owned = True
        else:
            of = shown(part or self.filename)
            raise ImportRefused.whole(
                f"The file {of} is of the account {shown(fold_handle(handle))}, not of {shown(self.handle)}; "
                "choose that account, or a file of this one."
            )

    def check_end(self) -> None:
        """Refuse, once all is read, what has problems, no rows, or rows of other accounts only."""
        self.problems.refuse()
        if self.is_anonymous and not self.is_owned:
            self.note(f"Nothing in the file says whose it is: make sure that it is of @{self.handle}.")
        if self.others and not self.is_owned:
            names = listed(name for name, _ in self.others.most_common())
            raise ImportRefused.whole(f"No row is for {shown(self.handle)}; the file has {names}.")
        if not self.facts and not self.left_out:
            raise ImportRefused.whole(f"The file {shown(self.filename)} has no rows.")
