"""The command line: `phoenix run`, `phoenix check`.

Exit codes: 0 done, 1 the run failed, 2 the configuration or the command is wrong.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from operators.errors import ConfigError, PhoenixError

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)

Config = Annotated[Path, typer.Option("--config", help="The settings file.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="Override one key: section.key=value.")]
COLUMNS = {
    "orders": "orders",
    "fills": "fills",
    "fill_rate": "fill rate",
    "position": "position",
    "pnl_after_fees": "PnL",
    "vpin_mean": "VPIN",
    "vpin_max": "max",
    "pauses": "pauses",
    "dead_letters": "dead",
}
"""What the closing table shows of a summary, under which heading; PnL is after fees."""


@app.command("run")
def run_command(
    config: Config = Path("configs/phoenix.yaml"),
    changes: Set = None,
    out: Annotated[Path | None, typer.Option(help="The run directory; made, never overwritten.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    driver: Annotated[str, typer.Option(help="graph or research.")] = "graph",
    speed: Annotated[float | None, typer.Option(help="Times real time; as fast as it goes without.")] = None,
) -> None:
    """Run a configuration. Example: phoenix run --config configs/replay.yaml --set source.path=btcusdt.gz."""
    from flows.driver import run  # noqa: PLC0415 - `phoenix --help` need not wait for Numba
    from flows.market import program  # noqa: PLC0415 - the same

    if driver not in ("graph", "research"):
        raise typer.BadParameter(f"must be graph or research, was {driver}", param_hint="--driver")
    if resume:
        if out is None or not (out / "config.yaml").is_file():
            raise typer.BadParameter("needs --out with the directory of a run", param_hint="--resume")
        config = out / "config.yaml"
    paced = [] if speed is None else [f"source.speed={speed}"]
    directory = run(program(config, [*(changes or ()), *paced], out), driver, resume=resume)
    _show(directory)


@app.command("check")
def check_command(
    config: Annotated[Path, typer.Argument(help="The settings file.")], changes: Set = None
) -> None:
    """Say whether a settings file is valid, and print it resolved. Example: phoenix check my.yaml."""
    from configs.load import load  # noqa: PLC0415 - `phoenix --help` is quick
    from configs.notices import notices  # noqa: PLC0415 - the same
    from configs.write import resolved_yaml  # noqa: PLC0415 - the same

    settings = load(config, changes or ())
    sys.stdout.write(resolved_yaml(settings))
    for notice in notices(settings):
        sys.stderr.write(f"{notice}\n")


def _show(directory: Path) -> None:
    from rich.console import Console  # noqa: PLC0415 - only where a table is shown
    from rich.table import Table  # noqa: PLC0415 - the same

    table = Table("symbol", box=None, pad_edge=False)
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    figures = json.loads((directory / "summary.json").read_text())["symbols"]
    for symbol, row in figures.items():
        table.add_row(symbol, *(_short(column, row.get(column)) for column in COLUMNS))
    Console().print(table)
    sys.stdout.write(f"{directory}\n")


def _short(column: str, value: object) -> str:
    if value is None:
        return "-"
    if column == "pnl_after_fees":
        return f"{float(str(value)):.2f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main() -> None:
    """Run the command line; every expected error is a sentence and an exit code."""
    try:
        app()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    except PhoenixError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
