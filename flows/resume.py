"""Which run `--resume` goes on with, and under which settings."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from configs.load import home, load
from connectors.runs import is_finished, latest_unfinished, refuse_moved, require_checkpoint
from connectors.stamp import refuse_other_settings
from flows.market import Watched
from flows.program import Program
from flows.shares import require_same_share
from operators.errors import RunDirectoryError

DEFAULT: Final = Path("configs/phoenix.yaml")


class Resumed(NamedTuple):
    """A run that was begun, and how to load the settings that it goes on under."""

    out: Path
    config: Path
    changes: tuple[str, ...]
    watched: Watched | None = None
    """What it goes by from now on, where that is another file."""


def unfinished(config: Path | None, changes: Sequence[str], out: Path | None) -> Path | None:
    """Return the run in `out`, or else the profile's latest that can go on; nothing where there is none.

    Raises:
        ConfigError: `config` is no settings file.
        RunDirectoryError: its symbols went on in other runs.
    """
    if out is not None:
        return out if out.exists() else None
    place = home(config or DEFAULT, changes)[:2]
    try:
        return latest_unfinished(*place)
    except RunDirectoryError:
        refuse_moved(*place)
        return None


def find(config: Path | None, changes: Sequence[str], out: Path | None) -> Resumed:
    """Return the run in `out`, or else the profile's latest that can go on.

    Without `config` it goes on under its own settings, which `changes` are made to.

    Raises:
        ConfigError: `config`, or what the run began under, is no settings file.
        RunDirectoryError: there is no such run, or its checkpoint is damaged.
    """
    if out is None:
        out = latest_unfinished(*home(config or DEFAULT, changes)[:2])
    if not (out / "config.yaml").is_file():
        raise RunDirectoryError(f"{out} holds no run to resume")
    home(out / "config.yaml")
    if not is_finished(out):
        require_checkpoint(out)
    if config is None:
        return Resumed(out, out / "config.yaml", tuple(changes), _origin(out, changes))
    return Resumed(out, config, (*_recordings(out, config, changes), *changes))


def _origin(out: Path, changes: Sequence[str]) -> Watched | None:
    """The file that the run was begun with, if it is still there."""
    try:
        told = json.loads((out / "origin.json").read_text())
        config, overrides = Path(told["config"]), [str(each) for each in told["set"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Watched(config, (*overrides, *changes)) if config.is_file() else None


def _recordings(out: Path, config: Path, changes: Sequence[str]) -> list[str]:
    """Where a profile leaves the recordings to the command line, those of the run are meant."""
    if home(config, changes).names_recordings:
        return []
    source = yaml.safe_load((out / "config.yaml").read_text())["source"]
    return [f"source.path={json.dumps(source['path'])}"] if source["path"] else []


def require_same_settings(program: Program) -> None:
    """Refuse to resume under settings that could not have become those of the run while it went on.

    Raises:
        CheckpointRefused: a setting that orders depend on, and that changes only at a restart, differs, or
            it is another share of the symbols.
    """
    directory = program.shared.directory
    there = (directory.path / "config.yaml").read_text()
    refuse_other_settings(there, directory.texts["config.yaml"], directory.may_change)
    require_same_share(load(directory.path / "config.yaml"), program.settings)
