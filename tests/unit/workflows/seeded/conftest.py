"""A made world in the sandbox, with its accounts settled, for the workflows that are shipped."""

from pathlib import Path
from typing import Any

import pytest

from agents.sandbox.world.build import build_world
from agents.sandbox.world.model import World
from agents.sandbox.world.planting import plant_world
from agents.worlds import settle_world
from tests.factories.accounts import WorkspaceFactory
from tests.factories.posting import providers
from tiktok_ops.accounts.models import TikTokAccount

SEED = 3


@pytest.fixture(scope="module")
def world(module_db: str) -> World:
    """Plant a world once; each workflow works on a brand of its own."""
    world = build_world(SEED)
    plant_world(world, grows=False)
    return world


@pytest.fixture(scope="module")
def accounts(world: World) -> dict[str, TikTokAccount]:
    return settle_world(world, workspace=WorkspaceFactory.create(), by="a test")


@pytest.fixture(autouse=True)
def tiktok_at_once(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    made = providers()
    studio = made["studio"]["OPTIONS"] | {"faults": {"make_seconds": 0}}
    settings.PROVIDERS = made | {"studio": made["studio"] | {"OPTIONS": studio}}
