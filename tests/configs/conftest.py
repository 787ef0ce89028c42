from pathlib import Path
from textwrap import dedent

import pytest

from configs.load import load
from operators.errors import ConfigError


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a settings file, called x.yaml from where the test stands."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        Path("x.yaml").write_text(dedent(text), encoding="utf-8")
        return Path("x.yaml")

    return write


@pytest.fixture
def loaded(written):
    """Load settings from a text."""

    def load_text(text, *overrides, **discovered):
        return load(written(text), overrides, **discovered)

    return load_text


@pytest.fixture
def problems(written):
    """Return everything that is wrong with a text."""

    def problems_of(text, *overrides, **discovered):
        with pytest.raises(ConfigError) as caught:
            load(written(text), overrides, **discovered)
        return caught.value.problems

    return problems_of
