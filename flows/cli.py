"""The command line: `phoenix run`, `phoenix check`, `phoenix vpin`."""

import gc
import signal
import sys
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

With --resume the latest unfinished run of the profile goes on, or the one in --out: under its own settings, \
unless --config or --set give others. Those that change no order (run.*, source.speed) may differ.

{EXIT_CODES}
"""
CHECK_HELP = """Say whether a settings file is valid, naming every fault, and print it resolved.

Example:

\b
  phoenix check configs/phoenix.yaml

Exit codes: 0 it is valid; 2 it is not.
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
    driver: Annotated[str, typer.Option(help="graph or research.")] = "graph",
    speed: Annotated[float | None, typer.Option(help="Times real time; as fast as it goes without.")] = None,
) -> None:
    """Run, or go on."""
    from flows.driver import run  # noqa: PLC0415 - `phoenix --help` need not wait for Numba
    from flows.market import program  # noqa: PLC0415 - the same
    from flows.resume import DEFAULT  # noqa: PLC0415 - the same

    if driver not in ("graph", "research"):
        raise typer.BadParameter(f"must be graph or research, was {driver}", param_hint="--driver")
    if resume and driver != "graph":
        raise typer.BadParameter("goes on with a run of the graph only", param_hint="--resume")
    options = [*(changes or ()), *([] if speed is None else [f"source.speed={speed}"])]
    if resume:
        _resume(config, options, out)
    else:
        made = program(config or DEFAULT, options, out).ending(leave)
        _loaded()
        if driver == "research":
            made.stop_on_signals()
        show(run(made, driver))


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
    made = program(found.config, found.changes, found.out).ending(leave)
    _loaded()
    show(run(made, "graph", resume=True))


def _loaded() -> None:
    """From here on there may be garbage."""
    gc.freeze()
    gc.enable()


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
