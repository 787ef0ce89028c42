"""`phoenix reshard`: the symbols of stopped runs dealt anew, each to go on exactly where it was.

First the old runs are retired, so that nobody goes on with them; then the new directories are made aside;
then the old ones say where their symbols went; only then do the new ones get their names. Whenever it is
killed, the same command does what is left to do, and no symbol can ever go on in two places.
"""

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from configs.load import load, name_of
from configs.settings import Settings
from configs.shards import deal, share
from configs.write import resolved_yaml
from connectors.checkpoints import States, moved, read_states, stamp_of, write_states
from connectors.runs import CHECKPOINT, MOVED, claim, is_finished, next_directory, require_checkpoint
from connectors.stamp import leaves, told_apart
from connectors.switch import SWITCH, Wish, read_switch, write_switch
from flows.identity import code_digest
from operators.errors import CheckpointRefused, RunDirectoryError

OF_DESKS: Final = "phoenix."
"""How steps of a desk's graph begin."""
RETIRED: Final = f"{CHECKPOINT}.moved"
RUN_NAME: Final = "told_as.json"


class Old(NamedTuple):
    """A run whose symbols move."""

    path: Path
    settings: Settings
    symbols: list[str]


def reshard(runs: Sequence[Path], into: int) -> list[Path]:
    """Move the symbols of stopped runs, the whole of a configuration, into so many new ones.

    Raises:
        RunDirectoryError: one of them is no run that could go on, or still runs, or they are not the whole.
        CheckpointRefused: other code made them.
    """
    paths = list(dict.fromkeys(runs))
    for path in paths:
        if not (path / "config.yaml").is_file():
            raise RunDirectoryError(f"{path} holds no run")
    with _stopped(paths):
        planned = _planned(paths)
        if planned is None:
            olds = _whole(paths)
            planned = _targets(olds, into)
            _move(olds, planned)
        return _finish(paths, planned)


@contextmanager
def _stopped(paths: Sequence[Path]) -> Iterator[None]:
    with ExitStack() as held:
        for path in paths:
            held.callback(os.close, claim(path))
        yield


def _planned(paths: Sequence[Path]) -> list[Path] | None:
    """Return where the symbols of these very runs were about to go when a command like this was killed."""
    told = [json.loads((path / MOVED).read_text()) for path in paths if (path / MOVED).is_file()]
    if not told:
        return None
    whence, targets = told[0]["from"], [Path(each) for each in told[0]["into"]]
    if set(whence) != {str(path.absolute()) for path in paths} or not any(map(_aside_exists, targets)):
        raise RunDirectoryError(f"symbols of {', '.join(whence)} went on in {', '.join(told[0]['into'])}")
    return targets


def _whole(paths: Sequence[Path]) -> list[Old]:
    """Return the runs; together they have to be a configuration, under the same settings."""
    olds = [_old(path) for path in paths]
    first, wanted = olds[0], set(olds[0].settings.symbols)
    for old in olds[1:]:
        there, here = (leaves(resolved_yaml(each.settings)) for each in (first, old))
        if differ := told_apart(there, here):
            text = f"{old.path} was begun with another {', '.join(differ[:3])} than {first.path}"
            raise RunDirectoryError(f"{text}: their symbols cannot share a run")
    held = [symbol for old in olds for symbol in old.symbols]
    twice = sorted({symbol for symbol in held if held.count(symbol) > 1})
    if twice:
        raise RunDirectoryError(f"{', '.join(twice)} stands in more than one of these runs")
    if missing := sorted(wanted - set(held)):
        raise RunDirectoryError(f"name all runs of the configuration: {', '.join(missing)} stands in none")
    return olds


def _old(path: Path) -> Old:
    if not (path / RETIRED).is_dir() or (path / CHECKPOINT).is_dir():
        require_checkpoint(path)
    settings = load(path / "config.yaml")
    return Old(path, settings, share(settings.run, settings.symbols))


def _targets(olds: Sequence[Old], into: int) -> list[Path]:
    """Name the new directories; they lie beside the first of the old ones."""
    settings, parent = olds[0].settings, olds[0].path.parent
    if not 1 <= into <= len(settings.symbols):
        raise RunDirectoryError(f"{len(settings.symbols)} symbols cannot be dealt to {into} shards")
    if all(is_finished(old.path) for old in olds):
        raise RunDirectoryError("these runs are finished: there is nothing to go on with")
    day = datetime.now(UTC).strftime("%Y%m%d")
    names = [name_of(settings.profile, _of_shard(settings, k, into).run) for k in range(1, into + 1)]
    return [next_directory(parent, day, name) for name in names]


