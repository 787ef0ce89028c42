"""A checkout as a reader of the pages has it, with recordings and runs of the names that they use."""

import gzip
import random
import shutil
import sys
from pathlib import Path

from tests.oracles.pages import ROOT, Page
from tests.oracles.raw_market import SYMBOL, make_market, write_raw, write_tables

FINISHED = "runs/20250101-phoenix-1"
BEGUN = "runs/20250101-phoenix-2"
"""A copy of the other: to resume a run that is finished shows it."""
MINUTES = 600 * 10**6
FIRST_TRADE_NS = 1_723_161_255_000_000_000


def lay_out(folder: Path) -> Path:
    """Make a checkout without its Python: that is imported from where it is, compiled already."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    for name in ("docs", "tools", "dashboards"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for room, kind in (("configs", "*.yaml"), ("benchmarks", "*.txt")):
        (folder / room).mkdir()
        for path in (ROOT / room).glob(kind):
            shutil.copy(path, folder / room)
    _programs(folder)
    _recordings(folder)
    return folder


def _programs(folder: Path) -> None:
    """Let `phoenix` and `python` be this Python, as an installation into `.venv` would."""
    place = folder / ".venv" / "bin"
    place.mkdir(parents=True)
    for name, begin in (("phoenix", "-m flows.cli "), ("python", "")):
        path = place / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {begin}"$@"\n')
        path.chmod(0o755)


def _recordings(folder: Path) -> None:
    market = make_market(n_diffs=150, keep_truth=False)
    write_raw(folder / "testusdt.gz", market.sent, packed=True)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        text = gzip.decompress((folder / "testusdt.gz").read_bytes()).decode()
        named = text.replace(SYMBOL, symbol).replace(SYMBOL.lower(), symbol.lower())
        (folder / f"{symbol.lower()}.gz").write_bytes(gzip.compress(named.encode(), 1))
    write_tables(folder / "tables" / "binance_usdm_btcusdt_20240808", market)
    page = ROOT / "docs" / "vpin_command.md"
    (tape,) = Page(page, page.read_text(encoding="utf-8")).blocks("csv")
    (folder / "tape.csv").write_text(tape)
    (folder / "trades.csv").write_text(_trades())


def _trades() -> str:
    """Return hours of BTCUSDT in which sides persist and sizes have a tail."""
    rng, lines, ticks, side = random.Random(1), ["ts_ns,price,qty,side"], 600_000, 1
    for n in range(20_000):
        side = side if rng.random() < 0.8 else -side
        ticks += side if rng.random() < 0.3 else 0
        lots = 1 + int(rng.paretovariate(1.3) * 20)
        lines.append(f"{FIRST_TRADE_NS + n * MINUTES},{ticks / 10:.1f},{lots / 1000:.3f},{side}")
    return "\n".join(lines) + "\n"


def has_traded(run: Path) -> bool:
    """Say whether each symbol of a run has sent an order."""
    parts = [*(run / "orders").glob("*.jsonl")]
    return bool(parts) and all(part.stat().st_size for part in parts)
