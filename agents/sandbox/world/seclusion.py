"""A made world apart from any other: under handles and in a country nobody else has, and gone again afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.db import transaction

from agents.sandbox.tiktok.ids import creator_open_id_of
from agents.sandbox.tiktok.records import Kind
from agents.sandbox.world.model import World, WorldAccount
from agents.sandbox.world.planting import plant_world
from agents.sandbox_models import SandboxCreator, SandboxRecord

NOWHERE = "QZ"
"""A country code ISO 3166-1 leaves to whoever needs one."""


def secluded(world: World, mark: str) -> World:
    """Return the world with `mark` (3 letters or digits) behind each handle, and all of it in a country of its own."""

    def apart(account: WorldAccount) -> WorldAccount:
        language = account.locale.partition("-")[0]
        return replace(account, handle=f"{account.handle}.{mark}", locale=f"{language}-{NOWHERE}")

    return replace(
        world,
        brands=tuple(replace(brand, accounts=tuple(map(apart, brand.accounts))) for brand in world.brands),
        creators=tuple(
            replace(creator, handle=f"{creator.handle}.{mark}", country=NOWHERE) for creator in world.creators
        ),
        facts=tuple(replace(fact, handle=f"{fact.handle}.{mark}") for fact in world.facts),
    )


@contextmanager
def planted_for_now(world: World) -> Iterator[None]:
    """Have the world in the sandbox for the block; its ledger keeps what was asked meanwhile."""
    try:
        plant_world(world, grows=False)
        yield
    finally:
        _take_out(world)


def _take_out(world: World) -> None:
    handles = [account.handle for account in world.accounts]
    creators = [creator_open_id_of(creator.handle) for creator in world.creators]
    with transaction.atomic():
        SandboxRecord.objects.filter(owner__in=handles).delete()
        SandboxRecord.objects.filter(kind=Kind.HASHTAG, owner=NOWHERE).delete()
        SandboxRecord.objects.filter(kind=Kind.CREATOR, key__in=creators).delete()
        SandboxCreator.objects.filter(username__in=handles, posts=None).delete()
