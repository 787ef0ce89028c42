"""What every test may ask for."""

import os
import signal

# Out of bounds is silent in compiled code, and Numba reads this only when it is first imported.
# The Makefile sets it too, for doctests that are collected without this file.
os.environ.setdefault("NUMBA_BOUNDSCHECK", "1")

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

ROOT = Path(__file__).resolve().parent.parent

# The same examples every time: a failure can be repeated, and the first call of a rule may compile it.
settings.register_profile("phoenix", derandomize=True, deadline=None, database=None)
settings.load_profile("phoenix")
set_hypothesis_home_dir(ROOT / ".cache/hypothesis")


def pytest_collection_modifyitems(items):
    """Leave what takes minutes to those who have them."""
    if not (os.environ.get("CI") or os.environ.get("PHOENIX_LONG")):
        skip = pytest.mark.skip(reason="takes minutes: PHOENIX_LONG=1 or .ci/run has it run")
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of recorded market data, or skip the test where there is none."""
    folder = Path(os.environ.get("PHOENIX_DATA") or ROOT / "../shared/data").resolve()
    if not folder.is_dir():
        pytest.skip(f"no recorded market data: {folder} is not a folder (PHOENIX_DATA names another)")
    return folder


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """Return a real Apache Kafka, one for all tests of a run, or what stands in where there is none."""
    from tests.oracles.broker import Broker, NoBroker, shared_broker  # noqa: PLC0415 - few tests need it
    from tests.oracles.mock_broker import Mock  # noqa: PLC0415 - the same

    base = tmp_path_factory.getbasetemp()
    try:
        return Broker(shared_broker(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base))
    except NoBroker as missing:
        reason = str(missing)
    try:
        made = Mock()
    except NoBroker as missing:
        pytest.skip(f"{reason}; {missing}")
    made.reason = reason
    return made


@pytest.fixture
def mortal(tmp_path):
    """Return a real broker of this test alone, to be killed and started again."""
    from tests.oracles.broker import NoBroker  # noqa: PLC0415 - few tests need it
    from tests.oracles.mortal import Mortal  # noqa: PLC0415 - the same

    try:
        broker = Mortal(tmp_path / "broker")
    except NoBroker as missing:
        pytest.skip(str(missing))
    yield broker
    broker.kill(signal.SIGKILL)


@pytest.fixture
def real_broker(broker):
    """Return a broker that is real, or skip what wants more of one than the mock cluster gives."""
    if not broker.is_real:
        pytest.skip(f"needs a real broker: {broker.reason}")
    return broker
