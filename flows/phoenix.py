"""The graph: `python -m bytewax.run flows.phoenix`, or `"flows.phoenix:flow('configs/replay.yaml')"`.

`"flows.phoenix:signals('configs/replay.yaml')"` is the same graph at a market in which nobody answers.
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import Sink

from connectors.answers import VenueSink
from connectors.open_loop import SignalSource
from connectors.rounds import LoopSource
from flows.beginning import say_active, say_start
from flows.closing import show
from flows.driver import leave_report
from flows.exits import leave, run_by_bytewax
from flows.lift import lift
from flows.market import program
from flows.program import Program
from flows.serving import serve
from flows.shards import alone
from flows.steps import AsmmStep, BookStep, RiskStep, VpinStep
from flows.told_bytewax import refuse_cluster, require_own_store
from flows.warm import warm
from operators.errors import PhoenixError

DEFAULT = "configs/phoenix.yaml"
ALONE = ExitStack()
"""What `python -m bytewax.run` holds until its process ends."""


def graph(program: Program, source: Source[Any] | None = None, sink: Sink[Any] | None = None) -> Dataflow:
    """Return the five steps between a source and a sink: by default the venue is behind both."""
    rules, measure, model, shared = program.rules, program.measure, program.model, program.shared
    flow = Dataflow("phoenix")
    frames = op.input("source", flow, source or source_of(program))
    tops = lift("book", frames, lambda symbol, state: BookStep(rules[symbol], state))
    readings = lift("vpin", frames, lambda symbol, state: VpinStep(rules[symbol], state, measure(symbol)))
    views = op.merge("branches", tops, readings)
    quotes = lift("asmm", views, lambda symbol, state: AsmmStep(rules[symbol], state, model(symbol)))
    answers = lift("risk", quotes, lambda symbol, state: RiskStep(rules[symbol], state))
    op.output("venue", answers, sink or VenueSink(shared, program.journal))
    return flow


def source_of(program: Program) -> Source[Any]:
    """Return the market with the venue simulated at it, or both as they are elsewhere."""
    if program.desks is None:
        return LoopSource(program.shared, program.playback)
    from connectors.kafka.desk import DeskSource  # noqa: PLC0415 - most runs do without a client

    return DeskSource(program.shared, program.desk)


def ready(program: Program, source: Source[Any] | None = None) -> Dataflow:
    """Return the graph with its rules loaded, which stops on signals; from now on the time counts."""
    say_start(program)
    warm(next(iter(program.rules.values())))
    if program.topic is not None:
        from connectors.kafka.stretch import warm as warm_reading  # noqa: PLC0415 - most runs do without a client

        warm_reading()
    program.stop_on_signals()
    if source is None:
        program.watcher.start()
    else:  # a market without a venue takes no controls
        say_active(program)
    program.shared.timing.begin()
    return graph(program, source)


def flow(config: str | None = None, *overrides: str) -> Any:  # noqa: ANN401 - what Bytewax runs
    """Return the graph of a configuration: the one named, PHOENIX_CONFIG's, or the default profile.

    Raises:
        PhoenixError: it cannot run; under `python -m bytewax.run` the process ends with the sentence.
    """
    return ready(_made(config, overrides))


def signals(config: str | None = None, *overrides: str) -> Any:  # noqa: ANN401 - what Bytewax runs
    """Return the graph of a configuration with its market only: no order is ever answered.

    Raises:
        PhoenixError: as `flow` does.
    """
    made = _made(config, overrides)
    return ready(made, SignalSource(made.shared, made.playback))


def _made(config: str | None, overrides: Sequence[str]) -> Program:
    path = Path(config or os.environ.get("PHOENIX_CONFIG", DEFAULT))
    if not run_by_bytewax():
        return program(path, overrides)
    try:
        refuse_cluster()
        made = program(path, overrides)
        require_own_store(made)
        ALONE.enter_context(alone(made.ending(leave)))
        server = serve(made)
    except PhoenixError as error:
        leave(error)

    def finished(directory: Path) -> None:
        if server is not None:
            server.close()
        leave_report(made)
        show(directory)

    return made.ending(leave, finished)
