"""What several keys must agree on: rules that no key can be held to alone."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from configs.buckets import step
from configs.problems import ABSENT
from configs.schema_kafka import OUTGOING, Kafka
from configs.schema_market import Source, Synthetic, Venue
from configs.schema_quoting import Calibration, Quoting, Vpin
from configs.schema_risk import Orders, Risk
from operators.depths import MOST_ORDERS
from operators.instruments import Instrument
from operators.rows import LIMIT

MEASURE: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
MODELS: Final = ("glft", "glft_exact", "avellaneda_stoikov", "fixed")
LEAST_PRICE_TICKS: Final = 100
LEAST_TRADE_LOTS: Final = 5
MOST_STEPS: Final = 2**40
"""A synthetic market's price in ticks and mean trade in lots: neither all rounding nor beyond exactness."""
LEAST_RATE: Final = 0.001
"""Orders per second: a burst of 100,000 is then three years ahead of its time, which still fits 64 bits."""
MOST_NOTIONAL: Final = 2**46
"""Its mean trade in ticks times lots."""


class Clash(NamedTuple):
    """Keys of one section that contradict each other; the first of them is named."""

    fields: tuple[str, ...]
    text: str
    value: object = ABSENT
    one_symbol: bool = False
    """It is the symbol, not these keys alone, that they do not suit."""


def source_clashes(source: Source) -> Iterator[Clash]:
    """Check where the market comes from."""
    if source.kind == "recorded" and not source.path:
        yield Clash(("path", "kind"), "must be given when source.kind is recorded")


def kafka_clashes(kafka: Kafka) -> Iterator[Clash]:
    """Check that it is said which topic is read, and from where."""
    if kafka.topic is None:
        yield Clash(("topic",), "must be given when source.kind is kafka")
    if kafka.start == "timestamp" and kafka.start_time is None:
        yield Clash(("start_time", "start"), "must be given when kafka.start is timestamp")
    if kafka.start == "offsets" and not kafka.start_offsets:
        yield Clash(("start_offsets", "start"), "must be given when kafka.start is offsets")

    if kafka.reports_topic is not None and kafka.orders_topic is None:
        yield Clash(("orders_topic", "reports_topic"), "must be given when kafka.reports_topic is")
    if kafka.reports_topic is not None and not kafka.tells_best:
        yield Clash(("tells_best", "reports_topic"), "must be true at a venue elsewhere", "false")


def outgoing_clashes(kafka: Kafka) -> Iterator[Clash]:
    """Check that a run does not read what it tells, unless a topic holds everything."""
    others = ("topic", "reports_topic", *OUTGOING)
    if kafka.control_topic is not None and kafka.control_topic in (getattr(kafka, each) for each in others):
        text = "must be a topic of its own: all of it is read, and what is no control becomes a dead letter"
        yield Clash(("control_topic", *others), text, kafka.control_topic)
    for field in OUTGOING if kafka.reports_topic is None else ():
        if kafka.topic is not None and getattr(kafka, field) == kafka.topic:
            yield Clash((field, "topic"), "must not be kafka.topic, where the market is", kafka.topic)


def vpin_clashes(vpin: Vpin, instrument: Instrument | None) -> Iterator[Clash]:
    """Check the toxicity of the order flow, and that its volumes can be counted."""
    if vpin.min_buckets > vpin.n_buckets:
        text = f"must be at most n_buckets, which is {vpin.n_buckets}"
        yield Clash(("min_buckets", "n_buckets"), text, vpin.min_buckets)
    if vpin.measure is not None and not MEASURE.fullmatch(vpin.measure):
        yield Clash(("measure",), "must be module:name, as in toxicity.own:make", vpin.measure)
    if vpin.threshold_mode == "cdf" and vpin.cdf_min > vpin.cdf_window:
        text = f"must be at most cdf_window, which is {vpin.cdf_window}"
        yield Clash(("cdf_min", "cdf_window"), text, vpin.cdf_min)
    if instrument is not None:
        one = step(vpin, instrument)
        for field in ("bucket_size", "vol_threshold"):
            yield from _too_many(field, getattr(vpin, field), one, "bucket_unit")


def venue_clashes(venue: Venue) -> Iterator[Clash]:
    """Check that the venue is there at times."""
    if 0 < venue.outage_every_s <= venue.outage_for_s:
        text = f"must be less than outage_every_s, which is {venue.outage_every_s:g}"
        yield Clash(("outage_for_s", "outage_every_s"), text, f"{venue.outage_for_s:g}")


