"""Who and what is in the demo workspace; made once, left alone when it is there."""

import secrets
from collections.abc import Mapping
from contextlib import suppress

from django.conf import settings
from django.db import transaction

from tiktok_ops.accounts.models import Brand, Membership, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.services import record
from tiktok_ops.env import VAR_DIR
from tiktok_ops.errors import Refused

SLUG = "demo"
HANDLE = "lumen.lamps"
PASSWORD_FILE = VAR_DIR / "demo_password"


class NotForHere(Refused):
    """The demo workspace is not for production: its people share a password."""


PEOPLE = {
    "olivia": Role.OWNER,
    "oscar": Role.OPERATOR,
    "ana": Role.APPROVER,
    "finn": Role.FINANCE,
    "audra": Role.AUDITOR,
    "vera": Role.VIEWER,
}

LUMEN = {
    "name": "Lumen",
    "voice": "Warm, dry humour, short sentences. Speaks to people who furnish their first flat.",
    "guidelines": "Name the lamp once. Show it switched on. Mark every paid partnership.",
    "banned_claims": ["saves 90% energy", "lasts forever", "doctor recommended"],
}
TERRA = {
    "name": "Terra Teas",
    "voice": "Calm and exact; loves origin and craft.",
    "guidelines": "No health promises. Prices in the account's own currency.",
    "banned_claims": ["cures", "burns fat", "detox"],
}


def demo_password() -> str:
    """Return the demo people's password: made once for this checkout, readable by its owner only."""
    with suppress(FileNotFoundError):
        return PASSWORD_FILE.read_text()
    password = secrets.token_urlsafe(9)
    PASSWORD_FILE.parent.mkdir(exist_ok=True)
    PASSWORD_FILE.touch(mode=0o600)
    PASSWORD_FILE.write_text(password)
    return password


def make_world() -> Workspace:
    """Make the demo workspace with a person for each role, two brands and three accounts, where missing.

    Raises `NotForHere` in production, and where a person of that name belongs to somebody else.
    """
    if settings.ENV.is_production:
        raise NotForHere
    with transaction.atomic():
        workspace, is_new = Workspace.objects.get_or_create(slug=SLUG, defaults={"name": "Demo team"})
        _make_people(workspace)
        lumen = _brand(workspace, LUMEN)
        terra = _brand(workspace, TERRA)
        _account(workspace, lumen, HANDLE, time_zone="Europe/Berlin")
        # What the demo posts, it posts itself; whoever changed that may have wanted to see the other way.
        workspace.accounts.filter(handle=HANDLE).update(delivery=TikTokAccount.Delivery.DIRECT)
        _account(workspace, terra, "terra.teas", time_zone="Europe/London")
        _account(workspace, None, "rival.glow", ownership=TikTokAccount.Ownership.THIRD_PARTY)
        if is_new:
            record("workspace.created", by="demo", subject=workspace, workspace_id=workspace.id)
    return workspace


def _make_people(workspace: Workspace) -> None:
    """Make a person for each role; all share the demo password."""
    password = demo_password()
    for username, role in PEOPLE.items():
        person, is_new = User.objects.get_or_create(
            username=username, defaults={"first_name": username.title(), "is_staff": True}
        )
        if not is_new and not _is_of_the_demo(person, workspace):
            raise NotForHere(
                f"There is a person {username!r} who is not of the demo: rename them, or use another database."
            )
        if is_new or not person.check_password(password):
            person.set_password(password)
            person.save(update_fields=["password"])
        Membership.objects.get_or_create(workspace=workspace, user=person, role=role)


def _is_of_the_demo(person: User, workspace: Workspace) -> bool:
    """Return whether the person is one the demo made: no superuser, and at home in the demo workspace only."""
    homes = set(person.memberships.values_list("workspace_id", flat=True))
    return not person.is_superuser and homes == {workspace.id}


def _brand(workspace: Workspace, values: Mapping[str, object]) -> Brand:
    brand, _ = Brand.objects.get_or_create(workspace=workspace, name=values["name"], defaults=values)
    return brand


def _account(workspace: Workspace, brand: Brand | None, handle: str, **values: str) -> None:
    TikTokAccount.objects.get_or_create(
        workspace=workspace, handle=handle, defaults={"brand": brand, **values}
    )
