"""The graph: `python -m bytewax.run flows.phoenix`, or `"flows.phoenix:flow('configs/replay.yaml')"`."""

import os
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow

from connectors.closed_loop import LoopSource, VenueSink
from flows.closing import show
from flows.exits import leave, run_by_bytewax
from flows.lift import AsmmStep, BookStep, PairStep, RiskStep, VpinStep, lift
from flows.market import Program, program
from flows.warm import warm
from operators.errors import PhoenixError

DEFAULT = "configs/phoenix.yaml"


def graph(program: Program) -> Dataflow:
    """Return the five steps between a source and the venue."""
    rules, shared = program.rules, program.shared
    flow = Dataflow("phoenix")
    frames = op.input("source", flow, LoopSource(shared, program.playback))
    tops = lift("book", frames, lambda symbol, state: BookStep(rules[symbol], state))
    readings = lift("vpin", frames, lambda symbol, state: VpinStep(rules[symbol], state))
    views = lift("pair", op.merge("branches", tops, readings), lambda _symbol, state: PairStep(state))
    quotes = lift("asmm", views, lambda symbol, state: AsmmStep(rules[symbol], state))
    answers = lift("risk", quotes, lambda symbol, state: RiskStep(rules[symbol], state))
    op.output("venue", answers, VenueSink(shared, program.journal))
    return flow


def ready(program: Program) -> Dataflow:
    """Return the graph with its rules loaded, which stops on signals; from now on the time counts."""
    program.say_notices()
    warm(next(iter(program.rules.values())))
    program.stop_on_signals()
    program.shared.timing.begin()
    return graph(program)


def flow(config: str | None = None, *overrides: str) -> Any:  # noqa: ANN401 - what Bytewax runs
    """Return the graph of a configuration: the one named, PHOENIX_CONFIG's, or the default profile.

    Raises:
        PhoenixError: it cannot run; under `python -m bytewax.run` the process ends with the sentence.
    """
    path = Path(config or os.environ.get("PHOENIX_CONFIG", DEFAULT))
    if not run_by_bytewax():
        return ready(program(path, overrides))
    try:
        made = program(path, overrides)
    except PhoenixError as error:
        leave(error)
    return ready(made.ending(leave, show))