def orders_clashes(orders: Orders, venue: Venue) -> Iterator[Clash]:
    """Check that an order is asked after only when its answer could have come."""
    entry = max(venue.entry_latency_table_ms, default=venue.entry_latency_ms)
    response = max(venue.response_latency_table_ms, default=venue.response_latency_ms)
    if orders.unknown_after_ms <= entry + response:
        text = f"must be more than the {entry + response:g} ms that an answer of the venue takes"
        yield Clash(("unknown_after_ms",), text, f"{orders.unknown_after_ms:g}")


def quoting_clashes(quoting: Quoting) -> Iterator[Clash]:
    """Check the quotes."""
    if quoting.model not in MODELS and not MEASURE.fullmatch(quoting.model):
        text = f"must be {', '.join(MODELS)}, or module:name, as in models.own:make"
        yield Clash(("model",), text, quoting.model)
    if quoting.order_lots > quoting.max_inventory_lots:
        text = f"must be at most max_inventory_lots, which is {quoting.max_inventory_lots}"
        yield Clash(("order_lots", "max_inventory_lots"), text, quoting.order_lots)
    elif quoting.model == "glft_exact" and quoting.max_inventory_lots // quoting.order_lots > MOST_ORDERS:
        most = MOST_ORDERS * quoting.order_lots
        text = f"must be at most {most} for glft_exact, {MOST_ORDERS} times order_lots"
        yield Clash(("max_inventory_lots", "order_lots", "model"), text, quoting.max_inventory_lots)


def calibration_clashes(calibration: Calibration) -> Iterator[Clash]:
    """Check what is learnt of the market."""
    if calibration.warm_s > calibration.window_s:
        text = f"must be at most window_s, which is {calibration.window_s:g}"
        yield Clash(("warm_s", "window_s"), text, calibration.warm_s)
    if calibration.fit_from_bps >= calibration.fit_to_bps:
        text = f"must be less than fit_to_bps, which is {calibration.fit_to_bps:g}"
        yield Clash(("fit_from_bps", "fit_to_bps"), text, calibration.fit_from_bps)


def risk_clashes(risk: Risk, instrument: Instrument | None) -> Iterator[Clash]:
    """Check that limits can be counted."""
    if 0 < risk.orders_per_s < LEAST_RATE:
        text = f"must be at least {LEAST_RATE:g}, or 0 for no limit"
        yield Clash(("orders_per_s",), text, risk.orders_per_s)
    if instrument is not None:
        one = instrument.tick_lot
        yield from _too_many("max_order_notional", risk.max_order_notional, one)
        yield from _too_many(
            "budget_notional", risk.budget_notional or risk.total_notional, one, "total_notional"
        )


def synthetic_clashes(synthetic: Synthetic, instrument: Instrument | None) -> Iterator[Clash]:
    """Check a synthetic market, and that its instrument's grid can express it."""
    price = synthetic.price
    if price is None:
        yield Clash(("price",), "must be given for a synthetic market", one_symbol=True)
    elif instrument is not None:
        ticks = price / instrument.tick
        lots = synthetic.mean_trade_notional / price / instrument.multiplier / instrument.lot
        if not LEAST_PRICE_TICKS <= ticks <= MOST_STEPS:
            text = f"must be {LEAST_PRICE_TICKS} to 2^40 ticks of {instrument.tick:f}"
            yield Clash(("price",), text, price, one_symbol=True)
        if not LEAST_TRADE_LOTS <= lots <= MOST_STEPS:
            text = f"must be worth {LEAST_TRADE_LOTS} to 2^40 lots of {instrument.lot:f}"
            yield Clash(
                ("mean_trade_notional", "price"), text, synthetic.mean_trade_notional, one_symbol=True
            )
        elif ticks <= MOST_STEPS < MOST_NOTIONAL < ticks * lots:
            text = f"must be at most 2^46 times {instrument.tick_lot:f}, one tick times one lot"
            yield Clash(("mean_trade_notional",), text, synthetic.mean_trade_notional, one_symbol=True)


def _too_many(field: str, amount: Decimal, one: Decimal, *others: str) -> Iterator[Clash]:
    if amount >= one * LIMIT:
        text = f"must be below 2^53 steps of {one:f}, the smallest for this instrument"
        yield Clash((field, *others), text, amount, one_symbol=True)
