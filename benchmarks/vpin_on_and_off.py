"""What VPIN does to what a run comes to: the same tapes with it on and off, and three runs to tell why.

Our orders do not move the market, so a seed's tape is the same in every run, and differences from `off`
are taken seed by seed; ± is half of their 95 % interval by Student's t. A recording is one run, so no
interval can be given. `steady` widens all the time by as much as `on` does on average: what `on` gains
beyond it, VPIN gains by choosing when. (Its threshold is 0, so its toxic share says nothing.)
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.figures import ROOT, SHARED, Figure

N_SEEDS, N_QUICK = 10, 3
STUDENT_95 = {N_SEEDS: 2.262, N_QUICK: 4.303}
MARKETS = {
    "default profile": (),
    "every symbol like DOGEUSDC": (
        *("synthetic.informed_share=0.72", "vpin.bucket_size=200_000", "vpin.n_buckets=5"),
        *("symbols.ETHUSDC.vpin.bucket_size=400_000", "symbols.BTCUSDC.vpin.bucket_size=400_000"),
    ),
}
ETH = "{vpin: {bucket_size: 500_000}, quoting: {order_lots: 200, max_inventory_lots: 2000}}"
NEXO = "{vpin: {bucket_size: 20_000}, quoting: {order_lots: 1000, max_inventory_lots: 10_000}}"
RECORDINGS = {
    "raw/binance_usdm_btcusdt_20240808.gz": (),
    "raw/binance_usdm_ethusdt_20240808.gz": (f"symbols={{ETHUSDT: {ETH}}}",),
    "tables/binance_spot_nexousdt_20240723": (f"symbols={{NEXOUSDT: {NEXO}}}",),
}
OFF, ON, STEADY = "off", "on", "steady"
VARIANTS = {
    OFF: ("vpin.enabled=false",),
    ON: (),
    "without pauses": ("vpin.pause_threshold=1",),
    "toxic_reduce": ("vpin.toxic_reduce=skew",),
}
MULTIPLIER = 0.2
Symbols = Mapping[str, Mapping[str, Any]]
Runs = Mapping[str, Symbols]


class Came(NamedTuple):
    """What some symbols came to in one run."""

    pnl: float
    traded: float
    fill_rate: float
    adverse_rate: float
    markout_bps: float
    sharpe: float
    pauses: float
    toxic_share: float


DIGITS = (2, 0, 3, 4, 4, 4, 1, 3)
"""How many of them are shown of each field."""


def measure(*, quick: bool) -> Iterator[Figure]:
    seeds = range(1, 1 + (N_QUICK if quick else N_SEEDS))
    for market, settings in MARKETS.items():
        runs = [_runs("phoenix", f"source.seed={seed}", *settings) for seed in seeds]
        yield from _figures(market, runs)
        if not settings:
            yield from _figures("its DOGEUSDC alone", runs, ("DOGEUSDC",))
    data = Path(os.environ.get("PHOENIX_DATA") or SHARED / "data")
    for name, settings in RECORDINGS.items():
        if (data / name).exists():
            yield from _figures(Path(name).name, [_runs("replay", f"source.path={data / name}", *settings)])
        else:
            sys.stdout.write(f"vpin_on_and_off: {name} skipped: {data / name} is absent\n")


def _runs(profile: str, *settings: str) -> Runs:
    """Run one tape in every variant."""
    found = {variant: _run(profile, *settings, *own) for variant, own in VARIANTS.items()}
    return found | {STEADY: _run(profile, *settings, *_steadily(found[ON]))}


def _steadily(on: Symbols) -> Iterator[str]:
    yield from ("vpin.widen_mode=step", "vpin.threshold=0", "vpin.pause_threshold=1")
    for symbol, figures in on.items():
        yield f"symbols.{symbol}.vpin.multiplier={MULTIPLIER * (figures['vpin_mean'] or 0.0):.5f}"


def _run(profile: str, *settings: str) -> Symbols:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        options = [part for setting in settings for part in ("--set", setting)]
        command = [sys.executable, "-m", "flows.cli", "run", "--config", f"configs/{profile}.yaml"]
        command += ["--driver", "research", "--out", str(out), *options]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        symbols: Symbols = json.loads((out / "summary.json").read_text())["symbols"]
    return symbols


def _came(symbols: Sequence[Mapping[str, Any]]) -> Came:
    """Add up money and counts; rates are of all orders and fills, Sharpe and toxic share means."""
    aged = [symbol["markouts"]["1s"] for symbol in symbols]
    n_aged = sum(each["fills"] for each in aged)
    return Came(
        sum(float(symbol["pnl_after_fees"]) for symbol in symbols),
        sum(float(symbol["traded"]) for symbol in symbols),
        sum(symbol["filled"] for symbol in symbols) / sum(symbol["accepted"] for symbol in symbols),
        sum(each["negative"] for each in aged) / n_aged,
        sum(each["mean_bps"] * each["fills"] for each in aged) / n_aged,
        statistics.fmean(symbol["sharpe"]["per_interval"] or 0.0 for symbol in symbols),
        sum(symbol["pauses"] for symbol in symbols),
        statistics.fmean(symbol["toxic_share"] or 0.0 for symbol in symbols),
    )


def _figures(tape: str, runs: Sequence[Runs], only: Sequence[str] = ()) -> Iterator[Figure]:
    """Say what each variant came to on average, and how that differs from `off`."""
    came = {
        variant: [_came([run[variant][symbol] for symbol in only or run[variant]]) for run in runs]
        for variant in (*VARIANTS, STEADY)
    }
    for variant, each in came.items():
        columns, without = zip(*each, strict=True), zip(*came[OFF], strict=True)
        told = [
            f"{name} {statistics.fmean(column):,.{digits}f}"
            + ("" if variant == OFF else _differs(column, base, digits))
            for name, column, base, digits in zip(Came._fields, columns, without, DIGITS, strict=True)
        ]
        yield Figure(f"vpin_on_and_off, {tape}, {variant}", ", ".join(told), 0.0)


def _differs(column: Sequence[float], base: Sequence[float], digits: int) -> str:
    differences = [value - other for value, other in zip(column, base, strict=True)]
    mean, n = statistics.fmean(differences), len(differences)
    if n == 1:
        return f" ({mean:+,.{digits}f})"
    reach = STUDENT_95[n] * statistics.stdev(differences) / math.sqrt(n)
    return f" ({mean:+,.{digits}f} ± {reach:,.{digits}f})"
