"""The commands that steer a run share how they read its id, do what they do, and print what it is then."""

import json
from abc import abstractmethod
from argparse import ArgumentParser
from typing import Any, ClassVar
from uuid import UUID

from tiktok_ops.commands import SentenceCommand
from workflows.models import WorkflowRun
from workflows.overview import overview_of
from workflows.validation import InputRefused

BY = "command line"


class ControlCommand(SentenceCommand):
    """Does something to the run or step whose id it is given; prints what the run is then."""

    subject: ClassVar[str] = "run"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("id", metavar=self.subject.upper(), help=f"the {self.subject}'s id")
        parser.add_argument("--reason", default="", help="why; kept in the audit trail")
        parser.add_argument("--json", action="store_true", help="print the run as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and print the run."""
        run = self.act(self._id(options["id"]), reason=options["reason"])
        overview = overview_of(run)
        if options["json"]:
            self.stdout.write(json.dumps(overview.as_json(), indent=2, ensure_ascii=False))
            return
        waiting = f" {overview.waiting_on}" if overview.waiting_on else ""
        self.stdout.write(f"Run {run.id} is {overview.run.status}.{waiting}")

    @abstractmethod
    def act(self, subject_id: UUID, *, reason: str) -> WorkflowRun:
        """Do it; returns the run."""

    def _id(self, text: str) -> UUID:
        try:
            return UUID(text)
        except ValueError:
            raise InputRefused(
                f"The {self.subject} {text!r} is no id: `run_workflow --json` and the run's page name it."
            ) from None
