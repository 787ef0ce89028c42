"""What tests of whole runs may ask for."""

import pytest

from tests.oracles.floor import Floor


@pytest.fixture
def floor_of(broker, tmp_path):
    """Return what opens a floor; its processes are gone at the end."""
    floors: list[Floor] = []

    def opened(market, **more):
        floors.append(Floor(broker, tmp_path, market, **more))
        return floors[-1]

    yield opened
    for floor in floors:
        floor.close()
