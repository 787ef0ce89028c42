"""Other packages' VPIN over a prepared tape, as a worker process under a Python of their own.

It knows nothing of Phoenix. Each peer gets its trades in the form that it takes quickest, made
beforehand: only the peer's own work is timed.
"""

import importlib
import json
import logging
import math
import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
EPOCH_MS = 1_600_000_000_000
"""vpin-lab wants dates; the tape has one trade a millisecond."""


class Peer:
    """One package; what it does not offer returns None."""

    name = ""
    module = ""

    def __init__(self, tape: dict[str, NDArray[Any]], bucket: float, n_buckets: int) -> None:
        self.package = importlib.import_module(self.module)
        self.tape, self.bucket, self.n_buckets = tape, bucket, n_buckets
        self.price = tape["price_ticks"].astype(float)
        self.size = tape["size_lots"].astype(float)
        self.buys = tape["side"] > 0

    def prepare(self, n: int) -> Any:
        """Return the first trades in the form that batches want."""
        raise NotImplementedError

    def batch(self, prepared: Any) -> Any:
        raise NotImplementedError

    def stream(self, n: int) -> tuple[Callable[[], Any], int] | None:
        """Return what takes the first trades in, one call each, or None."""

    def after_trades(self, result: Any, n: int) -> Values:
        """Return the value after each trade; NaN where there is none."""
        return np.array(result[:n], float)

    def at_closes(self, closes: list[tuple[int, float]], n: int) -> Values:
        """Spread values that came with a trade each over the trades until the next."""
        values, last, since = np.full(n, np.nan), np.nan, 0
        for i, value in closes:
            values[since:i] = last
            last, since = value, i
        values[since:] = last
        return values


class Wickra(Peer):
    name, module = "wickra", "wickra"

    def prepare(self, n: int, unit: float = 1.0) -> Any:
        """Lists: NumPy's arrays take it 2 to 9 times as long."""
        size = [round(lots * unit, 9) for lots in self.size[:n].tolist()]
        return self.bucket * unit, self.price[:n].tolist(), size, self.buys[:n].tolist()

    def batch(self, prepared: Any) -> Any:
        bucket, *columns = prepared
        return self.package.Vpin(bucket, self.n_buckets).batch(*columns)

    def stream(self, n: int) -> tuple[Callable[[], Any], int]:
        bucket, *columns = self.prepare(n)
        trades, vpin = list(zip(*columns, strict=True)), self.package.Vpin(bucket, self.n_buckets)
        return lambda: [vpin.update(*trade) for trade in trades], n


class OrderflowMetrics(Peer):
    name, module = "orderflow-metrics", "orderflow_metrics"

    def prepare(self, n: int) -> Any:
        columns = (self.price[:n].tolist(), self.size[:n].tolist(), self.buys[:n].tolist())
        trade = self.package.Trade
        return [trade(p, s, "buy" if b else "sell") for p, s, b in zip(*columns, strict=True)]

    def batch(self, prepared: Any) -> Any:
        """Its `vpin` is one number for one window: it is called at every close from the n-th on."""
        buckets, n = self.package.bucket_by_volume(prepared, self.bucket), self.n_buckets
        return [self.package.vpin(buckets[k - n : k]) for k in range(n, len(buckets) + 1)]

    def after_trades(self, result: Any, n: int) -> Values:
        n_closed = np.cumsum(self.size[:n]) // self.bucket
        known = np.concatenate([[np.nan], result])
        return known[np.maximum(0, n_closed - self.n_buckets + 1).astype(int)]


class VpinLab(Peer):
    name, module = "vpin-lab", "vpin_lab"
    split = False

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        logging.disable(logging.CRITICAL)
        self.core = importlib.import_module("vpin_lab.core")
        self.sides = importlib.import_module("vpin_lab.core.trade_classifier.direct_side")

    def prepare(self, n: int) -> Any:
        pandas = importlib.import_module("pandas")
        times = pandas.to_datetime(EPOCH_MS + np.arange(n), unit="ms", utc=True)
        side = np.where(self.buys[:n], "buy", "sell")
        return pandas.DataFrame(
            {"timestamp": times, "price": self.price[:n], "quantity": self.size[:n], "side": side}
        )

    def batch(self, prepared: Any) -> Any:
        classified = self.sides.DirectSideClassifier().classify(prepared)
        bucketer = self.core.VolumeBucketer(
            self.bucket, handle_partial_buckets="drop", split_oversized_trades=self.split
        )
        calculator = self.core.VPINCalculator(self.n_buckets, self.bucket, calculate_cdf=False)
        return calculator.calculate_vpin(bucketer.create_buckets(classified))

    def stream(self, n: int) -> tuple[Callable[[], Any], int] | None:
        """Its live pipeline takes a frame from its connector; here a frame is one trade."""
        live, config = importlib.import_module("vpin_lab.live_pipeline"), self.package.config.VPINConfig
        heard: list[Any] = []
        pipeline = live.LiveVPINPipeline(
            config(
                bucket_volume_size=self.bucket, window_length=self.n_buckets, classifier_type="direct_side"
            ),
            vpin_callback=heard.append,
        )
        whole = self.prepare(n)
        frames = [whole.iloc[i : i + 1] for i in range(n)]

        def take() -> Any:
            for frame in frames:
                pipeline._process_new_trades(frame)  # noqa: SLF001 - what its connector calls
            return heard

        return take, n

    def after_trades(self, result: Any, n: int) -> Values:
        closes = [(round(each.timestamp.timestamp() * 1000) - EPOCH_MS, each.vpin) for each in result]
        return self.at_closes(closes, n)


