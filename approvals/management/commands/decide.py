"""`manage.py decide APPROVAL approve|reject --as USER`: decide from the command line, by the same rules."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from approvals.models import ApprovalRequest, Decision
from approvals.services import RequestUnknown, approve, reject
from tiktok_ops.accounts.models import User
from tiktok_ops.commands import SentenceCommand
from tiktok_ops.errors import Refused


class PersonUnknown(Refused):
    """There is no such person."""


class Command(SentenceCommand):
    """Decides as a named person; whoever may run this command already holds the database."""

    help = "Approve or reject an approval as a named person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("approval", help="the approval's id")
        parser.add_argument("verb", choices=["approve", "reject"])
        parser.add_argument("--as", dest="username", required=True, metavar="USER", help="who decides")
        parser.add_argument("--comment", default="", help="the reason; a rejection needs one")
        parser.add_argument("--json", action="store_true", help="print the decision as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Decide, and say what was decided."""
        request, by = _request(options["approval"]), _person(options["username"])
        decide = approve if options["verb"] == "approve" else reject
        decision = decide(
            request_id=request.id,
            by=by,
            channel=Decision.Channel.COMMAND,
            seen_sha256=request.payload_sha256,
            comment=options["comment"],
        )
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(decision), indent=2))
        else:
            said = "Approved" if decision.verb == "approve" else "Rejected"
            self.stdout.write(f"{said} as {by}: {request.title}")


def _request(text: str) -> ApprovalRequest:
    try:
        found = ApprovalRequest.objects.filter(id=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise RequestUnknown(
            f"There is no approval {text!r}: the run's page and `--json` name its approvals."
        )
    return found


def _person(username: str) -> User:
    person = User.objects.filter(username=username).first()
    if person is None:
        raise PersonUnknown(f"There is no person {username!r}: name the one who decides, as they sign in.")
    return person


def _as_json(decision: Decision) -> dict[str, str]:
    return {
        "id": str(decision.id),
        "approval": str(decision.request_id),
        "verb": decision.verb,
        "decided_by": decision.decided_by.username,
        "decided_at": decision.decided_at.isoformat(),
        "payload_sha256": decision.payload_sha256,
    }
