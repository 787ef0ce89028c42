"""Whole runs within one process, by either driver, from any source, with any number of workers."""

import gzip
import json
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml
from bytewax._bytewax import cli_main
from bytewax.recovery import RecoveryConfig

from connectors.open_loop import Framing, SignalSource
from connectors.playback import Playback
from connectors.rounds import LoopSource
from connectors.tape import Tally
from flows.driver import run
from flows.market import program
from flows.phoenix import graph
from flows.program import Program
from operators.rows import Rows
from tests.oracles.raw_market import SYMBOL, make_market, write_raw

ROOT = Path(__file__).resolve().parents[2]
PROFILE, REPLAY = ROOT / "configs" / "phoenix.yaml", ROOT / "configs" / "replay.yaml"
LOGS = ("orders.jsonl", "fills.jsonl", "dead_letters.jsonl", "summary.json")
QUIET = "run.progress=false"
UNREPORTED = "run.report=false"
"""Most tests look at something else; one that says otherwise is heard."""
PAUSES = ("vpin.threshold=0.3", "vpin.pause_threshold=0.36", "vpin.pause_seconds=0.3")
SOON = ("calibration.warm_s=1", "calibration.refit_s=0.5", "calibration.min_r2=0.1")
"""Quoting follows what is learnt within seconds."""
LIVELY = (QUIET, *SOON, "vpin.n_buckets=4", "vpin.min_buckets=2", *PAUSES, "quoting.decide=every_message")
"""Every rule has something to say within seconds."""


def made(out: Path, *overrides: str, config: Path = PROFILE) -> Program:
    """Return a run that is ready to begin."""
    return program(config, (UNREPORTED, *overrides), out)


def lively(*symbols: str, seconds: float, clock: bool = False) -> tuple[str, ...]:
    """Return what makes a short synthetic market of some of the default symbols worth watching."""
    listed = yaml.safe_load(PROFILE.read_text())["symbols"]
    few = {
        symbol: listed[symbol] | {"vpin": {"bucket_size": 20_000 + 5000 * n}}
        for n, symbol in enumerate(symbols)
    }
    decide = ("quoting.decide=clock",) if clock else ()
    return (*LIVELY, *decide, f"source.duration_s={seconds}", f"symbols={json.dumps(few)}")


def fused(job: Program) -> Path:
    """Run by the fused driver."""
    return run(job, "research")


def graphed(
    job: Program,
    source: object = None,
    workers: int = 1,
    every_s: float = 10,
    store: Path | None = None,
) -> Path:
    """Run the graph."""
    recovery = None if store is None else RecoveryConfig(store)
    if (job.shared.directory.path / "config.yaml").exists():
        job.shared.directory.adopt(job.shared.directory.path)
    cli_main(
        graph(job, source),  # type: ignore[arg-type]
        workers_per_process=workers,
        epoch_interval=timedelta(seconds=every_s),
        recovery_config=recovery,
    )
    return job.shared.directory.path


def logs(out: Path, names: Sequence[str] = LOGS) -> dict[str, bytes]:
    """Return what a run left behind, with every symbol's samples."""
    samples = {path.name: path.read_bytes() for path in sorted((out / "samples").iterdir())}
    return samples | {name: (out / name).read_bytes() for name in names}


def lines(path: Path) -> list[dict[str, Any]]:
    """Return a log's objects."""
    return [json.loads(line) for line in path.read_text().splitlines()]


class Eavesdropper(Playback):
    """Keeps all that reached us, the venue's reports included."""

    heard: dict[str, list[Rows]]

    def play(self, requests: Rows) -> Rows | None:
        rows = super().play(requests)
        if rows is not None:
            self.heard.setdefault(self.tape.symbol, []).append(rows.copy())
        return rows


