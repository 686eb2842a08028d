"""What is wrong with a file, said row by row."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from tiktok_ops.errors import Refused

MAX_PROBLEMS = 50
SHOWN_CHARS = 60


def shown(text: str) -> str:
    """Return `text` for a message: as `repr`, cut after 60 characters."""
    return repr(text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…")


def storable(text: str) -> str:
    """Return text a database can keep: what no text may hold is written as "?"."""
    return text.replace("\0", "?").encode(errors="replace").decode()


def listed(names: Iterable[str], *, at_most: int = 10) -> str:
    """Return names for a message: `'a', 'b' and 3 more`."""
    every = list(names)
    text = ", ".join(shown(name) for name in every[:at_most])
    return text if len(every) <= at_most else f"{text} and {len(every) - at_most} more"


def place(row: int, part: str = "") -> str:
    """Return where something stands, for the start of a sentence: `Row 3`, `'Content.csv', row 3`."""
    return f"{shown(part)}, row {row}" if part else f"Row {row}"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing a person must put right in a file.

    `row` is the row a spreadsheet shows, the header being row 1, and None for the whole file; `column`
    is empty when the row itself is wrong; `value` is what stood there, shortened; `sentence` says it all.
    `part` is the file of an archive or the tab of a workbook, "" for the file itself.
    """

    row: int | None
    column: str
    value: str
    sentence: str
    part: str = ""


class ImportRefused(Refused):
    """The file was refused."""

    def __init__(self, problems: Iterable[RowProblem], *, more: int = 0) -> None:
        self.problems = tuple(problems)
        self.more = more
        sentences = [problem.sentence for problem in self.problems]
        super().__init__("\n".join([*sentences, f"… and {more} more."] if more else sentences))

    @classmethod
    def whole(cls, sentence: str) -> "ImportRefused":
        """Return the refusal of a file as a whole."""
        return cls([RowProblem(row=None, column="", value="", sentence=sentence)])

    @classmethod
    def of(cls, filename: str, what: str) -> "ImportRefused":
        """Return the refusal "The file 'a.csv' `what`."."""
        return cls.whole(f"The file {shown(filename)} {what}.")

    def as_json(self) -> list[dict[str, int | str | None]]:
        """Return the problems as plain objects, for a JSON field."""
        return [
            {
                name: storable(value) if isinstance(value, str) else value
                for name, value in asdict(problem).items()
            }
            for problem in self.problems
        ]


class FormatUnknown(ImportRefused):
    """The file is of no format we read; in an archive it is left out, and said so."""

    def __init__(self, filename: str, what: str, remedy: str) -> None:
        sentence = f"The file {shown(filename)} {what}; {remedy}."
        super().__init__([RowProblem(row=None, column="", value="", sentence=sentence)])
        self.what = what


class Problems:
    """Collects the problems of one file: the first 50 in full, of the others only the number."""

    def __init__(self) -> None:
        self._kept: list[RowProblem] = []
        self._more = 0

    def __len__(self) -> int:
        return len(self._kept) + self._more

    def add(self, *, row: int, column: str = "", value: str = "", what: str, part: str = "") -> None:
        """Note that `column` (or the row) of `row`, holding `value`, `what`: "is empty; write …"."""
        if len(self._kept) == MAX_PROBLEMS:
            self._more += 1
            return
        subject = " ".join(word for word in (column, shown(value) if value else "") if word)
        where = place(row, part)
        sentence = f"{where}: {subject} {what}." if subject else f"{where} {what}."
        self._kept.append(RowProblem(row, column, value[:SHOWN_CHARS], sentence, part))

    def refuse(self) -> None:
        """Raise ImportRefused with what was collected, if anything was."""
        if self._kept:
            raise ImportRefused(self._kept, more=self._more)
