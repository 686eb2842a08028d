"""Rooms that the tests of a module share."""

from copy import deepcopy

import pytest

from tests.unit.tiktok_ops.rest.rooms import Room, make_room


@pytest.fixture(scope="module")
def made_room(module_rows: None) -> Room:
    """Make a room once for the module: it is some hundred rows."""
    return make_room()


@pytest.fixture
def room(db: None, made_room: Room) -> Room:
    """Return our own workspace, as it was made."""
    return deepcopy(made_room)
