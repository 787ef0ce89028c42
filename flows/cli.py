"""The command line: `phoenix run`, `reshard`, `publish`, `venue`, `check`, `report`, `halt`, and others."""

import gc
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from flows import helps
from flows.closing import show
from flows.exits import code_of, leave, stop_on_signals
from operators.errors import ConfigError, PhoenixError, RunDirectoryError

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)

Config = Annotated[
    Path | None, typer.Option("--config", help="The settings file; configs/phoenix.yaml without.")
]
Set = Annotated[list[str] | None, typer.Option("--set", help="Override one key: section.key=value.")]


@app.callback()
def phoenix() -> None:
    """Make markets with a Bytewax dataflow. `phoenix COMMAND --help` shows examples."""


@app.command("run", help=helps.RUN)
def run_command(
    config: Config = None,
    changes: Set = None,
    out: Annotated[Path | None, typer.Option(help="The run directory; made, never overwritten.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished run.")] = False,
    resume_or_begin: Annotated[
        bool, typer.Option("--resume-or-begin", help="Go on with an unfinished run, or begin one.")
    ] = False,
    shard: Annotated[
        str | None, typer.Option(help="Run a share of the symbols: 1/2 and 2/2, or names: A,B.")
    ] = None,
    driver: Annotated[str, typer.Option(help="graph or research.")] = "graph",
    speed: Annotated[float | None, typer.Option(help="Times real time; as fast as it goes without.")] = None,
) -> None:
    """Run, or go on."""
    from flows.driver import run  # noqa: PLC0415 - `phoenix --help` need not wait for Numba
    from flows.market import program  # noqa: PLC0415 - the same
    from flows.resume import DEFAULT, unfinished  # noqa: PLC0415 - the same

    if driver not in ("graph", "research"):
        raise typer.BadParameter(f"must be graph or research, was {driver}", param_hint="--driver")
    if (resume or resume_or_begin) and driver != "graph":
        raise typer.BadParameter("goes on with a run of the graph only", param_hint="--resume")
    options = [*(changes or ()), *_share(shard), *([] if speed is None else [f"source.speed={speed}"])]
    if resume_or_begin:
        there = unfinished(config, options, out)
        out, resume = there or out, there is not None
    if resume:
        _resume(config, options, out)
    else:
        made = program(config or DEFAULT, options, out).ending(leave)
        _loaded()
        if driver == "research":
            made.stop_on_signals()
        show(run(made, driver))


def _share(shard: str | None) -> list[str]:
    if shard is None:
        return []
    if not shard.strip():
        raise typer.BadParameter("must be K/N or names of symbols, was empty", param_hint="--shard")
    return [f"run.shard={shard}" if "/" in shard else f"run.symbols=[{shard}]"]


def _resume(config: Path | None, options: list[str], out: Path | None) -> None:
    from connectors.runs import is_finished  # noqa: PLC0415 - `phoenix --help` need not wait for Numba
    from flows.driver import run  # noqa: PLC0415 - the same
    from flows.market import program  # noqa: PLC0415 - the same
    from flows.resume import find  # noqa: PLC0415 - the same

    try:
        found = find(config, options, out)
    except RunDirectoryError as error:
        raise ConfigError([f"--resume: {error}"]) from None
    if is_finished(found.out):
        sys.stderr.write(f"{found.out} is finished: there is nothing to go on with\n")
        show(found.out)
        return
    sys.stderr.write(f"Going on with {found.out}\n")
    made = program(found.config, found.changes, found.out, found.watched).ending(leave)
    _loaded()
    show(run(made, "graph", resume=True))


def _loaded() -> None:
    """From here on there may be garbage."""
    gc.freeze()
    gc.enable()


@app.command("reshard", help=helps.RESHARD)
def reshard_command(
    runs: Annotated[list[Path], typer.Argument(help="Run directories.", metavar="RUN...")],
    into: Annotated[int, typer.Option(min=1, help="How many shards.")],
) -> None:
    """Move them."""
    from flows.resharding import reshard  # noqa: PLC0415 - `phoenix --help` is quick

    for path in reshard(runs, into):
        sys.stdout.write(f"{path}: `phoenix run --resume --out {path}` goes on\n")


