"""The whole graph in closed loop beside NautilusTrader's backtest engine: one tape, one maker, in turn.

The tape is the best prices and trades of the BTCUSDT capture, without depth, read beforehand by
either. On `clock` the maker decides every 100 ms, on `messages` after every quote and trade. Ours
writes its journal, a checkpoint a second and its summary, and measures VPIN, which changes no quote; the
simple maker is `benchmarks/simple_maker.yaml` here, `benchmarks/nautilus_maker.py` there.
docs/nautilus_peer.md says what each engine does and does not do.

Needs the tables of the BTCUSDT capture, and a Python that has NautilusTrader: PHOENIX_NAUTILUS_PYTHON,
or .venv-nautilus beside the checkout, which `make bench-nautilus` fills.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, SHARED, Figure, Skipped, Worker, median_of

GOALS = {"clock": 1 / 3, "messages": 2 / 3}
NAME = "binance_usdm_btcusdt_20240808"
TABLES = ("book.parquet", "trades.parquet")
THEIRS = ROOT / "benchmarks" / "nautilus_worker.py"


def recording() -> Path:
    """Return the folder of the capture's tables."""
    path = Path(os.environ.get("PHOENIX_DATA") or SHARED / "data") / "tables" / NAME
    if not all((path / name).is_file() for name in TABLES):
        raise Skipped(f"{path} lacks {' or '.join(TABLES)} (PHOENIX_DATA names the folder of recordings)")
    return path


def nautilus_python() -> Path:
    """Return the Python that has NautilusTrader."""
    python = Path(os.environ.get("PHOENIX_NAUTILUS_PYTHON") or ROOT / ".venv-nautilus" / "bin" / "python")
    if not python.is_file():
        raise Skipped(f"{python} is absent (`make bench-nautilus` makes it)")
    asked = [str(python), "-W", "ignore", "-c", "import nautilus_trader.backtest.engine"]
    done = subprocess.run(asked, capture_output=True, check=False, text=True)
    if done.returncode != 0:
        raise Skipped(f"NautilusTrader cannot be imported: {done.stderr.strip().splitlines()[-1]}")
    return python


def measure(*, quick: bool) -> Iterator[Figure]:
    python, source = nautilus_python(), recording()
    with tempfile.TemporaryDirectory() as folder:
        tape = Path(folder) / NAME
        tape.mkdir()
        for name in TABLES:
            shutil.copyfile(source / name, tape / name)
        ours = Worker(["-m", "benchmarks.maker_worker", tape])
        theirs = Worker(["-W", "ignore", THEIRS, tape], python=python)
        known = theirs.ask(("version", ""))
        queue = "with" if known["queue"] else "without"
        peer = f"NautilusTrader {known['version']} ({queue} queue positions)"
        for mode, goal in GOALS.items():
            pairs = [(ours.ask(("run", mode)), theirs.ask(("run", mode))) for _ in range(3 if quick else 11)]
            our, their = zip(*pairs[1:], strict=True)
            a, b = median_of(our, "seconds"), median_of(their, "seconds")
            used = median_of(our, "processor") / median_of(their, "processor")
            said = f"{a:.3f} s, {peer} {b:.3f} s: ratio {a / b:.2f}, of processor time {used:.2f}"
            yield Figure(f"graph_against_nautilus {mode}", said, a / b, goal, at_least=False)
            yield Figure(f"graph_against_nautilus {mode}, traded by us", traded(our[0]), 0.0)
            yield Figure(f"graph_against_nautilus {mode}, traded there", traded(their[0]), 0.0)
        ours.close()
        theirs.close()


def traded(answer: dict[str, Any]) -> str:
    """Say what came of a run."""
    return (
        f"{answer['orders']} orders ({answer['rejected']} rejected), {answer['fills']} fills, "
        f"position {answer['position']:+.3f}, PnL after fees {answer['pnl']:+.2f}"
    )
