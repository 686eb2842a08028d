"""`manage.py check_sandbox_truth --seed N`: do the agents find what is planted, and nothing else?"""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from agents.management.commands.sandbox_world import NotForProduction
from agents.truth import Truth
from agents.worlds import try_truth
from tiktok_ops.commands import SentenceCommand

EXIT_MISSED = 1


class Command(SentenceCommand):
    """Builds a world in the sandbox, syncs it, asks the agents, and compares; leaves nothing behind."""

    help = "Hold what agents say of a made world against what was planted in it; exit code 1 on a miss."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--seed", type=int, required=True, help="which world; the same seed is the same world"
        )
        parser.add_argument("--json", action="store_true", help="print as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Try, say what came of it, and exit with 1 unless all was found and nothing invented."""
        if settings.IS_PRODUCTION:
            raise NotForProduction
        truth = try_truth(options["seed"])
        if options["json"]:
            self.stdout.write(json.dumps(_told(truth), indent=2))
        else:
            self._tell(truth)
        if not truth.is_whole:
            sys.exit(EXIT_MISSED)

    def _tell(self, truth: Truth) -> None:
        self.stdout.write(
            f"{truth.found} of {len(truth.planted)} planted facts found, {len(truth.invented)} invented."
        )
        for fact, agent in truth.missed:
            self.stdout.write(f"  missed by {agent}: {fact.kind} of @{fact.handle} {fact.subject}")
        for claim in truth.invented:
            self.stdout.write(f"  invented by {claim.agent}: {claim.kind} of @{claim.handle} {claim.subject}")


def _told(truth: Truth) -> dict[str, Any]:
    """Return the figures, and an object for each fact and claim that says what came of it."""
    missed = {fact for fact, _ in truth.missed}
    found = [asdict(fact) for fact in truth.planted if fact not in missed]
    return {
        "planted": len(truth.planted),
        "found": truth.found,
        "invented": len(truth.invented),
        "details": [
            *({"outcome": "found", **fact} for fact in found),
            *({"outcome": "missed", **asdict(fact), "agent": agent} for fact, agent in truth.missed),
            *({"outcome": "invented", **asdict(claim)} for claim in truth.invented),
        ],
    }
