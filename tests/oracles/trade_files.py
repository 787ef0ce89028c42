"""Files of trades made up, and what an exact computation says after each of them."""

import gzip
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import polars as pl

from tests.oracles.plain_vpin import buckets_of, mean_abs, net

NAMES = ("ts_ns", "price", "qty", "side", "bid", "ask", "trade_id")
Entry = dict[str, str]

BAD = [
    ({"price": ""}, "missing_field"),
    ({"qty": ""}, "missing_field"),
    ({"ts_ns": ""}, "missing_field"),
    ({"ts_ns": "soon"}, "wrong_type"),
    ({"ts_ns": "1.5"}, "wrong_type"),
    ({"price": "dear"}, "wrong_type"),
    ({"qty": "0x10"}, "wrong_type"),
    ({"side": "up"}, "wrong_type"),
    ({"side": "2"}, "wrong_type"),
    ({"trade_id": "first"}, "wrong_type"),
    ({"price": "nan"}, "not_finite"),
    ({"price": "inf"}, "not_finite"),
    ({"qty": "-inf"}, "not_finite"),
    ({"price": "-100.00"}, "negative"),
    ({"qty": "-0.1"}, "negative"),
    ({"trade_id": "-4"}, "negative"),
    ({"price": "0"}, "zero_price"),
    ({"qty": "0.000"}, "zero_size"),
    ({"price": "100.005"}, "off_grid"),
    ({"qty": "0.0004"}, "off_grid"),
    ({"price": "1e300"}, "overflow"),
    ({"price": "1e12", "qty": "1e9"}, "overflow"),
    ({"ts_ns": "-1"}, "bad_time"),
    ({"trade_id": "1"}, "duplicate_trade"),
]
"""What is wrong with an entry of a tick of 0.01 and a lot of 0.001, and the reason that is told."""


def made_up(seed: int, n: int, bad: float = 0.0) -> list[Entry]:
    """Return entries, all as text, with touches and ids; about this share of them has something wrong."""
    rng = random.Random(seed)
    ticks, ts_ns, entries = 10_000, 1_700_000_000_000_000_000, list[Entry]()
    for i in range(n):
        ts_ns += rng.choice((0, 1, 1000, 50_000_000, 2_000_000_000))
        ticks = max(100, ticks + rng.randint(-2, 2))
        entry: Entry = {
            "ts_ns": str(ts_ns),
            "price": f"{ticks / 100:.2f}",
            "qty": f"{rng.choice((1, 7, 100, 499, 12_345)) / 1000:.3f}",
            "side": rng.choice(("buy", "sell", "b", "S", "1", "-1", "")),
            "bid": "",
            "ask": "",
            "trade_id": str(i + 2),
        }
        if rng.random() < 0.6:
            bid = ticks - rng.randint(0, 2)
            entry |= {"bid": f"{bid / 100:.2f}", "ask": f"{(bid + rng.randint(1, 3)) / 100:.2f}"}
        entries.append(entry | (rng.choice(BAD)[0] if i and rng.random() < bad else {}))
    return entries


def write_csv(path: Path, entries: Sequence[Entry], names: Sequence[str] = NAMES) -> Path:
    """Write entries as text; gzipped by its ending."""
    lines = [",".join(names), *(",".join(entry[name] for name in names) for entry in entries)]
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text, 1) if path.suffix == ".gz" else text)
    return path


def write_parquet(path: Path, entries: Sequence[Entry], names: Sequence[str] = NAMES) -> Path:
    """Write entries as the numbers that they are."""
    whole = {"ts_ns": pl.Int64, "trade_id": pl.Int64}
    columns = {name: [entry[name] or None for entry in entries] for name in names}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    kinds = [pl.col(name).cast(whole.get(name, pl.Float64)) for name in names if name != "side"]
    frame.with_columns(kinds).write_parquet(path, row_group_size=37)
    return path


def exact_readings(
    trades: Sequence[tuple[int, int]], bucket_steps: int, n_buckets: int
) -> Iterator[tuple[int, Fraction, Fraction]]:
    """Yield, after each (side, steps) trade, closed buckets, Σ|B − S| / kV and Σ(B − S) / kV."""
    for n in range(1, len(trades) + 1):
        buckets = buckets_of(trades[:n], bucket_steps)
        yield (
            len(buckets),
            mean_abs(buckets, n_buckets, bucket_steps),
            net(buckets, n_buckets, bucket_steps),
        )
