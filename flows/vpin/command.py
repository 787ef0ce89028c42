"""`phoenix vpin`: VPIN of a file of trades, row by row, or whether a setting means anything there."""

import sys
from collections.abc import Iterator
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from pydantic.fields import FieldInfo

from configs.problems import expectation
from configs.schema_quoting import Vpin
from configs.write import scalar
from connectors.recorded.blocks import as_rows
from connectors.trades import look
from connectors.trades.output import ENDINGS, TableFile
from flows.vpin import plot
from flows.vpin.meter import Meter
from flows.vpin.reader import AUTO, Reader, listing
from flows.vpin.settings import Listing, Setup, setup
from flows.vpin.study import Study
from flows.vpin.suggest import suggest
from flows.vpin.summary import FEWEST_TRADES, amount, summary, unusable_sentences
from flows.vpin.table import Rows
from operators.errors import ConfigError, SourceError
from operators.kernel import is_cold

HELP: Final = """Measure VPIN on a file of trades: say whether its settings mean anything there, or write \
its value after every row.

TRADES is CSV (ts_ns,price,qty,side[,bid,ask][,trade_id], gzipped or plain), Parquet with the same columns, \
a raw capture, or a folder of tables. A side is buy or sell, b or s, 1 or -1, or empty.

Examples:

\b
  phoenix vpin tape.csv --tick-size 0.01 --lot-size 0.001 --bucket-size 0.40
  phoenix vpin tape.csv.gz --symbol BTCUSDT --bucket-size 30 --out vpin.parquet
  phoenix vpin tape.parquet --symbol BTCUSDT --bucket-size 30 --plot vpin.png --suggest

Settings are those of the section vpin of a settings file, with its defaults, but measuring is enabled.

Exit codes: 0 it is done; 1 the file cannot be used, or a result not be written; 2 the command is wrong.
"""
DEFAULTS: Final = {"enabled": "true", "symbol": "what a capture says", "contract_multiplier": "1"}
"""Where the command's default is not the key's."""


class Wanted(NamedTuple):
    """What to make of the tape."""

    out: Path | None
    plot: Path | None
    suggests: bool
    share: float
    seed: int


def spelled(name: str) -> str:
    """Return a setting as an option.

    >>> spelled("bucket_size")
    '--bucket-size'
    """
    return f"--{name.replace('_', '-')}"


def measure_file(trades: Path, wanted: Wanted, given: dict[str, str]) -> None:
    """Do what is wanted with a file.

    Raises:
        ConfigError: the command is wrong.
        SourceError: the file cannot be used, or a result cannot be written.
    """
    _check(trades, wanted)
    file = look(trades)
    told = listing(file, given)
    made = setup(told, spelled)
    if not made.vpin.enabled:
        raise ConfigError(["--enabled must be true: nothing is measured otherwise"])
    if wanted.suggests and made.vpin.bucket_mode == "adv":
        raise ConfigError(
            ["--suggest needs a --bucket-mode of fixed or vol_regime: adv has sizes of its own"]
        )
    if is_cold():
        sys.stderr.write("Compiling the rules; this happens once per change of a rule.\n")
    reader = Reader(file, made.instrument, told.get("market", AUTO))
    totals = _write(made, reader, wanted) if wanted.out else _summarise(made, reader, wanted)
    if wanted.suggests:
        sys.stdout.write(f"{_suggestion(made, reader, totals, wanted.share)}\n")


def _write(made: Setup, reader: Reader, wanted: Wanted) -> tuple[int, int]:
    """Write a row for each entry of the file; return how many trades there were, and their volume."""
    meter, trace, n = Meter(made.params), plot.Trace(), 0
    rows = Rows(meter.before())
    with TableFile(wanted.out or Path()) as table:
        for stretch in reader.stretches("writing"):
            points = meter.on(as_rows(stretch.rows))
            table.write(rows.of(stretch, points))
            trace.on(stretch, points)
            n += len(points)
    for sentence in unusable_sentences(reader.unusable):
        sys.stderr.write(f"{sentence}\n")
    sys.stderr.write(f"{rows.n:,} rows are in {wanted.out}\n")
    _draw(wanted.plot, trace, made, reader)
    return n, int(meter.vpin[0].total_steps)


