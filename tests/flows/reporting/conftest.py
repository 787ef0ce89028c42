import pytest

from tests.oracles.browser import Browser


@pytest.fixture(scope="session")
def browser():
    """One window for all tests of a process."""
    window = Browser()
    yield window
    window.close()
