"""How a symbol is quoted, in the units of its ticks and lots."""

from configs.schema_market import Source
from configs.schema_quoting import Calibration
from configs.settings import SymbolSettings
from operators.calibration import STEP_S, CalibrationParams
from operators.funding import FundingParams
from operators.kernel import Cell
from operators.quotes import (
    AVELLANEDA_STOIKOV,
    FIXED,
    GLFT,
    GLFT_EXACT,
    LINEAR,
    OWN,
    RAMP,
    STEP,
    AsmmParams,
)

MODELS = {
    "fixed": FIXED,
    "glft": GLFT,
    "glft_exact": GLFT_EXACT,
    "avellaneda_stoikov": AVELLANEDA_STOIKOV,
}
WIDENINGS = {"linear": LINEAR, "step": STEP, "ramp": RAMP}
UNLIMITED = 1 << 40


def nanoseconds(ms: float) -> int:
    """Return a time in whole nanoseconds."""
    return round(ms * 1_000_000)


def asmm_params(symbol: SymbolSettings, source: Source) -> Cell[AsmmParams]:
    """Return how one symbol is quoted."""
    quoting, vpin, signals = symbol.quoting, symbol.vpin, symbol.signals
    improve = quoting.max_improve_ticks
    params = AsmmParams.cell(
        **model_params(symbol),
        order_lots=quoting.order_lots,
        max_inventory_lots=quoting.max_inventory_lots,
        levels=quoting.levels,
        max_improve_ticks=UNLIMITED if improve is None else improve,
        microprice=quoting.fair_price == "microprice",
        on_clock_only=quoting.decide == "clock",
        stale_after_ns=nanoseconds(source.stale_after_ms),
        widen_mode=WIDENINGS[vpin.widen_mode],
        threshold=vpin.threshold,
        multiplier=vpin.multiplier,
        pause_threshold=vpin.pause_threshold,
        pause_ns=nanoseconds(vpin.pause_seconds * 1000),
        pause_keeps_reducing=vpin.pause_keeps_reducing,
        ofi_lean_ticks=signals.ofi_lean_ticks,
        queue_lean_ticks=signals.queue_lean_ticks,
        microprice_lean=signals.microprice_lean,
        trade_lean_ticks=signals.trade_lean_ticks,
        toxic_skew=vpin.toxic_skew if vpin.toxic_reduce == "skew" else 0.0,
    )
    params[0].calibration = calibration_params(symbol.calibration, source)[0]
    params[0].funding = FundingParams.cell(
        bias=quoting.funding_bias,
        horizon_s=quoting.funding_horizon_s,
        max_fraction=quoting.funding_max_fraction,
    )[0]
    return params


def model_params(symbol: SymbolSettings) -> dict[str, float]:
    """Return what spread and skew follow from."""
    quoting = symbol.quoting
    return {
        "model": MODELS.get(quoting.model, OWN),
        "half_spread_ticks": quoting.half_spread_ticks,
        "min_half_spread_bps": quoting.min_half_spread_bps,
        "skew_ticks_per_lot": quoting.skew_ticks_per_lot,
        "risk_aversion": quoting.risk_aversion * float(symbol.instrument.tick_lot),
        "horizon_s": quoting.horizon_s,
        "vol_spread_factor": quoting.vol_spread_factor,
        "fee": max(0.0, float(symbol.venue.maker_fee_bps) * 1e-4) if quoting.cover_fees else 0.0,
    }


def calibration_params(calibration: Calibration, source: Source) -> Cell[CalibrationParams]:
    """Return how the market is learnt; where it is silent for so long that quotes go, nothing is."""
    return CalibrationParams.cell(
        window_steps=_steps(calibration.window_s),
        warm_steps=_steps(calibration.warm_s),
        quiet_steps=_steps(source.stale_after_ms / 1000),
        refit_ns=nanoseconds(calibration.refit_s * 1000),
        keep=0.5 ** (STEP_S / calibration.volatility_halflife_s),
        from_bps=calibration.fit_from_bps,
        to_bps=calibration.fit_to_bps,
        min_r2=calibration.min_r2,
    )


def _steps(seconds: float) -> int:
    return max(1, round(seconds / STEP_S))
