"""Who is in the tests of pages."""

import pytest

from tests.factories.pages import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()