@app.command("publish", help=helps.PUBLISH)
def publish_command(
    config: Config = None,
    changes: Set = None,
    topic: Annotated[str | None, typer.Option(help="The topic; kafka.topic without.")] = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, help="Of the topic, where it is to be made; one without.")
    ] = None,
    speed: Annotated[float | None, typer.Option(help="Times real time; as fast as it goes without.")] = None,
) -> None:
    """Send it all."""
    from flows.publishing import send  # noqa: PLC0415 - `phoenix --help` need not wait for Numba
    from flows.resume import DEFAULT  # noqa: PLC0415 - the same

    _loaded()
    options = [*(changes or ()), *([] if speed is None else [f"source.speed={speed}"])]
    stop = threading.Event()
    stop_on_signals(stop)
    for symbol, n in send(config or DEFAULT, options, topic, partitions, stop.is_set).items():
        sys.stdout.write(f"{symbol}: {n} messages\n")


@app.command("venue", help=helps.VENUE)
def venue_command(
    config: Config = None,
    changes: Set = None,
    out: Annotated[Path | None, typer.Option(help="The run directory; made, never overwritten.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where it was stopped or killed.")] = False,
) -> None:
    """Open."""
    from flows.resume import DEFAULT  # noqa: PLC0415 - `phoenix --help` need not wait for Numba
    from flows.venue import run_venue  # noqa: PLC0415 - the same

    _loaded()
    sys.stdout.write(f"{run_venue(config or DEFAULT, changes or (), out, resume=resume)}\n")


@app.command("check", help=helps.CHECK)
def check_command(
    config: Annotated[Path, typer.Argument(help="The settings file.")], changes: Set = None
) -> None:
    """Check and print."""
    from configs.load import load  # noqa: PLC0415 - `phoenix --help` is quick
    from configs.notices import notices  # noqa: PLC0415 - the same
    from configs.write import resolved_yaml  # noqa: PLC0415 - the same

    settings = load(config, changes or ())
    sys.stdout.write(resolved_yaml(settings))
    for notice in notices(settings):
        sys.stderr.write(f"{notice}\n")


@app.command("report", help=helps.REPORT)
def report_command(
    runs: Annotated[list[Path], typer.Argument(help="Run directories.", metavar="RUN...")],
    out: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write tables into this folder too.")] = None,
) -> None:
    """Draw."""
    from flows.reporting.command import rebuild  # noqa: PLC0415 - `phoenix --help` is quick

    sys.stdout.write(f"{rebuild(runs, out, csv)}\n")


Where = Annotated[
    Path | None, typer.Argument(help="The run directory; the only one running in runs without.")
]
Named = Annotated[list[str] | None, typer.Option("--symbol", help="Of these symbols only; may be repeated.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for what each symbol did.")]


@app.command("halt", help=helps.HALT)
def halt_command(
    run: Where = None,
    symbols: Named = None,
    reduce: Annotated[bool, typer.Option("--reduce", help="Let orders flatten the position.")] = False,
    why: Annotated[str, typer.Option(help="Written down beside it.")] = "",
    wait: Wait = 5.0,
) -> None:
    """Throw the switch."""
    from flows.halting import throw  # noqa: PLC0415 - `phoenix --help` is quick
    from operators.rows import HALT, REDUCE  # noqa: PLC0415 - the same

    _answered(throw(run, symbols or (), REDUCE if reduce else HALT, why, wait))


@app.command("resume-trading", help=helps.RESUME)
def resume_trading_command(run: Where = None, symbols: Named = None, wait: Wait = 5.0) -> None:
    """Throw it back."""
    from flows.halting import throw  # noqa: PLC0415 - `phoenix --help` is quick
    from operators.rows import RESUME  # noqa: PLC0415 - the same

    _answered(throw(run, symbols or (), RESUME, "", wait))


def _answered(n_silent: int) -> None:
    if n_silent:
        raise typer.Exit(1)


@app.command(
    "vpin",
    help="Measure VPIN on a file of trades.",
    add_help_option=False,
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
    },
)
def vpin_command(context: typer.Context) -> None:
    """Hand the options on: there is one for every setting, and `phoenix --help` need not read them all."""
    from flows.vpin.command import app as vpin  # noqa: PLC0415 - `phoenix --help` is quick

    _loaded()
    vpin(args=context.args or ["--help"], prog_name="phoenix vpin")


def main() -> None:
    """Run the command line; every expected error is a sentence and an exit code.

    Modules are never garbage: searching them as they load, and at the end, is a third of a short run.
    Until a run listens to it, Ctrl-C ends the process at once, without a stack from within an import.
    """
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        app()
    except PhoenixError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(code_of(error)) from None
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