def _of_shard(settings: Settings, k: int, n: int) -> Settings:
    own = settings.run.model_copy(update={"shard": f"{k}/{n}", "symbols": frozenset()})
    return replace(settings, run=own)


def _move(olds: Sequence[Old], targets: Sequence[Path]) -> None:
    kept: dict[Path, States] = {old.path: read_states(_store(old.path)) for old in olds}
    _require_ours(kept, code_digest(olds[0].settings.symbols.values()))
    for old in olds:
        _retire(old.path)
    of = {symbol: old for old in olds for symbol in old.symbols}
    hands = deal(olds[0].settings.symbols, len(targets))
    for k, (target, symbols) in enumerate(zip(targets, hands, strict=True), 1):
        settings = _of_shard(olds[0].settings, k, len(targets))
        _make(target, settings, {symbol: of[symbol].path for symbol in symbols})
        states = {symbol: kept[of[symbol].path].get(symbol, {}) for symbol in symbols}
        write_states(
            _aside(target) / CHECKPOINT, {symbol: moved(own, target) for symbol, own in states.items()}
        )
    os.sync()


def _require_ours(kept: Mapping[Path, States], code: str) -> None:
    """Refuse checkpoints of something else, and of other code."""
    for path, states in kept.items():
        for symbol in states.values():
            if not all(step.startswith(OF_DESKS) for step in symbol):
                raise RunDirectoryError(f"{path} holds no run of a desk")
            stamp = stamp_of(symbol)
            if stamp is not None and stamp[0] != code:
                raise CheckpointRefused("code version", code, stamp[0])


def _store(path: Path) -> Path:
    return path / (CHECKPOINT if (path / CHECKPOINT).is_dir() else RETIRED)


def _retire(path: Path) -> None:
    if (path / CHECKPOINT).is_dir():
        shutil.rmtree(path / RETIRED, ignore_errors=True)
        (path / CHECKPOINT).rename(path / RETIRED)


def _make(target: Path, settings: Settings, of: Mapping[str, Path]) -> None:
    """Lay out a run directory aside, with the parts of its symbols."""
    aside = _aside(target)
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for symbol, old in of.items():
        for part in old.glob(f"*/{symbol}.*"):
            (aside / part.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(part, aside / part.parent.name / part.name)
    (aside / "config.yaml").write_text(resolved_yaml(settings))
    first = next(iter(of.values()))
    if (first / "origin.json").is_file():
        _write(aside / "origin.json", _origin(json.loads((first / "origin.json").read_text()), settings))
    if names := {symbol: name for symbol, old in of.items() if (name := _name(old, symbol))}:
        _write(aside / RUN_NAME, {"run": uuid.uuid4().hex, "of": names})
    _switch(aside, of)


def _origin(told: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Tell of the same file, with the new share in place of the old one."""
    kept = [each for each in told["set"] if not each.startswith(("run.shard=", "run.symbols="))]
    return {**told, "set": [*kept, f"run.shard={settings.run.shard}", "run.symbols=[]"]}


def _name(old: Path, symbol: str) -> str | None:
    """Return the name that a symbol is told under, which it keeps."""
    if not (old / RUN_NAME).is_file():
        return None
    told = json.loads((old / RUN_NAME).read_text())
    return str(told.get("of", {}).get(symbol, told["run"]))


def _switch(aside: Path, of: Mapping[str, Path]) -> None:
    """Let what is halted stay halted."""
    said = {symbol: read_switch(old / SWITCH) for symbol, old in of.items()}
    wishes = {symbol: each.get(symbol) or each.get("*", Wish()) for symbol, each in said.items() if each}
    if wishes:
        write_switch(aside / SWITCH, {"*": Wish(), **wishes})


def _finish(paths: Sequence[Path], targets: Sequence[Path]) -> list[Path]:
    """Say in the old runs where their symbols went, then give the new ones their names."""
    for path in paths:
        both = {"from": paths, "into": targets}
        _write(path / MOVED, {word: [str(each.absolute()) for each in those] for word, those in both.items()})
    for target in filter(_aside_exists, targets):
        _name_it(target)
    return list(targets)


def _name_it(target: Path) -> None:
    _aside(target).rename(target)


def _aside(target: Path) -> Path:
    return target.with_name(f"{target.name}.new")


def _aside_exists(target: Path) -> bool:
    return _aside(target).is_dir()


def _write(path: Path, told: Mapping[str, Any]) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(told, indent=2) + "\n")
    new.replace(path)
