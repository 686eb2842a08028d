"""What the page of an import shows of each kind of row: how many, some of them, and where they are then."""

from dataclasses import dataclass

from django.urls import reverse

from tiktok_ops.cells import EMPTY, visible
from tiktok_ops.content.models import ContentImport

_CHANGES = {"created": "New", "updated": "Changed"}


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of row: its words, its list, and the columns of its samples with their headings."""

    name: str
    title: str
    page: str
    columns: dict[str, str]


_KINDS = (
    _Kind(
        "posts",
        "Posts",
        "post",
        {"posted": "Posted", "caption": "Caption", "views": "Views", "likes": "Likes"},
    ),
    _Kind("comments", "Comments", "comment", {"written": "Written", "author": "By", "text": "Comment"}),
    _Kind("days", "Days of figures", "accountmetrics", {"day": "Day", "figures": "Figures"}),
    _Kind(
        "audience",
        "Figures of the audience",
        "audienceshare",
        {"day": "Day", "what": "Of whom", "part": "How many"},
    ),
)


@dataclass(frozen=True, slots=True)
class ShownKind:
    """How many rows of a kind there are, and samples of them, a list of cells each."""

    title: str
    url: str
    created: int
    updated: int
    unchanged: int
    headings: list[str]
    samples: list[list[str]]


def shown_kinds(upload: ContentImport) -> list[ShownKind]:
    """Return the kinds a file has rows of, in a fixed order; text from the file has its hidden signs shown."""
    shown = []
    for kind in _KINDS:
        tally = upload.summary.get(kind.name, {})
        created, updated, unchanged = (tally.get(change, 0) for change in ("created", "updated", "unchanged"))
        if created or updated or unchanged:
            url = f"{reverse(f'admin:content_{kind.page}_changelist')}?account__id__exact={upload.account_id}"
            samples = [_cells(kind, sample) for sample in tally["samples"]]
            headings = ["Becomes", *kind.columns.values()]
            shown.append(ShownKind(kind.title, url, created, updated, unchanged, headings, samples))
    return shown


def _cells(kind: _Kind, sample: dict[str, str]) -> list[str]:
    texts = [visible(sample.get(column, "")) or EMPTY for column in kind.columns]
    return [_CHANGES[sample["change"]], *texts]
