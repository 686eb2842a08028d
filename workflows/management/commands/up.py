"""`manage.py up`: web, worker and keeper in the background, and how to sign in."""

from typing import Any

from django.core.management import call_command

from tiktok_ops import stack
from tiktok_ops.commands import SentenceCommand
from workflows.demo.world import PEOPLE, demo_password, make_world


class Command(SentenceCommand):
    """Starts everything and prints the address and the demo logins."""

    help = "Start web, worker and keeper in the background; print the address and the demo logins."

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, make the demo people, start, tell."""
        call_command("migrate", verbosity=0)
        make_world()
        self.stdout.write(f"TikTok Ops is up: {stack.start()}")
        self.stdout.write(f"Sign in with the password {demo_password()} as")
        for username, role in PEOPLE.items():
            self.stdout.write(f"  {username:<8} {role}")
        self.stdout.write("`make logs` shows what they say, `make down` stops everything.")
