"""Settings turned into the parameters that kernels read: human units end here."""

import hashlib
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from configs.buckets import bucket_steps, step
from configs.maker import asmm_params
from configs.maker import nanoseconds as _ns
from configs.schema_market import Source
from configs.schema_quoting import Quoting, Vpin
from configs.schema_risk import SymbolRisk
from configs.settings import SymbolSettings
from operators.book import BookParams
from operators.desk import Rules
from operators.flow import FlowParams
from operators.instruments import Instrument
from operators.kernel import Cell
from operators.kpis import KpisParams
from operators.ledger import LedgerParams
from operators.limits import HALTED, REDUCING, RiskParams
from operators.loop import LoopParams
from operators.orders import OrdersParams
from operators.queue import PROB, RISK_AVERSE, VenueParams
from operators.rows import NOTIONAL_LIMIT
from operators.toxicity import (
    ADV,
    AGGRESSOR,
    BVC,
    FIXED,
    LEE_READY,
    MEAN_ABS,
    NET,
    TICK,
    VOL_REGIME,
    VpinParams,
)

CLASSIFIERS = {"aggressor": AGGRESSOR, "lee_ready": LEE_READY, "tick": TICK, "bvc": BVC}
BUCKET_MODES = {"fixed": FIXED, "adv": ADV, "vol_regime": VOL_REGIME}
HOUR_NS = 3_600_000_000_000


def rules_for(symbol: SymbolSettings, source: Source) -> Rules:
    """Return every parameter of one symbol."""
    return Rules(
        loop=_loop(symbol.quoting),
        venue=_venue(symbol),
        book=BookParams.cell(
            newer_wins=symbol.book.on_cross == "newer_wins", shows_own=symbol.book.shows_own_orders
        ),
        vpin=vpin_params(symbol.vpin, symbol.instrument),
        flow=FlowParams.cell(halflife_ns=_ns(symbol.signals.halflife_s * 1000)),
        asmm=asmm_params(symbol, source),
        orders=OrdersParams.cell(
            requote_ticks=int(symbol.quoting.requote_ticks),
            min_requote_ns=_ns(symbol.quoting.min_requote_ms),
            amends=symbol.orders.replace == "amend",
            level_step_ticks=symbol.quoting.level_step_ticks,
            unknown_after_ns=_ns(symbol.orders.unknown_after_ms),
            confirm_after_ns=_ns(symbol.orders.confirm_after_s * 1000),
            life_ms=round(symbol.orders.life_s * 1000),
        ),
        risk=_risk(symbol, source),
        ledger=LedgerParams.cell(
            maker_fee_e8=_e8(symbol.venue.maker_fee_bps), taker_fee_e8=_e8(symbol.venue.taker_fee_bps)
        ),
        kpis=KpisParams.cell(sample_ns=_ns(symbol.kpis.sample_s * 1000), threshold=symbol.vpin.threshold),
    )


def _e8(bps: Decimal) -> int:
    return int((bps * 10_000).to_integral_value(ROUND_HALF_UP))


def _ceil(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))


def _floor(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_FLOOR))


def _least(instrument: Instrument) -> int:
    return _ceil(instrument.min_notional / instrument.tick_lot)


def _loop(quoting: Quoting) -> Cell[LoopParams]:
    return LoopParams.cell(clock_ns=_ns(quoting.clock_ms), on_clock_only=quoting.decide == "clock")


def _venue(symbol: SymbolSettings) -> Cell[VenueParams]:
    venue = symbol.venue
    entry, response = _table(venue.entry_latency_table_ms), _table(venue.response_latency_table_ms)
    cell = VenueParams.cell(
        entry_ns=min(entry, default=_ns(venue.entry_latency_ms)),
        response_ns=min(response, default=_ns(venue.response_latency_ms)),
        n_entry=len(entry),
        n_response=len(response),
        key=hash_key(symbol.instrument.symbol),
        max_requests=venue.max_requests,
        rate_window_ns=_ns(venue.rate_window_s * 1000),
        outage_every_ns=_ns(venue.outage_every_s * 1000),
        outage_for_ns=_ns(venue.outage_for_s * 1000),
        reject_share=venue.reject_share,
        lose_share=venue.lose_share,
        repeat_share=venue.repeat_share,
        swap_share=venue.swap_share,
        queue=PROB if venue.queue == "prob" else RISK_AVERSE,
        queue_power=venue.queue_power,
        partial_fills=venue.partial_fills,
        min_notional_tick_lots=_least(symbol.instrument),
    )
    cell[0].entry_table_ns[: len(entry)] = entry
    cell[0].response_table_ns[: len(response)] = response
    return cell


