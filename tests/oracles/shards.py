"""Shards of a small market: as runs within this process, and as processes that can be killed."""

from collections.abc import Iterable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from flows.driver import run
from tests.oracles.nursery import CONTEXT
from tests.oracles.runs import made

PATIENCE_S = 300
PARTS = ("orders", "fills", "samples", "transitions", "control")


def parts(runs: Iterable[Path], names: Iterable[str] = PARTS) -> dict[tuple[str, str], bytes]:
    """Return what runs wrote of each symbol; no symbol may stand in two of them."""
    found: dict[tuple[str, str], bytes] = {}
    for out in runs:
        for name in names:
            for path in sorted((out / name).iterdir()):
                if name == "control" and not path.stat().st_size:
                    continue
                assert (name, path.stem) not in found
                found[name, path.stem] = path.read_bytes()
    return found


def trade(out: Path, options: tuple[str, ...], resume: bool) -> None:
    """Run the graph with its own checkpoints, to its end."""
    run(made(out, "run.checkpoint_every_s=0.05", *options), "graph", resume=resume)


def begin(out: Path, options: tuple[str, ...], *, resume: bool = False) -> ForkServerProcess:
    """Begin a shard, or go on with it, in a process that no failed test leaves behind."""
    process = CONTEXT.Process(target=trade, args=(out, options, resume), daemon=True)
    process.start()
    return process


def finish(out: Path, options: tuple[str, ...], *, resume: bool = False) -> Path:
    """Run a shard to its end."""
    process = begin(out, options, resume=resume)
    process.join(PATIENCE_S)
    ended = process.exitcode
    process.kill()
    assert ended == 0
    return out
