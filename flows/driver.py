"""Run a program through one of the two drivers, and say what came of it."""

import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from connectors.controls import Controls
from connectors.equity import EquitySeries
from connectors.journal import Journal
from connectors.learnt import learnt
from connectors.playback import Playback
from connectors.runs import CHECKPOINT
from connectors.standing import Standing, broken, faults, summary
from connectors.timing import Times
from flows.beginning import say_start
from flows.program import Program
from flows.resume import require_same_settings
from flows.shards import alone
from operators.desk import Desk
from operators.errors import ConfigError, PhoenixError, RunDirectoryError
from operators.kernel import is_cold
from operators.measure import VpinMeasure

if TYPE_CHECKING:
    from bytewax.dataflow import Dataflow

    from flows.research import Logs, OnStretch

DRIVERS: Final = ("graph", "research")


def run(program: Program, driver: str, *, resume: bool = False) -> Path:
    """Run to the end, or to a signal; return the run directory.

    Raises:
        ConfigError: there is no such driver.
        RunDirectoryError: the directory holds a run, or another process runs one of the symbols.
        CheckpointRefused: resuming, the run began under other settings.
    """
    if driver not in DRIVERS:
        raise ConfigError([f"driver must be {' or '.join(DRIVERS)}, was {driver}"])
    program.shared.timing.driver = driver
    if driver == "research" and program.desks is not None:
        raise ConfigError(["driver research has its venue beside it: kafka.reports_topic must be null"])
    with alone(program):
        if driver == "research":
            run_research(program)
        else:
            run_graph(program, resume=resume)
    leave_report(program)
    return program.shared.directory.path


def leave_report(program: Program) -> None:
    """Write `report.html`, if it is wanted; without it, a run is a run all the same."""
    if not program.settings.run.report:
        return
    from flows.reporting.report import write_report  # noqa: PLC0415 - not before it is needed

    try:
        write_report(program.shared.directory.path)
    except PhoenixError as error:
        program.shared.console.say(f"No report was written: {error}")


def run_graph(program: Program, *, resume: bool) -> None:
    """Run the Bytewax graph with a checkpoint in the run directory."""
    from flows.phoenix import ready  # noqa: PLC0415 - the research driver does without Bytewax
    from flows.serving import served  # noqa: PLC0415 - only the graph serves metrics

    directory = program.shared.directory
    if resume:
        require_same_settings(program)
        directory.go_on()
    else:
        directory.require_vacant()
    with served(program):
        if not resume:
            open_store(directory.path)
            directory.make()
        try:
            drive(ready(program), directory.path, program.settings.run.checkpoint_every_s)
        finally:
            program.watcher.stop()


def drive(flow: "Dataflow", path: Path, every_s: float) -> None:
    """Run a dataflow with its checkpoints in a run directory."""
    from bytewax._bytewax import cli_main  # noqa: PLC0415 - the research driver does without Bytewax
    from bytewax.recovery import RecoveryConfig  # noqa: PLC0415 - the same

    recovery = RecoveryConfig(path / CHECKPOINT)
    cli_main(flow, epoch_interval=timedelta(seconds=every_s), recovery_config=recovery)


def open_store(path: Path) -> None:
    """Make an empty store for checkpoints, whole or not at all."""
    from bytewax.recovery import init_db_dir  # noqa: PLC0415 - the research driver does without Bytewax

    store, new = path / CHECKPOINT, path / f"{CHECKPOINT}.new"
    for remains in (store, new):
        shutil.rmtree(remains, ignore_errors=True)
    try:
        new.mkdir(parents=True)
    except OSError as error:
        raise RunDirectoryError(f"{path} cannot be made: {error.strerror}") from None
    init_db_dir(new, 1)
    new.rename(store)


def run_research(program: Program) -> None:
    """Run every symbol through the fused loop, one after the other, to the end or until told to stop."""
    directory, console, timing = program.shared.directory, program.shared.console, program.shared.timing
    directory.make()
    say_start(program)
    if is_cold():
        console.say("Compiling the rules; this happens once per change of a rule.")
    timing.begin()
    program.watcher.start()
    try:
        for symbol in directory.symbols:
            _run_symbol(program, symbol)
    finally:
        program.watcher.stop()
    with directory.writing():
        timing.write(directory.path)
    console.ended(stopped=directory.stopped)


def _run_symbol(program: Program, symbol: str) -> None:
    """Run one symbol through the fused loop, and leave its part of the logs and of the summary."""
    directory, console = program.shared.directory, program.shared.console
    journal, playback, equity = program.journal(symbol), program.playback(symbol), EquitySeries()
    controls = program.shared.controls(symbol)
    with directory.writing():
        journal.open()
    controls.open(directory.path)
    console.follows(symbol, controls.current)

    began = time.perf_counter_ns()
    write = _writer(program, journal, playback, equity)
    desk, ended = _play(program, symbol, playback, write, controls)
    _time(program.shared.timing.of(symbol), playback, time.perf_counter_ns() - began)
    standing, tally = _standing(desk), playback.tally() if ended else None
    playback.close()
    for error in broken(symbol, faults(standing, tally)):
        console.fault(error)
    with directory.writing():
        journal.sizes()
        journal.close()
        directory.finish(symbol, summary(journal, standing, equity, tally), stopped=not ended)


def _writer(program: Program, journal: Journal, playback: Playback, equity: EquitySeries) -> "OnStretch":
    def write(logs: "Logs") -> None:
        letters = playback.take_letters()
        with program.shared.directory.writing():
            journal.orders(logs.requests)
            journal.fills(logs.fill_rows, logs.fills)
            journal.transitions(logs.transitions)
            journal.samples(logs.samples)
            journal.letters(letters)
        equity.take(logs.samples)
        program.shared.console.letters(letters)

    return write


def _play(
    program: Program, symbol: str, playback: Playback, write: "OnStretch", controls: Controls
) -> tuple[Desk, bool]:
    from flows.research import run_frames, run_tape  # noqa: PLC0415 - they import every kernel

    measure, model, stops = program.measure(symbol), program.model(symbol), program.shared.stop.is_set
    if measure is None and model is None:
        return run_tape(playback, write, stops, controls)
    measure = measure or VpinMeasure(playback.rules.vpin)
    return run_frames(playback, measure, model, write, stops, controls)


def _standing(desk: Desk) -> Standing:
    def number(cell: object, name: str) -> int:
        return int(np.asarray(cell)[name][0])

    n_faults = number(desk.orders, "n_illegal") + number(desk.orders, "fault")
    cells = desk.orders, desk.risk, desk.ledger, desk.markouts, desk.kpis
    return Standing(
        b"".join(cell.tobytes() for cell in cells),
        number(desk.asmm, "n_pauses"),
        number(desk.book, "n_gaps"),
        number(desk.book, "n_crossed"),
        n_faults,
        number(desk.asmm, "n_alerts"),
        number(desk.kpis, "n_invalid_flag"),
        number(desk.book, "n_resyncs"),
        learnt(desk.asmm),
    )


def _time(times: Times, playback: Playback, ns: int) -> None:
    """The loop is compiled through and through: it knows the mean of its frames, and not the worst."""
    times.rows, times.total_ns = playback.n_rows, ns
    times.frames = int(playback.exchange.loop[0].number)
