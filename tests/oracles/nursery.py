"""Whole runs as processes of their own, to be killed; forked where everything is loaded already.

The server that forks imports `tests.oracles.warm`, which loads every rule by playing a moment of a
market through it, without starting the engine: a fork would leave its threads behind.
"""

import multiprocessing
import tempfile
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from connectors.shared import Frame
from flows.steps import AsmmStep, BookStep, RiskStep, VpinStep
from operators.rows import Row
from tests.oracles.runs import fused, graphed, lively, made

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.oracles.warm"])


def trade(out: Path, options: tuple[str, ...], config: Path, workers: int, store: Path) -> None:
    """Run the graph to its end, committing thirty times a second; go on in what stands there."""
    graphed(made(out, *options, config=config), workers=workers, every_s=0.03, store=store)


def start(out: Path, options: tuple[str, ...], config: Path, workers: int, store: Path) -> ForkServerProcess:
    """Begin or go on with a run, in a process."""
    process = CONTEXT.Process(target=trade, args=(out, options, config, workers, store), daemon=True)
    process.start()
    return process


def load_every_rule() -> None:
    """Call each kernel once."""
    with tempfile.TemporaryDirectory() as folder:
        job = made(Path(folder) / "run", *lively("BTCUSDC", seconds=1))
        fused(job)
        rules, playback = job.rules["BTCUSDC"], job.playback("BTCUSDC")
        rows = playback.play(Row.table(0))
        assert rows is not None
        frame = Frame(1, rows, ())
        asmm = AsmmStep(rules, None)
        asmm.take(BookStep(rules, None).take(frame))
        view = asmm.take(VpinStep(rules, None).take(frame))
        assert view is not None
        RiskStep(rules, None).take(view)
