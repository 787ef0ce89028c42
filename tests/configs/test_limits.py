"""The limits as the rules get them, whatever amounts they are set to."""

import pytest

from configs.rules import rules_for
from operators.rows import NOTIONAL_LIMIT

ETH = "symbols: {ETHUSDC: {synthetic: {price: 2500}}}"
MARKET = "synthetic: {price: 2500, mean_trade_notional: 1e6}"
GRID = f"symbols: {{TESTUSDC: {{{MARKET}, instrument: {{tick: 1, lot: 10}}}}}}"
LATE = "venue: {entry_latency_ms: 40, response_latency_table_ms: [10, 60]}"


@pytest.fixture
def limits(loaded):
    """The limits of the only symbol."""

    def limits_of(text):
        settings = loaded(text)
        (symbol,) = settings.symbols.values()
        return rules_for(symbol, settings.source).risk[0]

    return limits_of


@pytest.mark.parametrize(
    ("amount", "tick_lots"),
    [("29.5", 2), ("10", 1), ("9.99", 1), ("1e-18", 1), ("1e15", 10**14), ("null", 0)],
)
def test_a_limit_on_losses_is_rounded_down_but_never_to_none(limits, amount, tick_lots):
    found = limits(f"risk: {{daily_loss: {amount}, drawdown: {amount}}}\n{GRID}")
    assert (found.daily_loss_tick_lots, found.drawdown_tick_lots) == (tick_lots, tick_lots)


def test_a_limit_on_losses_beyond_what_can_be_counted_is_the_most_that_can(limits):
    found = limits(f"risk: {{total_daily_loss: 1e15, drawdown: 1e15, total_notional: 1e6}}\n{ETH}")
    assert (found.daily_loss_tick_lots, found.drawdown_tick_lots) == (NOTIONAL_LIMIT, NOTIONAL_LIMIT)


def test_the_slowest_rate_and_the_largest_burst_still_fit(limits):
    found = limits(f"risk: {{orders_per_s: 0.001, order_burst: 100_000, max_lag_ms: 86_400_000}}\n{ETH}")
    assert (found.order_gap_ns, found.burst_ns) == (10**12, 99_999 * 10**12)
    assert found.max_lag_ns == 86_400 * 10**9


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "risk: {orders_per_s: 0.0009}",
            "risk.orders_per_s must be at least 0.001, or 0 for no limit, was 0.0009",
        ),
        ("risk: {max_lag_ms: 86_400_001}", "risk.max_lag_ms must be at most 8.64e+07, was 86_400_001"),
        (
            f"orders: {{unknown_after_ms: 100}}\n{LATE}",
            "orders.unknown_after_ms must be more than the 100 ms that an answer of the venue takes, was 100",
        ),
    ],
)
def test_limits_that_cannot_work_are_refused(problems, text, problem):
    assert [told.removeprefix("x.yaml: ") for told in problems(f"{text}\n{ETH}")] == [problem]


def test_an_answer_that_takes_no_longer_than_expected_is_not_asked_after(limits):
    limits(f"orders: {{unknown_after_ms: 100.1}}\n{LATE}\n{ETH}")
