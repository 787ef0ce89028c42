"""The command line: `phoenix run`, `reshard`, `publish`, `venue`, `check`, `report`, `halt`, and others."""

import gc
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from flows.closing import show
from flows.exits import code_of, leave
from operators.errors import ConfigError, PhoenixError, RunDirectoryError

EXIT_CODES = """Exit codes: 0 finished, or stopped by a signal; 1 the run failed; \
2 the configuration or the command is wrong; 3 the checkpoint belongs to other code or other settings."""
RUN_HELP = f"""Run a configuration: trade its market against the simulated venue, and write a run directory.

Examples:

\b
  phoenix run
  phoenix run --config configs/replay.yaml --set source.path=btcusdt.gz
  phoenix run --resume
  phoenix run --shard 1/2

With --resume the latest unfinished run of the profile goes on, or the one in --out: under its own settings, \
unless --config or --set give others. Those that change no order (run.*, metrics.*, source.speed) may differ.
--resume-or-begin does the same where there is such a run, and begins one where there is none.
--shard runs a share of the symbols, in a directory of its own: docs/shards.md.

{EXIT_CODES}
"""
CHECK_HELP = """Say whether a settings file is valid, naming every fault, and print it resolved.

Example:

\b
  phoenix check configs/phoenix.yaml

Exit codes: 0 it is valid; 2 it is not.
"""
HALT_HELP = """Halt trading: cancel every order of a running market maker, and place none until it is resumed.

Examples:

\b
  phoenix halt
  phoenix halt runs/20250101-phoenix-1 --symbol BTCUSDC --why "the venue misbehaves"
  phoenix halt --reduce

The run goes on measuring. A file named halt in the run directory is the switch: it holds across stops, \
kills and resumption, and an empty one made by hand does the same.

Exit codes: 0 it is done; 1 a symbol did not answer in time; 2 there is no such run or symbol.
"""
RESUME_HELP = """Let a halted market maker trade again, whatever halted it. Losses are counted anew from here.

Examples:

\b
  phoenix resume-trading
  phoenix resume-trading runs/20250101-phoenix-1 --symbol BTCUSDC

Exit codes: 0 it is done; 1 a symbol did not answer in time; 2 there is no such run or symbol.
"""
REPORT_HELP = """Write the report of a run anew, or compare runs: one HTML file that needs nothing else.

Examples:

\b
  phoenix report runs/20250101-phoenix-1
  phoenix report runs/20250101-phoenix-1 --csv tables
  phoenix report runs/20250101-phoenix-1 runs/20250101-phoenix-2 --out compared.html

Of one run it replaces report.html in its directory. Of several it says what the others came to beside the \
first, with what resampling makes of the differences, and writes compared.html into its directory. \
--out names another file.

Exit codes: 0 it is done; 1 a file cannot be written; 2 there is no such run, or nothing of it can be shown.
"""
RESHARD_HELP = """Deal the symbols of stopped runs to other shards, each to go on exactly where it was.

Example:

\b
  phoenix reshard runs/20250101-phoenix-1of2-1 runs/20250101-phoenix-2of2-1 --into 3

Name all runs of the configuration. New directories are made beside them; the old ones keep what they hold, \
but nobody goes on with them. Killed, the same command does what is left to do.

Exit codes: 0 it is done; 1 the runs cannot be moved, and were not; 2 the command is wrong; \
3 they belong to other code.
"""
PUBLISH_HELP = f"""Send the market of a configuration to a topic of Kafka, as in docs/kafka_messages.md.

Examples:

\b
  phoenix publish --topic market --set kafka.bootstrap=127.0.0.1:9092
  phoenix publish --config configs/replay.yaml --set source.path=btcusdt.gz --topic market --partitions 4

It goes on where the topic ends: begun again after it was stopped or killed, it sends what is missing.

{EXIT_CODES}
"""
VENUE_HELP = f"""Run the simulated venue as a process of its own: market and orders come in, reports go out.

Examples:

\b
  phoenix venue --config desk.yaml
  phoenix venue --config desk.yaml --resume

The settings are those of its desks: source.kind kafka, kafka.topic, kafka.orders_topic and \
kafka.reports_topic. It is open until it is stopped, answers one run per symbol, and cancels what a run left \
behind when another begins.

{EXIT_CODES}
"""
app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)

Config = Annotated[
    Path | None, typer.Option("--config", help="The settings file; configs/phoenix.yaml without.")
]
Set = Annotated[list[str] | None, typer.Option("--set", help="Override one key: section.key=value.")]


@app.callback()
def phoenix() -> None:
    """Make markets with a Bytewax dataflow. `phoenix COMMAND --help` shows examples."""


@app.command("run", help=RUN_HELP)
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


@app.command("reshard", help=RESHARD_HELP)
def reshard_command(
    runs: Annotated[list[Path], typer.Argument(help="Run directories.", metavar="RUN...")],
    into: Annotated[int, typer.Option(min=1, help="How many shards.")],
) -> None:
    """Move them."""
    from flows.resharding import reshard  # noqa: PLC0415 - `phoenix --help` is quick

    for path in reshard(runs, into):
        sys.stdout.write(f"{path}: `phoenix run --resume --out {path}` goes on\n")


@app.command("publish", help=PUBLISH_HELP)
def publish_command(
    config: Config = None,
    changes: Set = None,
    topic: Annotated[str | None, typer.Option(help="The topic; kafka.topic without.")] = None,
    partitions: Annotated[int, typer.Option(min=1, help="Of the topic, where it is to be made.")] = 1,
    speed: Annotated[float | None, typer.Option(help="Times real time; as fast as it goes without.")] = None,
) -> None:
    """Send it all."""
    from flows.publishing import send  # noqa: PLC0415 - `phoenix --help` need not wait for Numba
    from flows.resume import DEFAULT  # noqa: PLC0415 - the same

    _loaded()
    options = [*(changes or ()), *([] if speed is None else [f"source.speed={speed}"])]
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    for symbol, n in send(config or DEFAULT, options, topic, partitions, stop.is_set).items():
        sys.stdout.write(f"{symbol}: {n} messages\n")


@app.command("venue", help=VENUE_HELP)
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


@app.command("check", help=CHECK_HELP)
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


@app.command("report", help=REPORT_HELP)
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


@app.command("halt", help=HALT_HELP)
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


@app.command("resume-trading", help=RESUME_HELP)
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
