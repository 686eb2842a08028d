"""A made world as brands and accounts of a workspace of ours, and whether agents see what is so in it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from agents.contract import AgentContext, BrandVoice
from agents.sandbox.world.build import build_world
from agents.sandbox.world.model import World, WorldAccount, WorldBrand
from agents.sandbox.world.planting import Planted, plant_world
from agents.sandbox.world.seclusion import planted_for_now, secluded
from agents.sync.parts import sync_part
from agents.truth import Truth, check_world
from tiktok_ops.accounts.models import Brand, TikTokAccount, Workspace
from tiktok_ops.audit.services import record

NO_DATA = "no.data"
MARK_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def settle_world(world: World, *, workspace: Workspace, by: str) -> dict[str, TikTokAccount]:
    """Make the world's brands and accounts in the workspace where they are missing; return the accounts by handle."""
    accounts: dict[str, TikTokAccount] = {}
    with transaction.atomic():
        for made in world.brands:
            brand, is_new = Brand.objects.get_or_create(
                workspace=workspace,
                name=made.name,
                defaults={
                    "voice": made.voice,
                    "guidelines": made.guidelines,
                    "banned_claims": list(made.banned_claims),
                },
            )
            if is_new:
                record("brand.created", by=by, subject=brand, workspace_id=workspace.id)
            for each in made.accounts:
                accounts[each.handle] = _account(workspace, brand, each, by=by)
    return accounts


def _account(workspace: Workspace, brand: Brand, made: WorldAccount, *, by: str) -> TikTokAccount:
    account, is_new = TikTokAccount.objects.get_or_create(
        workspace=workspace,
        handle=made.handle,
        defaults={
            "brand": brand,
            "locale": made.locale,
            "time_zone": made.time_zone,
            "delivery": TikTokAccount.Delivery.DIRECT,
        },
    )
    if is_new:
        record("account.created", by=by, subject=account, workspace_id=workspace.id)
    return account


def plant_and_settle(seed: int, *, workspace: Workspace, by: str) -> tuple[World, Planted]:
    """Put the world of a seed into the sandbox, as it is at this hour, and its accounts into the workspace."""
    world = build_world(seed)
    planted = plant_world(world)
    settle_world(world, workspace=workspace, by=by)
    return world, planted


def sync_account_now(account_id: UUID) -> None:
    """Take in every part of what TikTok says of the account. Raises the errors of `sync_part`."""
    sync_part("all", account_id=account_id)


def try_truth(seed: int) -> Truth:
    """Have agents look at the world of a seed, taken in from the sandbox, and hold what they say against it.

    Whatever that writes is rolled back, and the world is taken out of the sandbox again: accounts and worlds of
    others stay as they are. What trends is the same for everybody in the sandbox, so that two who do this at once
    wait for each other. To be called outside of a transaction. Raises what agents and providers raise.
    """
    world = secluded(build_world(seed), "".join(secrets.choice(MARK_LETTERS) for _ in range(3)))
    with _alone(), planted_for_now(world), transaction.atomic():
        workspace = Workspace.objects.create(name="Truth", slug=f"truth-{secrets.token_hex(6)}")
        accounts = settle_world(world, workspace=workspace, by="truth")
        for account in accounts.values():
            sync_account_now(account.id)
        contexts = _contexts(world, accounts) | _without_data(world, workspace)
        truth = check_world(world, contexts)
        transaction.set_rollback(True)
    return truth


@contextmanager
def _alone() -> Iterator[None]:
    """Be the only one for the block who has put a world up for a moment; a lock of this session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('world for a moment', 0))")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended('world for a moment', 0))")


def _contexts(world: World, accounts: dict[str, TikTokAccount]) -> dict[str, AgentContext]:
    """Return for whom agents work, by handle; "now" is when the world was drawn."""
    return {
        made.handle: AgentContext(
            accounts[made.handle].id, made.handle, world.as_of, made.locale, _voice(brand)
        )
        for brand in world.brands
        for made in brand.accounts
    }


def _without_data(world: World, workspace: Workspace) -> dict[str, AgentContext]:
    """Return an account of which nothing is known: agents have nothing to claim of it."""
    account = TikTokAccount.objects.create(workspace=workspace, handle=NO_DATA)
    return {NO_DATA: AgentContext(account.id, NO_DATA, world.as_of)}


def _voice(brand: WorldBrand) -> BrandVoice:
    return BrandVoice(brand.name, brand.voice, brand.guidelines, brand.banned_claims)