def overheard(job: Program, seen: dict[str, list[Rows]]) -> Callable[[str], Playback]:
    """Return what makes each symbol's playback, with an ear at it."""

    def playback(symbol: str) -> Playback:
        plain = job.playback(symbol)
        ear = Eavesdropper(plain.tape, plain.rules, plain.exchange)
        ear.heard = seen
        return ear

    return playback


def eavesdrop(job: Program) -> dict[str, list[Rows]]:
    """Run in closed loop; return all that each symbol's desk was told, round by round."""
    seen: dict[str, list[Rows]] = {}
    graphed(job, LoopSource(job.shared, overheard(job, seen)))
    return seen


class Kept:
    """Rows that were kept, told once more."""

    def __init__(self, stretches: Sequence[Rows], counted: dict[str, int]) -> None:
        self.stretches, self.counted, self.n = stretches, counted, 0

    def play(self, _requests: Rows) -> Rows | None:
        self.n += 1
        return self.stretches[self.n - 1] if self.n <= len(self.stretches) else None

    def take_letters(self) -> tuple[()]:
        return ()

    def tally(self) -> Tally:
        return Tally(self.counted, 0)

    def snapshot(self) -> tuple[object, ...]:
        return (self.n,)

    def restore(self, state: tuple[object, ...]) -> None:
        self.n = int(str(state[0]))

    def close(self) -> None:
        pass


def retold(job: Program, seen: dict[str, list[Rows]], framing: Framing, run: Path) -> SignalSource:
    """Return a source that tells again what was overheard, and what that run had counted of its market."""
    figures = json.loads((run / "summary.json").read_bytes())["symbols"]
    return SignalSource(job.shared, lambda symbol: Kept(seen[symbol], figures[symbol]["source"]), framing)


def random_cut(seed: int, lengths: Sequence[int] = (1, 1, 2, 3, 7, 40, 300)) -> Callable[[int], int]:
    """Return a cut into frames of very different lengths, the same for the same seed."""
    return lambda number: random.Random(f"{seed} {number}").choice(lengths)


def whole_stretches(_number: int) -> int:
    return 0


def single_rows(_number: int) -> int:
    return 1


def windowed(job: Program, window_ns: int) -> Program:
    """Let a run's windows be this long; 0 is as long as is safe."""
    for rules in job.rules.values():
        rules.loop[0].window_ns = window_ns
    return job


def capture(path: Path, n_diffs: int = 300, seed: int = 3, packed: bool = True) -> Path:
    """Write a recording of a made-up symbol."""
    return write_raw(path, make_market(seed=seed, n_diffs=n_diffs, keep_truth=False).sent, packed)


def replaying(path: Path, *more: str) -> tuple[str, ...]:
    """Return what makes the replay profile trade the made-up symbol."""
    grid = {SYMBOL: {"instrument": {"tick": "0.1", "lot": "0.001"}}}
    quoting = ("quoting.order_lots=7", "quoting.max_inventory_lots=70", "quoting.min_half_spread_bps=8")
    toxic = ("vpin.bucket_size=2", "vpin.n_buckets=10")
    fixed = ("quoting.model=fixed", "quoting.skew_ticks_per_lot=0.05")
    return (QUIET, f"source.path={path}", f"symbols={json.dumps(grid)}", *quoting, *toxic, *fixed, *more)


def prefix(capture: Path, path: Path, n_lines: int) -> Path:
    """Write the first lines of a gzipped capture to a file of their own."""
    with gzip.open(capture) as file:
        path.write_bytes(b"".join(islice(file, n_lines)))
    return path


def first_rows(folder: Path, made: Path, seconds: float) -> Path:
    """Write the beginning of recorded tables to a folder of their own, under the same name."""
    copy = made / folder.name
    copy.mkdir()
    tables = {file.name: pq.read_table(file) for file in sorted(folder.glob("*.parquet"))}
    until = min(pc.min(table["recv_ns"]).as_py() for table in tables.values()) + int(seconds * 1e9)
    for name, table in tables.items():
        pq.write_table(table.filter(pc.field("recv_ns") < until), copy / name)
    return copy
