"""`manage.py rotate_vault`: everything the vault sealed, under the newest of its keys."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from tiktok_ops.commands import SentenceCommand
from tiktok_ops.vault.rotation import PAGE, Rotation, rotate


class Command(SentenceCommand):
    """Wraps every secret under the newest key; exit code 1 where one could not be."""

    help = (
        "Wrap everything the vault sealed under the newest key of VAULT_KEYS, a page at a time. Put the new key "
        "first and keep the old one behind it meanwhile; run this again whenever it was interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare how it is told."""
        parser.add_argument("--json", action="store_true", help="print what was done as JSON")
        parser.add_argument("--page", type=int, default=PAGE, metavar="N", help="rows a transaction takes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, and say what was done."""
        done = rotate(page=max(options["page"], 1))
        self.stdout.write(json.dumps(_told(done)) if options["json"] else _said(done))
        if done.failed:
            raise SystemExit(1)


def _told(done: Rotation) -> dict[str, Any]:
    """Return what was done as plain values; none of them is secret."""
    return {
        "key": done.key_id,
        "rewrapped": done.rewrapped,
        "failed": [asdict(one) for one in done.failed],
        "is_complete": not done.failed,
    }


def _said(done: Rotation) -> str:
    count = sum(done.rewrapped.values())
    lines = [f"{count} wrapped anew; everything else was under the key {done.key_id!r} already."]
    lines += [f"Not wrapped: {one.what} {one.id}: {one.sentence}" for one in done.failed]
    if not done.failed:
        lines.append("The older keys may be taken out of VAULT_KEYS now.")
    return "\n".join(lines)
