"""`manage.py sandbox_world --seed N`: a made world in the sandbox TikTok, and its accounts in a workspace."""

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from agents.worlds import plant_and_settle
from tiktok_ops.accounts.models import Workspace
from tiktok_ops.commands import SentenceCommand
from tiktok_ops.errors import Refused

ACTOR = "manage.py sandbox_world"
SLUG = "demo"


class NotForProduction(Refused):
    """A made world is for the sandbox: production has none."""


class Command(SentenceCommand):
    """Plants a world and makes its accounts."""

    help = "Put a made world into the sandbox TikTok, and its brands and accounts into a workspace."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--seed", type=int, required=True, help="which world; the same seed is the same world"
        )
        parser.add_argument(
            "--workspace", default=SLUG, metavar="SLUG", help="whose accounts they become (demo)"
        )
        parser.add_argument("--json", action="store_true", help="print as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Plant, settle, and say what there is."""
        if settings.IS_PRODUCTION:
            raise NotForProduction
        slug = options["workspace"]
        workspace, _ = Workspace.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
        world, planted = plant_and_settle(options["seed"], workspace=workspace, by=ACTOR)
        told = {
            "seed": world.seed,
            "as_of": world.as_of.isoformat(),
            "workspace": workspace.slug,
            "accounts": [account.handle for account in world.accounts],
            "records": planted.records,
            "planted": [asdict(fact) for fact in world.facts],
        }
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=2))
            return
        self.stdout.write(
            f"World {world.seed} as of {world.as_of:%Y-%m-%d %H:%M} UTC: {planted.records} records."
        )
        for brand in world.brands:
            handles = ", ".join(f"@{account.handle}" for account in brand.accounts)
            self.stdout.write(f"  {brand.name}: {handles}")
        self.stdout.write(f"They are accounts of the workspace {workspace.slug!r}; take them in with")
        self.stdout.write("  manage.py run_workflow sync_account --account HANDLE --wait")
