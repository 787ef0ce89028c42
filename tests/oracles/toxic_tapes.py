"""Events as rows, settings as parameters, and random tapes that look for edges."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from operators.kernel import Cell, Table
from operators.rows import BEST, BUY, CLOCK, LAST, SELL, TRADE, Row, Rows
from operators.toxicity import (
    ADV,
    AGGRESSOR,
    BVC,
    FIXED,
    INVALID_FLAG,
    LEE_READY,
    LOW_VOLUME,
    MEAN_ABS,
    NET,
    OK,
    STALE,
    TICK,
    VOL_REGIME,
    WARMING,
    Reading,
    Vpin,
    VpinParams,
)
from operators.vpin import vpin_on_frame
from tests.oracles.exact_vpin import GRID_NS, Best, Clock, Event, Exact, ExactVpin, Setup, Trade

CLASSIFIERS = {"aggressor": AGGRESSOR, "lee_ready": LEE_READY, "tick": TICK, "bvc": BVC}
MODES = {"fixed": FIXED, "adv": ADV, "vol_regime": VOL_REGIME}
STATUSES = {
    WARMING: "warming",
    LOW_VOLUME: "low_volume",
    OK: "ok",
    STALE: "stale",
    INVALID_FLAG: "invalid_flag",
}
SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def params_of(setup: Setup) -> Cell[VpinParams]:
    """Return what the rules are given."""
    return VpinParams.cell(
        enabled=1,
        bucket_steps=setup.bucket,
        n_buckets=setup.n_buckets,
        min_buckets=setup.min_buckets,
        vol_threshold_steps=setup.vol_threshold,
        quote_unit=setup.unit == "quote",
        estimator=MEAN_ABS if setup.estimator == "mean_abs" else NET,
        weighted=setup.partial == "weighted",
        fallback=setup.fallback,
        classifier=CLASSIFIERS[setup.classifier],
        mid_tie_hash=setup.mid_tie == "hash",
        hash_key=setup.key,
        quote_lag_ns=setup.quote_lag_ns,
        bvc_bar_ns=setup.bar_ns,
        bvc_decay=setup.decay,
        max_lag_us=setup.max_lag_us,
        bucket_mode=MODES[setup.mode],
        adv_halflife_ns=setup.halflife_ns,
        buckets_per_day=setup.per_day,
        cdf=setup.cdf,
        cdf_window=setup.cdf_window,
        cdf_min=setup.cdf_min,
    )


def rows_of(events: Sequence[Event]) -> tuple[Rows, list[int]]:
    """Return rows, and which of them ends each event."""
    told: list[dict[str, int]] = []
    ends = []
    for event in events:
        told += _rows(event)
        ends.append(len(told) - 1)
    rows = Row.table(len(told))
    for i, fields in enumerate(told):
        for name, value in fields.items():
            setattr(rows[i], name, value)
    return rows, ends


def _rows(event: Event) -> list[dict[str, int]]:
    when = {"ts_event": event.ts, "ts_recv": event.ts}
    if isinstance(event, Clock):
        return [when | {"kind": CLOCK}]
    when |= {"lag_us": event.lag_us}
    if isinstance(event, Best):
        best = when | {"kind": BEST, "size_lots": 1}
        return [
            best | {"side": BUY, "price_ticks": event.bid},
            best | {"side": SELL, "price_ticks": event.ask, "marks": LAST},
        ]
    trade = {"kind": TRADE, "side": event.side, "price_ticks": event.price, "size_lots": event.lots}
    return [when | trade | {"id": event.id, "marks": LAST}]


def read_all(
    setup: Setup, events: Sequence[Event], state: Cell[Vpin] | None = None
) -> tuple[Cell[Vpin], list[Reading]]:
    """Return the state in the end, and what is read after each event."""
    rows, ends = rows_of(events)
    state = Vpin.cell() if state is None else state
    readings: Table[Reading] = Reading.table(len(rows))
    vpin_on_frame(state, params_of(setup), rows, readings)
    return state, [readings[i] for i in ends]


def last(setup: Setup, events: Sequence[Event]) -> Reading:
    """Return what is read in the end."""
    return read_all(setup, events)[1][-1]


def assert_equal(setup: Setup, events: Sequence[Event]) -> None:
    """Hold the rules to the exact computation after every event."""
    exact = ExactVpin(setup)
    for n, (event, reading) in enumerate(zip(events, read_all(setup, events)[1], strict=True)):
        told = exact.sees(event)
        assert agree(reading, told), f"event {n} of {events}: {reading} is not {told}, {setup}"


def agree(reading: Reading, told: Exact) -> bool:
    """Say whether a reading is what it should be, to 1e-12."""
    if (STATUSES[int(reading.status)], reading.n_closed) != (told.status, told.n_closed):
        return False
    pairs = (reading.value, told.value), (reading.level, told.level), (reading.net_imbalance, told.net)
    return all(abs(float(read) - exact) <= 1e-12 for read, exact in pairs)


@dataclass
class Chance:
    """Random settings, and tapes that look for their edges."""

    rng: random.Random

    def setup(self) -> Setup:
        """Return settings, each as likely as the others."""
        rng = self.rng
        return Setup(
            bucket=rng.choice([1, 2, 3, 7, 10, 50, 997]),
            n_buckets=rng.choice([1, 2, 3, 8, 50]),
            min_buckets=rng.choice([0, 1, 1, 2, 5]),
            vol_threshold=rng.choice([0, 0, 0, 10, 500]),
            unit=rng.choice(["base", "base", "quote"]),
            estimator=rng.choice(["mean_abs", "net"]),
            partial=rng.choice(["exclude", "weighted"]),
            fallback=rng.choice([0.5, 0.0, 0.25]),
            classifier=rng.choice(list(CLASSIFIERS)),
            mid_tie=rng.choice(["tick", "hash"]),
            key=rng.randrange(2**31),
            quote_lag_ns=rng.choice([0, 1, 5_000_000, 2 * SECOND]),
            bar_ns=rng.choice([1_000_000, 100_000_000, SECOND, 60 * SECOND]),
            decay=rng.choice([0.0, 0.5, 0.94]),
            max_lag_us=rng.choice([0, 0, 100]),
            mode=rng.choice(["fixed", "fixed", "adv", "vol_regime"]),
            halflife_ns=rng.choice([36 * SECOND, 3600 * SECOND, 86_400 * SECOND]),
            per_day=rng.choice([1, 50, 86_400]),
            cdf=rng.random() < 0.3,
            cdf_window=rng.choice([1, 2, 5, 40]),
            cdf_min=rng.choice([1, 3, 10]),
        )

    def events(self, setup: Setup, n: int) -> list[Event]:
        """Return a market that moves little, so that prices tie, and trades that end where buckets do."""
        rng, ts, mid = self.rng, START + self.rng.randrange(SECOND), 40
        flags = rng.choice([(BUY, SELL), (BUY, SELL), (BUY, SELL, 0), (0,), (SELL,)])
        numbered = rng.random() < 0.5
        events: list[Event] = []
        for i in range(n):
            ts += rng.choice([0, 1, 999_999, 5_000_000, GRID_NS, SECOND, rng.randrange(2 * SECOND)])
            mid = max(5, mid + rng.choice([-3, -1, 0, 0, 0, 1, 3]))
            lag = rng.choice([0, 0, 0, 100, 101])
            kind = rng.random()
            if kind < 0.1:
                events.append(Clock(ts))
            elif kind < 0.35:
                events.append(Best(ts, mid - rng.choice([0, 1, 1, 2]), mid + rng.choice([0, 1, 1, 2]), lag))
            else:
                number = max(1, i + rng.choice([1, 1, 1, 1, 0, -3])) if numbered else 0
                price = mid + rng.choice([-1, 0, 0, 1])
                events.append(Trade(ts, rng.choice(flags), price, self.lots(setup), number, lag))
        return events

    def lots(self, setup: Setup) -> int:
        """Return a size: one, about a bucket, about a window, or anything."""
        rng, bucket = self.rng, setup.bucket
        about = bucket * rng.choice([1, 1, 1, 2, setup.n_buckets])
        most = 3000 if rng.random() < 0.002 else 3
        steps = rng.choice([1, 1, about - 1, about, about + 1, rng.randint(1, bucket * most)])
        return max(1, steps if setup.unit == "base" else steps // rng.choice([36, 39, 40]))