def _table(latencies_ms: tuple[float, ...]) -> list[int]:
    return [_ns(ms) for ms in latencies_ms]


def vpin_params(vpin: Vpin, instrument: Instrument) -> Cell[VpinParams]:
    """Return the parameters of VPIN on an instrument's grid."""
    threshold = vpin.vol_threshold / step(vpin, instrument)
    return VpinParams.cell(
        enabled=vpin.enabled,
        bucket_steps=bucket_steps(vpin, instrument),
        n_buckets=vpin.n_buckets,
        min_buckets=vpin.min_buckets,
        vol_threshold_steps=_ceil(threshold),
        quote_unit=vpin.bucket_unit == "quote",
        estimator=MEAN_ABS if vpin.estimator == "mean_abs" else NET,
        weighted=vpin.partial == "weighted",
        fallback=vpin.fallback,
        **_classifier(vpin, instrument),
        max_lag_us=round(vpin.max_lag_ms * 1000),
        bucket_mode=BUCKET_MODES[vpin.bucket_mode],
        adv_halflife_ns=round(vpin.adv_halflife_h * HOUR_NS),
        buckets_per_day=vpin.buckets_per_day,
        cdf=vpin.threshold_mode == "cdf",
        cdf_window=vpin.cdf_window,
        cdf_min=vpin.cdf_min,
    )


def _classifier(vpin: Vpin, instrument: Instrument) -> dict[str, float]:
    return {
        "classifier": CLASSIFIERS[vpin.classifier],
        "mid_tie_hash": vpin.mid_tie == "hash",
        "hash_key": hash_key(instrument.symbol),
        "quote_lag_ns": _ns(vpin.quote_lag_ms),
        "bvc_bar_ns": _ns(vpin.bvc_bar_s * 1000),
        "bvc_decay": vpin.bvc_decay,
    }


def hash_key(symbol: str) -> int:
    """Return a symbol's key of 31 bits: the same on every machine."""
    return int.from_bytes(hashlib.sha256(symbol.encode()).digest()[:4]) >> 1


def _risk(symbol: SymbolSettings, source: Source) -> Cell[RiskParams]:
    risk, unit = symbol.risk, symbol.instrument.tick_lot
    return RiskParams.cell(
        budget_tick_lots=_floor(risk.budget_notional / unit),
        max_order_tick_lots=_floor(risk.max_order_notional / unit),
        min_notional_tick_lots=_least(symbol.instrument),
        max_inventory_lots=symbol.quoting.max_inventory_lots,
        daily_loss_tick_lots=_loss(risk.daily_loss, unit),
        drawdown_tick_lots=_loss(risk.drawdown, unit),
        loss_state=HALTED if risk.on_loss == "halt" else REDUCING,
        stale_after_ns=_ns(source.stale_after_ms),
        max_lag_ns=_ns(risk.max_lag_ms),
        **_rate(risk),
        price_band_bps=risk.price_band_bps,
    )


def _loss(limit: Decimal | None, unit: Decimal) -> int:
    """A limit below one unit is not none, and one beyond what can be counted is never reached."""
    return 0 if limit is None else min(max(1, _floor(limit / unit)), NOTIONAL_LIMIT)


def _rate(risk: SymbolRisk) -> dict[str, int]:
    gap_ns = round(1e9 / risk.orders_per_s) if risk.orders_per_s else 0
    return {"order_gap_ns": gap_ns, "burst_ns": gap_ns * (risk.order_burst - 1)}
