"""Which profile a flow runs: the one that is named, PHOENIX_CONFIG's, or the default."""

import pytest

from flows import phoenix
from tests.oracles.runs import PROFILE


@pytest.fixture
def loaded(monkeypatch, tmp_path):
    """Return what `flow` was given to run, without running it."""
    (tmp_path / "quiet.yaml").write_text(PROFILE.read_text())
    (tmp_path / "loud.yaml").write_text(PROFILE.read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(phoenix, "ready", lambda made, *_: made.settings.profile)
    return tmp_path


def test_a_named_profile_comes_before_the_environments_and_that_before_the_default(loaded, monkeypatch):
    monkeypatch.setattr(phoenix, "DEFAULT", str(PROFILE))
    monkeypatch.delenv("PHOENIX_CONFIG", raising=False)
    assert phoenix.flow() == "phoenix"
    monkeypatch.setenv("PHOENIX_CONFIG", "quiet.yaml")
    assert phoenix.flow() == "quiet"
    assert phoenix.flow("loud.yaml") == "loud"


def test_overrides_follow_the_profile(loaded, monkeypatch):
    monkeypatch.setattr(phoenix, "ready", lambda made, *_: made.settings.source.seed)
    assert phoenix.flow("loud.yaml", "source.seed=11") == 11
