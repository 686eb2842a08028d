"""`manage.py doctor`: is everything there? One line each."""

from typing import Any

from tiktok_ops.commands import SentenceCommand
from workflows.doctor import examine


class Command(SentenceCommand):
    """Examines the installation; exit code 1 when something is amiss."""

    help = "Check database, migrations, SQL, worker, keeper and keys; one line each, exit code 1 if one is amiss."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each examination."""
        findings = examine()
        for finding in findings:
            mark = "ok  " if finding.is_well else "MISS"
            self.stdout.write(f"{mark}  {finding.name:<11} {finding.sentence}")
        if not all(finding.is_well for finding in findings):
            raise SystemExit(1)
