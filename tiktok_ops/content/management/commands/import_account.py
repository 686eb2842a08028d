"""`manage.py import_account FILE --handle H`: a file of any format we read, into an account."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandParser
from django.db import transaction

from tiktok_ops.commands import SentenceCommand
from tiktok_ops.content.imports.destination import Destination, find_or_make_destination
from tiktok_ops.content.imports.outcome import KINDS
from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.service import ImportResult, import_posts, preview_posts

ACTOR = "manage.py import_account"
NAMED_HANDLES = 5
_OTHER_KINDS = {"comments": "comment", "days": "day of figures", "audience": "figure of the audience"}


class Command(SentenceCommand):
    """Import what TikTok, its Studio or a scraper gave of an account into that account."""

    help = (
        "Import a file into a TikTok account, all of it or nothing: 'Download your data', TikTok Studio's "
        "analytics, what a scraper wrote, or a CSV or JSON Lines file of posts or comments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("file", metavar="FILE", help="the file")
        parser.add_argument("--handle", required=True, help="the account's handle, with or without @")
        parser.add_argument(
            "--workspace", metavar="SLUG", help="needed when there is more than one workspace"
        )
        parser.add_argument("--preview", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file, or look through it, and say what that did or would do."""
        file, is_preview = Path(options["file"]), options["preview"]
        with _opened(file) as stream, transaction.atomic():
            to = find_or_make_destination(
                handle=options["handle"], workspace_slug=options["workspace"], by=ACTOR
            )
            if is_preview:
                result = preview_posts(account_id=to.account.id, stream=stream, filename=file.name)
                transaction.set_rollback(True)
            else:
                result = import_posts(account_id=to.account.id, stream=stream, filename=file.name, by=ACTOR)
        if options["json"]:
            told = _as_json(to, result) | ({"preview": True} if is_preview else {})
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
        elif is_preview:
            self.stdout.write("\n".join(_preview(to, result)))
        else:
            self.stdout.write("\n".join([*to.news, _sentence(to, result), *_more(result)]))


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise ImportRefused.whole(f"The file {str(file)!r} cannot be read: {error.strerror}.") from error


def _sentence(to: Destination, result: ImportResult) -> str:
    counts = f"{result.created} new, {result.updated} changed, {result.unchanged} unchanged"
    as_of = f"data as of {result.data_as_of:%Y-%m-%d %H:%M} UTC" if result.data_as_of else "no posts yet"
    return (
        f"Imported {_counted(result.rows, 'post')} for {to.account}: {counts}"
        f"{_left_out(result.left_out)}; {as_of}."
    )


def _more(result: ImportResult) -> Iterator[str]:
    """Yield a sentence for each other kind of row the file has, for what is left out, and for what to know."""
    for kind, noun in _OTHER_KINDS.items():
        tally = result.summary[kind]
        rows = tally["created"] + tally["updated"] + tally["unchanged"]
        if rows:
            counts = f"{tally['created']} new, {tally['updated']} changed, {tally['unchanged']} unchanged"
            yield f"{_counted(rows, noun)}: {counts}."
    for left in result.summary["left_out"]:
        first = f" (first: {left['first']})" if left["first"] else ""
        yield f"Left out, {left['rows']} × {left['reason']}{first}."
    yield from result.summary["notes"]


def _preview(to: Destination, result: ImportResult) -> Iterator[str]:
    """Yield what the file is, what would be done, and samples of it."""
    for part in result.summary["parts"]:
        yield f"{part['name']} is {part['what']}."
    yield _sentence(to, result).replace("Imported", "Would import", 1)
    yield from _more(result)
    for kind in KINDS:
        for sample in result.summary[kind]["samples"]:
            yield f"  {kind}: " + " · ".join(str(value) for value in sample.values() if value)
    yield "Nothing was imported. Leave --preview out to import it."


def _left_out(left_out: dict[str, int]) -> str:
    if not left_out:
        return ""
    handles = list(left_out)
    more = f" and {len(handles) - NAMED_HANDLES} more" if len(handles) > NAMED_HANDLES else ""
    named = ", ".join(handles[:NAMED_HANDLES])
    return f"; {_counted(sum(left_out.values()), 'row')} of other accounts ({named}{more}) left out"


def _counted(number: int, noun: str) -> str:
    first, *rest = noun.split(" ", 1)
    return " ".join([f"{number} {first}" if number == 1 else f"{number} {first}s", *rest])


def _as_json(to: Destination, result: ImportResult) -> dict[str, object]:
    account = to.account
    return {
        "account": {"id": str(account.id), "handle": account.handle, "workspace": account.workspace.slug},
        "import": {
            "id": str(result.import_id),
            "sha256": result.digest,
            "created": result.created,
            "updated": result.updated,
            "unchanged": result.unchanged,
            "left_out": result.left_out,
            "data_as_of": result.data_as_of.isoformat() if result.data_as_of else None,
            "summary": result.summary,
        },
        "news": list(to.news),
    }
