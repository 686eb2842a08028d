"""`manage.py import_account FILE --handle H`: posts of a file into an account."""

import json
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandParser
from django.db import transaction

from tiktok_ops.commands import SentenceCommand
from tiktok_ops.content.imports.destination import Destination, find_or_make_destination
from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.service import ImportResult, import_posts

ACTOR = "manage.py import_account"
NAMED_HANDLES = 5


class Command(SentenceCommand):
    """Import a file of posts, CSV or JSON Lines, into a TikTok account."""

    help = "Import a file of posts (CSV or JSON Lines) into a TikTok account; all of it, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("file", metavar="FILE", help="the file of posts")
        parser.add_argument("--handle", required=True, help="the account's handle, with or without @")
        parser.add_argument(
            "--workspace", metavar="SLUG", help="needed when there is more than one workspace"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file and say what it did."""
        file = Path(options["file"])
        with _opened(file) as stream, transaction.atomic():
            to = find_or_make_destination(
                handle=options["handle"], workspace_slug=options["workspace"], by=ACTOR
            )
            result = import_posts(account_id=to.account.id, stream=stream, filename=file.name, by=ACTOR)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(to, result), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join([*to.news, _sentence(to, result)]))


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise ImportRefused.whole(f"The file {str(file)!r} cannot be read: {error.strerror}.") from error


def _sentence(to: Destination, result: ImportResult) -> str:
    counts = f"{result.created} new, {result.updated} changed, {result.unchanged} unchanged"
    return (
        f"Imported {_counted(result.rows, 'post')} for {to.account}: {counts}{_left_out(result.left_out)}; "
        f"data as of {result.data_as_of:%Y-%m-%d %H:%M} UTC."
    )


def _left_out(left_out: dict[str, int]) -> str:
    if not left_out:
        return ""
    handles = list(left_out)
    more = f" and {len(handles) - NAMED_HANDLES} more" if len(handles) > NAMED_HANDLES else ""
    named = ", ".join(handles[:NAMED_HANDLES])
    return f"; {_counted(sum(left_out.values()), 'row')} of other accounts ({named}{more}) left out"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
            "data_as_of": result.data_as_of.isoformat(),
        },
        "news": list(to.news),
    }
