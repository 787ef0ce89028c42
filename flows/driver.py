"""Run a program through one of the two drivers, and say what came of it."""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np

from connectors.report import Standing, summary
from flows.market import Program
from operators.errors import RunDirectoryError
from operators.kernel import Table, is_cold
from operators.ledger import Fill
from operators.rows import Rows

CHECKPOINT = "checkpoint"


def run(program: Program, driver: str, *, resume: bool = False) -> Path:
    """Run to the end, or to a signal; return the run directory.

    Raises:
        RunDirectoryError: the directory holds a run, or (resuming) none that can go on.
    """
    if is_cold():
        sys.stderr.write("Compiling the rules; this happens once per change of a rule.\n")
    began = time.perf_counter()
    if driver == "research":
        run_research(program)
    else:
        run_graph(program, resume=resume)
    directory = program.shared.directory.path
    timing = {"wall_s": round(time.perf_counter() - began, 3), "driver": driver}
    (directory / "timing.json").write_text(json.dumps(timing, indent=2) + "\n")
    return directory


def run_graph(program: Program, *, resume: bool) -> None:
    """Run the Bytewax graph with a checkpoint in the run directory."""
    from bytewax._bytewax import cli_main  # noqa: PLC0415 - the research driver does without Bytewax
    from bytewax.recovery import RecoveryConfig, init_db_dir  # noqa: PLC0415 - the same

    from flows.phoenix import graph  # noqa: PLC0415 - the same

    directory = program.shared.directory
    store = directory.path / CHECKPOINT
    if resume:
        if not store.is_dir():
            raise RunDirectoryError(f"{directory.path} holds no checkpoint to resume from")
        directory.adopt(directory.path)
    else:
        directory.make()
        store.mkdir()
        init_db_dir(store, 1)
    program.stop_on_signals()
    every = timedelta(seconds=program.settings.run.checkpoint_every_s)
    cli_main(graph(program), epoch_interval=every, recovery_config=RecoveryConfig(store))


def run_research(program: Program) -> None:
    """Run every symbol through the fused loop, one after the other."""
    from flows.research import run_tape  # noqa: PLC0415 - it imports every kernel

    directory = program.shared.directory
    directory.make()
    for symbol in directory.symbols:
        journal, playback = program.journal(symbol), program.playback(symbol)
        journal.open()

        def write(requests: Rows, rows: Rows, fills: Table[Fill]) -> None:
            journal.orders(requests)  # noqa: B023 - called within this turn of the loop
            journal.fills(rows, fills)  # noqa: B023 - the same
            journal.letters(playback.take_letters())  # noqa: B023 - the same

        desk = run_tape(playback, write)
        standing = Standing(desk.ledger, desk.orders, int(np.asarray(desk.asmm)["n_pauses"][0]))
        journal.sizes()
        journal.close()
        directory.finish(symbol, summary(journal, standing))
