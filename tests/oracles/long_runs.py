"""A run of a day, made from one of seconds: its account walks on for 24 hours."""

import json
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from connectors.samples import SAMPLES, header
from operators.kpis import PAUSED, SIDES
from operators.samples import Sample
from operators.toxicity import OK

DAY_S = 86_400
FILLS = 30_000
"""Of each symbol."""


def walked(n: int, rng, mid_ticks: int, begin_ns: int) -> NDArray[np.void]:
    """Return samples of a market that wanders, quoted on both sides but for pauses."""
    made = np.zeros(n, Sample.dtype)
    made["ts_ns"] = begin_ns + 1_000_000_000 * np.arange(1, n + 1)
    made["n_intervals"] = 1
    mid = 2 * mid_ticks + np.cumsum(rng.integers(-2, 3, n))
    made["twice_mid_ticks"] = mid
    made["low_twice_mid"], made["high_twice_mid"] = mid - rng.integers(0, 9, n), mid + rng.integers(0, 9, n)
    made["position_lots"] = made["low_lots"] = made["high_lots"] = rng.integers(-50, 51, n)
    made["touch_bid_ticks"], made["touch_ask_ticks"] = mid // 2 - 1, mid // 2 + 1
    made["bid_ticks"], made["ask_ticks"] = mid // 2 - 3, mid // 2 + 3
    made["mode"] = np.where(rng.random(n) < 0.01, PAUSED, SIDES)
    made["status"] = OK
    made["value"] = made["level"] = made["top_level"] = rng.random(n)
    made["widening"] = 1 + 0.2 * made["value"]
    made["half_spread_ticks"], made["reservation_ticks"] = 3.0, mid / 2
    for name in ("captured_twice", "twice_equity", "traded_tick_lots"):
        made[name] = np.cumsum(rng.integers(0, 2000, n))
    for name in ("n_fills", "n_accepted"):
        made[name] = np.arange(1, n + 1)
    made["n_with_fill"] = made["n_fills"] // 2
    return made


def stretch(run: Path, seconds: int = DAY_S, seed: int = 5) -> dict[str, NDArray[np.void]]:
    """Let the run in this directory have lasted a day; return its samples."""
    summary, rng = json.loads((run / "summary.json").read_text()), np.random.default_rng(seed)
    config = yaml.safe_load((run / "config.yaml").read_text())
    found, fills = {}, []
    for symbol, figures in summary["symbols"].items():
        tick = float(config["symbols"][symbol]["instrument"]["tick"])
        begin_ns = figures["first_ns"] // 10**9 * 10**9
        mid_ticks = round(float(figures["mark_price"]) / tick)
        found[symbol] = walked(seconds, rng, mid_ticks, begin_ns)
        (run / SAMPLES / f"{symbol}.bin").write_bytes(header() + found[symbol].tobytes())
        figures["last_ns"], figures["observed_s"] = int(found[symbol]["ts_ns"][-1]), float(seconds)
        fills += _fills(symbol, found[symbol], tick, rng)
    (run / "fills.jsonl").write_text("".join(fills))
    (run / "summary.json").write_text(json.dumps(summary))
    return found


def _fills(symbol: str, samples: NDArray[np.void], tick: float, rng) -> list[str]:
    where = np.sort(rng.integers(0, len(samples), FILLS))
    rows = zip(samples["ts_ns"][where].tolist(), (samples["bid_ticks"][where] * tick).tolist(), strict=True)
    return [
        f'{{"ts":{ts},"symbol":"{symbol}","id":"x-{symbol}-{k}","side":"{("buy", "sell")[k % 2]}",'
        f'"price":"{price:.5f}","size":"0.5","fee":"0.00","maker":true,"position":"0.5"}}\n'
        for k, (ts, price) in enumerate(rows)
    ]