def _summarise(made: Setup, reader: Reader, wanted: Wanted) -> tuple[int, int]:
    """Print the summary; return how many trades there were, and their volume."""
    study, trace = Study(made, wanted.seed), plot.Trace()
    for stretch in reader.stretches():
        trace.on(stretch, study.on(stretch))
    study.chance.end()
    n = int(study.flow[0].n_trades)
    if not n:
        reasons = "; ".join(unusable_sentences(reader.unusable))
        raise SourceError(f"{reader.file.path} holds no trade that can be used; {reasons}")
    sys.stdout.write("".join(f"{line}\n" for line in summary(study, reader.unusable)))
    _draw(wanted.plot, trace, made, reader)
    return n, int(study.meter.vpin[0].total_steps)


def _draw(path: Path | None, trace: plot.Trace, made: Setup, reader: Reader) -> None:
    if path is not None:
        plot.draw(path, trace, made, f"{reader.file.path.name}: buckets of {_bucket(made)}")


def _bucket(made: Setup) -> str:
    if made.vpin.bucket_mode == "adv":
        return f"a day's volume / {made.vpin.buckets_per_day}"
    return f"{made.vpin.bucket_size:,f} {made.vpin.bucket_unit}"


def _suggestion(made: Setup, reader: Reader, totals: tuple[int, int], share: float) -> str:
    found = suggest(made, lambda: reader.stretches("trying sizes"), *totals, share)
    level = f"the threshold {made.vpin.threshold:g}"
    if found is None:
        return f"suggestion   none: even with the largest buckets, {level} is exceeded more often"
    size, n = amount(made, found.steps), totals[0] / max(1, found.n_closed)
    caution = "; with so few, chance alone makes high values" if n < FEWEST_TRADES else ""
    return (
        f"suggestion   --bucket-size {size.normalize():f}: above {level} for {found.share:.2%} of the time, "
        f"{found.n_closed:,} buckets of {n:,.1f} trades{caution}"
    )


def _check(trades: Path, wanted: Wanted) -> None:
    problems = []
    for option, path, endings in (("--out", wanted.out, ENDINGS), ("--plot", wanted.plot, plot.ENDINGS)):
        if path is not None and path.suffix.lower() not in endings:
            problems.append(f"{option} must end in {' or '.join(endings)}, was {path}")
        elif path is not None and path.exists() and trades.exists() and path.samefile(trades):
            problems.append(f"{option} must not be the file that is read, was {path}")
    if not 0.0 <= wanted.share < 1.0:
        problems.append(f"--share must be a number from 0 to below 1, was {wanted.share:g}")
    if wanted.seed < 0:
        problems.append(f"--seed must be a whole number, at least 0, was {wanted.seed}")
    if problems:
        raise ConfigError(problems)


def _command(
    trades: Annotated[Path, typer.Argument(help="The file.", metavar="TRADES")],
    out: Annotated[Path | None, typer.Option(help="Write a row for each row: .csv or .parquet.")] = None,
    drawing: Annotated[
        Path | None, typer.Option("--plot", help="Draw price, VPIN and buckets: .png or .svg.")
    ] = None,
    suggests: Annotated[bool, typer.Option("--suggest", help="Propose a bucket size.")] = False,
    share: Annotated[float, typer.Option(help="Share of time above the threshold to propose for.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Of the shuffle of sides.")] = 7,
    **given: str | None,
) -> None:
    wanted = Wanted(out, drawing, suggests, share, seed)
    measure_file(trades, wanted, {name: text for name, text in given.items() if text is not None})


def _options() -> Iterator[Parameter]:
    """Yield an option for each setting."""
    for model in (Listing, Vpin):
        for name, field in model.model_fields.items():
            yield _option(name, field)


def _option(name: str, field: FieldInfo) -> Parameter:
    default = DEFAULTS.get(name) or ("" if field.default is None else scalar(field.default))
    takes = expectation(field).removesuffix(", or null")
    text = f"{field.description} Takes {takes}{f'; {default} without' if default else ''}."
    info = typer.Option(spelled(name), help=text, metavar="VALUE", show_default=False)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, info])


def _signature() -> Signature:
    own = [each for each in Signature.from_callable(_command).parameters.values() if each.name != "given"]
    return Signature([*own, *_options()])


vpin_command: Any = _command
vpin_command.__signature__ = _signature()
app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.command(help=HELP)(vpin_command)
