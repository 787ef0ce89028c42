"""A synced book, for every test that starts from one."""

import pytest

from tests.oracles.book_world import Desk


@pytest.fixture(scope="module")
def synced():
    """A snapshot walks the whole ring, which takes a while interpreted: one is enough."""
    desk = Desk()
    desk.snapshot()
    return desk.cell


@pytest.fixture
def desk(synced):
    """A book that has heard one snapshot."""
    return Desk(cell=synced.copy(), n=1)
