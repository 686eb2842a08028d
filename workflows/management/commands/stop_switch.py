"""`manage.py stop_switch engage | release | list`: let nothing more begin to leave, and let it go on."""

import json
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from tiktok_ops.accounts.models import Brand, TikTokAccount, User, Workspace
from tiktok_ops.cells import visible
from tiktok_ops.commands import SentenceCommand
from workflows.models import StopSwitch
from workflows.stop_switch import StopRefused, Target, engage, release, sentence_of

ACTOR = "manage.py stop_switch"
MOST_LISTED = 200


class Command(SentenceCommand):
    """Engages, releases and shows stop switches; whoever may run this already holds the database."""

    help = (
        "Stop everything, a workspace, a brand, an account or a workflow; release it; show what is stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the three things the command does."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="engage | release | list")
        engage_it = actions.add_parser("engage", help="stop something")
        engage_it.add_argument("--everything", action="store_true", help="all workspaces")
        engage_it.add_argument("--workspace", metavar="SLUG", help="it, or where the rest is to be found")
        engage_it.add_argument("--brand", metavar="NAME")
        engage_it.add_argument("--account", metavar="HANDLE")
        engage_it.add_argument("--workflow", metavar="SLUG", default="", help="in --workspace, or everywhere")
        engage_it.add_argument("--reason", required=True, help="everybody it concerns reads it")
        release_it = actions.add_parser("release", help="let it go on")
        release_it.add_argument("id", help="as `stop_switch list` shows it")
        shown = actions.add_parser("list", help="show what is stopped")
        shown.add_argument("--all", action="store_true", help="also what was released")
        for one in (engage_it, release_it):
            one.add_argument("--as", dest="username", metavar="USER", help="who it is, by their own rights")
        for one in (engage_it, release_it, shown):
            one.add_argument("--json", action="store_true", help="print as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked, and show the switches it was about."""
        stops = self._stops(options)
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(stop) for stop in stops], indent=2))
            return
        for stop in stops:
            self.stdout.write(_line(stop))
        if not stops:
            self.stdout.write("Nothing is stopped.")

    def _stops(self, options: dict[str, Any]) -> list[StopSwitch]:
        match options["action"]:
            case "engage":
                by = _actor(options["username"])
                return [engage(target=_target(options), reason=options["reason"], by=by)]
            case "release":
                return [release(stop_id=_stop_id(options["id"]), by=_actor(options["username"]))]
        stops = StopSwitch.objects.select_related("workspace", "brand__workspace", "account__workspace")
        return list((stops if options["all"] else stops.engaged())[:MOST_LISTED])


def _target(options: dict[str, Any]) -> Target:
    """Return what was named; raises `StopRefused` unless it is one thing, and there is such a thing."""
    parts = [name for name in ("everything", "brand", "account", "workflow") if options[name]]
    if len(parts) > 1 or (options["everything"] and options["workspace"]):
        raise StopRefused(
            "Name one thing to stop: --everything, --workspace, --brand, --account or --workflow."
        )
    workspace = _workspace(options["workspace"])
    if parts == ["brand"]:
        return Target(brand=_brand(options["brand"], workspace))
    if parts == ["account"]:
        accounts = TikTokAccount.objects.all()
        found = accounts.filter(workspace=workspace) if workspace else accounts
        return Target(account=found.with_handle(options["account"]))
    if not parts and workspace is None:
        raise StopRefused("Nothing is named to stop: to stop everything, say --everything.")
    return Target(workspace=workspace, workflow=options["workflow"])


def _workspace(slug: str | None) -> Workspace | None:
    if slug is None:
        return None
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise StopRefused(f"There is no workspace {slug!r}: the page of workspaces shows their slugs.")
    return workspace


def _brand(name: str, workspace: Workspace | None) -> Brand:
    brands = Brand.objects.filter(name=name)
    found = list((brands.filter(workspace=workspace) if workspace else brands)[:2])
    if len(found) != 1:
        there = "more than one brand" if found else "no brand"
        raise StopRefused(f"There is {there} {name!r}: name it as its page does, with its --workspace.")
    return found[0]


def _stop_id(text: str) -> UUID:
    try:
        return StopSwitch.objects.values_list("id", flat=True).get(id=UUID(text))
    except (ValueError, StopSwitch.DoesNotExist):
        raise StopRefused(
            f"There is no stop switch {text!r}: `manage.py stop_switch list` shows their ids."
        ) from None


def _actor(username: str | None) -> User | str:
    if username is None:
        return ACTOR
    person = User.objects.filter(username=username).first()
    if person is None:
        raise StopRefused(f"There is no person {username!r}: name them as they sign in.")
    return person


def _line(stop: StopSwitch) -> str:
    if stop.released_at is None:
        return visible(f"{stop.id}  {sentence_of(stop)}")
    return visible(
        f"{stop.id}  {stop.what} was released at {stop.released_at:%Y-%m-%d %H:%M} UTC by {stop.released_by}."
    )


def _as_json(stop: StopSwitch) -> dict[str, Any]:
    return {
        "id": str(stop.id),
        "scope": stop.scope,
        "workspace": stop.workspace.slug if stop.workspace else None,
        "brand": stop.brand.name if stop.brand else None,
        "account": stop.account.handle if stop.account else None,
        "workflow": stop.workflow or None,
        "reason": stop.reason,
        "engaged_at": stop.engaged_at.isoformat(),
        "engaged_by": stop.engaged_by,
        "released_at": stop.released_at.isoformat() if stop.released_at else None,
        "released_by": stop.released_by or None,
    }
