"""Who is in the tests of pages."""

from copy import deepcopy

import pytest

from tests.factories.pages import World, make_world


@pytest.fixture(scope="module")
def made_world(module_rows: None) -> World:
    """Make the world once for the module, and sign everybody in."""
    world = make_world()
    world.sign_in()
    return world


@pytest.fixture
def world(db: None, made_world: World) -> World:
    """Return a workspace with everybody in it, and strangers, as they were made."""
    return deepcopy(made_world)