class VpinLabSplit(VpinLab):
    name, split = "vpin-lab, split", True

    def stream(self, n: int) -> None:
        """Its live pipeline splits anyway."""


class Flowrisk(Peer):
    name, module = "flowrisk", "flowrisk"

    def __init__(self, *given: Any) -> None:
        if not hasattr(np, "math"):
            np.math = math  # type: ignore[attr-defined] # it uses what NumPy 2 no longer has
        super().__init__(*given)
        self.config = type(
            "Config",
            (self.package.BulkVPINConfig,),
            {"BUCKET_MAX_VOLUME": self.bucket, "N_BUCKET_OR_BUCKET_DECAY": self.n_buckets},
        )

    def prepare(self, n: int) -> Any:
        pandas = importlib.import_module("pandas")
        columns = {"time": np.arange(n, dtype=float), "price": self.price[:n], "volume": self.size[:n]}
        return pandas.DataFrame(columns)

    def batch(self, prepared: Any) -> Any:
        return self.package.BulkVPIN(self.config()).estimate(prepared)["vpin"].to_numpy()

    def stream(self, n: int) -> tuple[Callable[[], Any], int]:
        vpin, whole = self.package.RecursiveVPIN(self.config()), self.prepare(n)
        vpin.initialize_vol_estimator(self.price[:2])
        vpin.initialize_buckets(self.price[:2], vpin.vol_estimator.get_latest_vol(), self.size[:2])
        bars = [whole.iloc[i] for i in range(2, n)]
        return lambda: [math.nan, math.nan, *(vpin.update(bar) for bar in bars)], n - 2


PEERS = {peer.name: peer for peer in (Wickra, VpinLab, VpinLabSplit, Flowrisk, OrderflowMetrics)}


class Bench:
    def __init__(self, path: str) -> None:
        with np.load(path) as tape:
            self.tape = {name: tape[name] for name in tape.files}
        self.bucket, self.n_buckets = float(self.tape["bucket_lots"]), int(self.tape["n_buckets"])
        self.made: dict[str, Peer] = {}
        self.prepared: dict[tuple[str, int], Any] = {}

    def peer(self, name: str) -> Peer:
        if name not in self.made:
            self.made[name] = PEERS[name](self.tape, self.bucket, self.n_buckets)
        return self.made[name]

    def version(self, name: str) -> str:
        package = name.partition(",")[0]
        self.peer(name)
        return metadata.version(package)

    def batch(self, name: str, n: int) -> Any:
        peer = self.peer(name)
        if (name, n) not in self.prepared:
            self.prepared[name, n] = peer.prepare(n)
        prepared = self.prepared[name, n]
        began = time.perf_counter()
        result = peer.batch(prepared)
        seconds = time.perf_counter() - began
        return {"ns": seconds / n * 1e9, **self.error(peer.after_trades(result, n))}

    def stream(self, name: str, n: int) -> Any:
        peer = self.peer(name)
        offered = peer.stream(n)
        if offered is None:
            return None
        take, n_calls = offered
        began = time.perf_counter()
        result = take()
        seconds = time.perf_counter() - began
        return {"ns": seconds / n_calls * 1e9, **self.error(peer.after_trades(result, n))}

    def in_units(self, name: str, n: int, unit: float) -> Any:
        """Return the error where a lot is written as a decimal, and a bucket as that many of it."""
        peer = self.peer(name)
        assert isinstance(peer, Wickra)
        return self.error(np.array(peer.batch(peer.prepare(n, unit))))

    def error(self, values: Values) -> dict[str, float]:
        """Compare where the window is full and the peer says something."""
        n = len(values)
        compared = (self.tape["n_closed"][:n] >= self.n_buckets) & np.isfinite(values)
        error = np.abs(values - self.tape["exact"][:n])[compared]
        wanted = int(np.count_nonzero(self.tape["n_closed"][:n] >= self.n_buckets))
        return {
            "error": float(error.max()) if len(error) else math.nan,
            "exactly": float(np.mean(error < 1e-12)) if len(error) else math.nan,
            "silent": wanted - len(error),
        }


def main() -> None:
    """Answer a line of JSON, `[what, peer, trades]`, with a line of JSON."""
    bench = Bench(sys.argv[1])
    for line in sys.stdin:
        what, name, *rest = json.loads(line)
        try:
            answer = getattr(bench, what)(name, *rest)
        except Exception as problem:  # noqa: BLE001 - a peer may fail in any way, and is then skipped
            answer = {"problem": f"{type(problem).__name__}: {problem}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
