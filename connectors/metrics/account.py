"""Metrics of the account: what is held, what it earned, and what became of fills."""

from collections.abc import Mapping
from typing import Final

from connectors.metrics.family import COUNTER, GAUGE, Family, share
from connectors.metrics.view import View
from operators.ledger import MICRO
from operators.markouts import ADVERSE, HORIZONS

BPS: Final = 1e-4
AGES: Final = tuple(f"{ns / 1e9:g}s" for ns in HORIZONS.tolist())


def _pnl(view: View) -> Mapping[str, float]:
    return {name: view.money(part, MICRO) for name, part in view.parts._asdict().items()}


def _exposure_share(view: View) -> float | None:
    return share(view.money(view.exposure_tick_lots()), float(view.facts.budget_notional))


def _adverse(view: View) -> float | None:
    aged = view.markouts.at[ADVERSE]
    return share(aged.n_negative, aged.n)


def _fills(view: View) -> Mapping[str, float]:
    n, makers = view.ledger.n_fills, view.ledger.n_maker_fills
    return {"maker": makers, "taker": n - makers}


POSITION: Final = (
    Family(
        "mm_position_base",
        GAUGE,
        "Position, base asset: positive is long.",
        lambda view: view.size(view.ledger.position_lots),
    ),
    Family(
        "mm_position_notional",
        GAUGE,
        "Position times mid, quote currency: positive is long.",
        lambda view: view.money(view.ledger.position_lots * view.twice_mid, 2),
    ),
    Family(
        "mm_exposure_notional",
        GAUGE,
        "What the position would be worth if all that may fill on the worse side did, quote currency, "
        "at the dearest of the mid and those orders: what risk holds against the budget.",
        lambda view: view.money(view.exposure_tick_lots()),
    ),
    Family(
        "mm_budget_notional",
        GAUGE,
        "Most that this exposure may be, quote currency.",
        lambda view: float(view.facts.budget_notional),
        early=True,
    ),
    Family("mm_exposure_ratio", GAUGE, "Exposure as a share of the budget.", _exposure_share),
)

PNL: Final = (
    Family(
        "mm_pnl",
        GAUGE,
        "The parts of the profit, quote currency, which add up to mm_pnl_after_fees: positive was gained, "
        "so fees and funding that were paid are negative.",
        _pnl,
        "part",
    ),
    Family(
        "mm_pnl_after_fees",
        GAUGE,
        "Profit, open position at mid, after fees and funding, quote currency.",
        lambda view: view.equity(),
    ),
    Family(
        "mm_traded_notional_total",
        COUNTER,
        "Notional of all fills, quote currency.",
        lambda view: view.money(view.ledger.traded_tick_lots),
    ),
)

FILLS: Final = (
    Family("mm_fills_total", COUNTER, "Fills.", _fills, "liquidity"),
    Family(
        "mm_fill_ratio",
        GAUGE,
        "Orders with a fill as a share of those accepted, since the run began; absent before there is one.",
        lambda view: share(view.orders.n_with_fill, view.orders.n_accepted),
    ),
    Family(
        "mm_adverse_selection_ratio",
        GAUGE,
        "Share of fills against which the mid stood after 1 s, since the run began; absent before there is "
        "one.",
        _adverse,
    ),
    Family(
        "mm_markout_ratio",
        GAUGE,
        "Mean of side times (mid so long after the fill less price) as a share of the price: positive is "
        "good for us; absent before there is one.",
        lambda view: {
            age: BPS * aged.bps_sum / aged.n
            for age, aged in zip(AGES, view.markouts.at, strict=True)
            if aged.n
        },
        "horizon",
    ),
    Family(
        "mm_markout_fills_total",
        COUNTER,
        "Fills whose markout was taken.",
        lambda view: {age: aged.n for age, aged in zip(AGES, view.markouts.at, strict=True)},
        "horizon",
    ),
    Family(
        "mm_adverse_fills_total",
        COUNTER,
        "Fills against which the mid stood after 1 s.",
        lambda view: view.markouts.at[ADVERSE].n_negative,
    ),
)
