"""Metrics of the running itself: orders and limits, what was lost, and how quick we are."""

import time
from collections.abc import Mapping
from typing import Any, Final, cast

from connectors.metrics.family import COUNTER, GAUGE, Family, one_of
from connectors.metrics.view import View
from connectors.standing import fault_counts
from operators.limits import DENIALS, STATES

SECOND: Final = 1e9


def _orders(view: View) -> Mapping[str, float]:
    orders = view.orders
    return {
        "placed": orders.n_placed,
        "accepted": orders.n_accepted,
        "filled": orders.n_with_fill,
        "amended": orders.n_amended,
        "canceled": orders.n_canceled,
        "rejected": orders.n_rejected,
        "expired": orders.n_expired,
        "unknown": orders.n_unknown,
    }


def _lag(view: View) -> float | None:
    if not view.now.answered_ns:
        return None
    return float(view.kpis.seen.lag_us / 1e6 + view.now.took_ns / SECOND)


def _answered(view: View) -> float | None:
    """By the wall clock: how long ago it was is known by the other one."""
    if not view.now.answered_ns:
        return None
    return time.time() - (time.perf_counter_ns() - view.now.answered_ns) / SECOND


ORDERS: Final = (
    Family(
        "mm_orders_total",
        COUNTER,
        "Orders and requests by what became of them: placed, amended and canceled count our requests; "
        "accepted and filled orders that the venue had, and that had a fill; unknown those whose outcome was "
        "unknown for a while.",
        _orders,
        "outcome",
    ),
    Family(
        "mm_denied_orders_total",
        COUNTER,
        "Wanted orders that risk kept back, by the limit that did.",
        lambda view: {name: int(view.risk.denied[code]) for code, name in DENIALS.items()},
        "code",
    ),
    Family(
        "mm_trading_state",
        GAUGE,
        "1 for the state that holds, 0 for the others.",
        lambda view: one_of(STATES, view.risk.state),
        "state",
    ),
)

LOST: Final = (
    Family(
        "mm_dead_letters_total",
        COUNTER,
        "Messages that could not be used, by reason; none stays at 0.",
        lambda view: {"none": 0, **view.letters},
        "reason",
        early=True,
    ),
    Family(
        "mm_faults_total",
        COUNTER,
        "How often a rule reached a state that cannot be.",
        lambda view: fault_counts(cast("Any", view.orders), view.now.tally),
        "rule",
    ),
)

SPEED: Final = (
    Family(
        "mm_event_lag_seconds",
        GAUGE,
        "How long after its arrival the newest event was released, and the time from then until its frame "
        "was answered, logged and posted.",
        _lag,
    ),
    Family("mm_frames_total", COUNTER, "Frames answered.", lambda view: view.now.number, early=True),
    Family(
        "mm_last_event_timestamp_seconds",
        GAUGE,
        "Market time of the last row, seconds since 1970 UTC.",
        lambda view: view.ledger.last_ns / SECOND,
    ),
    Family(
        "mm_last_frame_timestamp_seconds",
        GAUGE,
        "Wall-clock time of the last answer, seconds since 1970 UTC.",
        _answered,
        early=True,
    ),
    Family(
        "mm_config_version",
        GAUGE,
        "Version of the symbol's settings in force: 0 as the run began, and another with each reload that "
        "changed them.",
        lambda view: view.facts.version,
        early=True,
    ),
)
