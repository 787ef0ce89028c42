"""What is allowed, but probably not meant: said once, by `phoenix check` and at the start of a run."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from configs.buckets import bucket_steps, step
from configs.schema_quoting import Quoting
from configs.settings import Settings, SymbolSettings

FEWEST_TRADES: Final = 50
"""With fewer trades in a bucket, VPIN is high whatever the flow."""

READ_BY: Final = {
    "half_spread_ticks": ("fixed",),
    "skew_ticks_per_lot": ("fixed",),
    "horizon_s": ("avellaneda_stoikov",),
}
"""Keys of one model only."""


def notices(settings: Settings) -> list[str]:
    """Return one sentence for everything worth a second look."""
    found = list(_source(settings))
    for name, symbol in settings.symbols.items():
        vpin = [*_bucket(settings, symbol), *_levels(symbol)] if symbol.vpin.enabled else []
        found += [f"symbols.{name}.{text}" for text in [*vpin, *_quotes(settings, symbol)]]
    return found


def _source(settings: Settings) -> Iterator[str]:
    if settings.source.kind != "recorded" and settings.source.path:
        yield f"source.path is not read, because source.kind is {settings.source.kind}"
    if len({symbol.vpin.enabled for symbol in settings.symbols.values()}) > 1:
        without = [name for name, symbol in settings.symbols.items() if not symbol.vpin.enabled]
        yield f"vpin is enabled for some symbols, but not for {', '.join(without)}"


def _bucket(settings: Settings, symbol: SymbolSettings) -> Iterator[str]:
    vpin, one = symbol.vpin, step(symbol.vpin, symbol.instrument)
    size = bucket_steps(vpin, symbol.instrument) * one
    if size != vpin.bucket_size:
        yield f"vpin.bucket_size {vpin.bucket_size} is rounded to {size:f}, whole steps of {one:f}"
    if settings.source.kind == "synthetic" and symbol.synthetic.price is not None:
        yield from _against_market(symbol, symbol.synthetic.price, settings.source.duration_s)


def _against_market(symbol: SymbolSettings, price: Decimal, duration_s: float) -> Iterator[str]:
    vpin, synthetic = symbol.vpin, symbol.synthetic
    trade = float(synthetic.mean_trade_notional / (1 if vpin.bucket_unit == "quote" else price))
    trades = float(vpin.bucket_size) / trade
    if trades < FEWEST_TRADES:
        text = f"with fewer than {FEWEST_TRADES} VPIN is high whatever the flow"
        yield f"vpin.bucket_size holds about {trades:.2g} trades; {text}"
    needed = float(max(vpin.vol_threshold, vpin.min_buckets * vpin.bucket_size))
    coming = synthetic.trades_per_s * duration_s * trade
    if coming < needed:
        yield f"vpin needs a volume of {needed:,.0f} before it counts, and about {coming:,.0f} will be traded"


def _levels(symbol: SymbolSettings) -> Iterator[str]:
    vpin = symbol.vpin
    if vpin.pause_threshold == 1:
        yield "vpin.pause_threshold is 1, which VPIN never exceeds: quotes never pause"
    if vpin.threshold == 1:
        yield "vpin.threshold is 1, which VPIN never exceeds: there are no alerts"
    if vpin.pause_threshold < vpin.threshold:
        yield "vpin.pause_threshold is below vpin.threshold: quotes pause before there is an alert"
    if vpin.pause_seconds == 0 and vpin.pause_threshold < 1:
        yield "vpin.pause_seconds is 0: a pause is counted, but ends at once"


def _quotes(settings: Settings, symbol: SymbolSettings) -> Iterator[str]:
    quoting, risk = symbol.quoting, symbol.risk
    yield from _unread(quoting)
    if quoting.model == "fixed" and quoting.half_spread_ticks == 0 and quoting.min_half_spread_bps == 0:
        yield "quoting has no half spread: both quotes stand at the reservation price"
    if risk.max_order_notional > risk.budget_notional:
        yield f"risk.max_order_notional is larger than the symbol's budget, {risk.budget_notional}"
    price = symbol.synthetic.price
    if settings.source.kind == "synthetic" and price is not None:
        order = quoting.order_lots * symbol.instrument.lot * symbol.instrument.multiplier * price
        yield from _order(symbol, order)


def _unread(quoting: Quoting) -> Iterator[str]:
    """Name the keys that were given for another model."""
    for name, models in READ_BY.items():
        given = getattr(quoting, name) != Quoting.model_fields[name].default
        if given and quoting.model not in models:
            yield f"quoting.{name} is not read, because quoting.model is {quoting.model}"


def _order(symbol: SymbolSettings, order: Decimal) -> Iterator[str]:
    least, most = (
        symbol.instrument.min_notional,
        min(symbol.risk.max_order_notional, symbol.risk.budget_notional),
    )
    if order < least:
        yield f"quoting.order_lots makes orders of about {order:.2f}, below the venue's minimum of {least}"
    if order > most:
        yield f"quoting.order_lots makes orders of about {order:.2f}, above the {most} that risk allows"
