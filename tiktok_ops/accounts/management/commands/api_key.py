"""`manage.py api_key create | list | revoke`: keys for integrators."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tiktok_ops.accounts.keys import KEY_MARK, KeyRefused, issue_key, key_status, revoke_key
from tiktok_ops.accounts.models import ApiKey, User, Workspace
from tiktok_ops.commands import SentenceCommand
from tiktok_ops.rest.scopes import Scope

ACTOR = "manage.py api_key"
LONGEST_DAYS = 3650


class Command(SentenceCommand):
    """Issue, list and revoke API keys."""

    help = "Issue, list and revoke API keys. A key is printed once, when it is made."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the three things the command does."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="create | list | revoke")
        create = actions.add_parser("create", help="issue a key and print it, once")
        create.add_argument("--workspace", required=True, metavar="SLUG")
        create.add_argument("--name", required=True, help="who will use the key")
        scopes = f"what it may do: {', '.join(Scope)}"
        create.add_argument("--scopes", required=True, nargs="+", metavar="SCOPE", help=scopes)
        acts_for = f"whose decisions it makes; {Scope.APPROVALS_DECIDE} needs somebody"
        create.add_argument("--for", dest="acts_for", metavar="USER", help=acts_for)
        create.add_argument("--expires-in-days", type=int, metavar="N", help="without it, until revoked")
        actions.add_parser("list", help="show every key there is, without its secret")
        revoke = actions.add_parser("revoke", help="end a key at once and for good")
        revoke.add_argument("prefix", metavar="PREFIX", help="as `api_key list` shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked."""
        match options["action"]:
            case "create":
                self._create(options)
            case "list":
                self._list()
            case _:
                self._revoke(options["prefix"])

    def _create(self, options: dict[str, Any]) -> None:
        """Print the key alone on standard output, so that a script can take it."""
        issued = issue_key(
            workspace=_workspace(options["workspace"]),
            name=options["name"],
            scopes=[scope for given in options["scopes"] for scope in given.split(",") if scope],
            by=ACTOR,
            acts_for=_person(options["acts_for"]),
            expires_at=_expiry(options["expires_in_days"]),
        )
        self.stderr.write("Keep this key now: it is not shown again.", self.style.NOTICE)
        self.stdout.write(issued.secret_text)

    def _list(self) -> None:
        """Print a line for each key, the newest first."""
        now = timezone.now()
        for key in ApiKey.objects.select_related("workspace", "brand", "acts_for"):
            self.stdout.write(_line(key, now))

    def _revoke(self, given: str) -> None:
        """Revoke by prefix, or by a whole key pasted in its place."""
        prefix = given.removeprefix(f"{KEY_MARK}_").partition("_")[0]
        key = ApiKey.objects.filter(prefix=prefix).first()
        if key is None:  # what was given is not repeated: it may be a secret
            raise KeyRefused("There is no API key with this prefix: `manage.py api_key list` shows them.")
        revoke_key(key_id=key.id, by=ACTOR)
        self.stdout.write(f"Revoked {key.prefix} ({key.name}): its next request is refused.")


def _workspace(slug: str) -> Workspace:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        slugs = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise KeyRefused(f"There is no workspace {slug!r}: there are {slugs}.")
    return workspace


def _person(username: str | None) -> User | None:
    if username is None:
        return None
    person = User.objects.filter(username=username).first()
    if person is None:
        raise KeyRefused(f"There is no person {username!r}: name the one the key acts for, as they sign in.")
    return person


def _expiry(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= LONGEST_DAYS:
        raise KeyRefused(f"--expires-in-days is {days}: write a number of days from 1 to {LONGEST_DAYS}.")
    return timezone.now() + timedelta(days=days)


def _line(key: ApiKey, now: datetime) -> str:
    where = f"{key.workspace.slug}/{key.brand.name}" if key.brand else key.workspace.slug
    acts_for = [f"acts for {key.acts_for.username}"] if key.acts_for else []
    return "  ".join(
        [
            f"{key.prefix:<12}",
            f"{key_status(key, at=now):<8}",
            where,
            key.name,
            ",".join(key.scopes),
            *acts_for,
            f"expires {_day(key.expires_at)}",
            f"last used {_day(key.last_used_at)}",
        ]
    )


def _day(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d}" if time else "never"
