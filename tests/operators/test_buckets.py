"""The volume clock: where buckets end, how large the next is, and how a value ranks."""

import math

import pytest

from operators.buckets import LARGEST
from operators.rows import BUY, SELL
from operators.toxicity import MOST_BUCKETS, MOST_VALUES
from tests.oracles.exact_vpin import DAY_NS, Best, Clock, Event, Setup, Trade
from tests.oracles.toxic_tapes import SECOND, START, assert_equal, last, read_all

HOUR = 3600 * SECOND
SIDES = {"b": BUY, "s": SELL}


def flow(*trades, ts=START, step_ns=0):
    """Trades as `b8`, `s2`: side and lots."""
    return [Trade(ts + n * step_ns, SIDES[t[0]], 100, int(t[1:])) for n, t in enumerate(trades)]


def buckets(state, n):
    return list(zip(state[0].imbalance[:n].tolist(), state[0].sizes[:n].tolist(), strict=True))


def test_a_bucket_ends_exactly_where_it_is_full():
    state, readings = read_all(Setup(), flow("s9", "b1", "b10", "s11"))
    assert [reading.n_closed for reading in readings] == [0, 1, 2, 3]
    assert buckets(state, 3) == [(-8, 10), (10, 10), (-10, 10)]
    assert (state[0].open_buy, state[0].open_sell) == (0, 1)


def test_buckets_of_one_lot_close_with_every_lot():
    assert last(Setup(bucket=1), flow("b3", "s1")).n_closed == 4
    assert last(Setup(bucket=1), flow("b3", "s1")).net_imbalance == 0.5


@pytest.mark.parametrize("lots", [9, 10, 11, 49, 50, 51, 59, 60, 61, 10_000, 10_009])
@pytest.mark.parametrize("cdf", [False, True])
@pytest.mark.parametrize("classifier", ["aggressor", "bvc"])
def test_a_trade_about_as_large_as_the_window_or_the_ranks_is_exact(lots, cdf, classifier):
    setup = Setup(n_buckets=5, cdf=cdf, cdf_window=7, cdf_min=3, classifier=classifier)
    told = flow("b5", f"s{lots}", "b3", f"b{lots}", "s50", f"b{lots}", step_ns=SECOND)
    assert_equal(setup, [*told, Clock(START + HOUR)])


def test_the_open_bucket_counts_with_its_share_if_asked():
    """Closed: 10 bought. Open: 1 bought, 4 sold: (10 + 3) / 15, signed (10 - 3) / 15."""
    told = flow("b11", "s4")
    assert last(Setup(), told).value == 1.0
    weighted = last(Setup(partial="weighted"), told)
    assert weighted.value == pytest.approx(13 / 15, rel=1e-15)
    assert weighted.net_imbalance == pytest.approx(7 / 15, rel=1e-15)
    assert last(Setup(partial="weighted", estimator="net"), told).value == pytest.approx(7 / 15, rel=1e-15)


def test_before_the_first_bucket_closes_the_open_one_gives_no_value():
    reading = last(Setup(partial="weighted"), flow("b9"))
    assert (reading.value, reading.net_imbalance, reading.n_closed) == (0.5, 0.0, 0)


def day_of(pace_s, hours, bucket=1000, per_day=50, half_h=24):
    """One lot every so often: what the last bucket held."""
    setup = Setup(
        bucket=bucket, per_day=per_day, mode="adv", halflife_ns=half_h * HOUR, n_buckets=MOST_BUCKETS
    )
    n = round(hours * 3600 / pace_s)
    return read_all(setup, flow(*["b1"] * n, step_ns=round(pace_s * SECOND)))[0]


def test_the_first_bucket_is_as_configured_and_a_steady_pace_keeps_it():
    """864 lots a day in buckets of a twenty-fourth: 36 lots."""
    state = day_of(100, hours=5, bucket=36, per_day=24)
    sizes = [size for _, size in buckets(state, int(state[0].n_closed))]
    assert sizes[0] == 36
    assert {abs(size - 36) for size in sizes} <= {0, 1}, "the lot that fills it counts at once"
    assert len(sizes) >= 4


def test_buckets_grow_into_the_pace_of_the_day():
    """1 lot in 30 s is 120 lots in an hour's bucket; half-life 6 hours, configured 12."""
    state = day_of(30, hours=40, bucket=12, per_day=24, half_h=6)
    sizes = [size for _, size in buckets(state, int(state[0].n_closed))]
    assert sizes[0] == 12
    assert sizes == sorted(sizes)
    assert 115 < sizes[-1] <= 121


def test_one_burst_is_not_taken_for_the_pace_of_a_day():
    setup = Setup(bucket=100, mode="adv", halflife_ns=DAY_NS)
    state, _ = read_all(setup, flow(*["b10"] * 10, step_ns=1000))
    assert state[0].open_size == pytest.approx(200, abs=2), "one bucket before the first trade, one since"


def test_a_day_after_the_last_trade_its_volume_weighs_half():
    """Half-life and bucket are a day; the configured 10 lots were traded evenly over the day before."""
    setup = Setup(bucket=10, per_day=1, mode="adv", halflife_ns=DAY_NS, n_buckets=2)
    state, _ = read_all(setup, [*flow("b40"), *flow("b1", ts=START + DAY_NS)])
    tau = 1 / math.log(2)
    past = 10 * tau * (1 - 0.5)
    volume = (past + 40) / 2 + 1
    assert buckets(state, 2)[0] == (10, 10)
    assert state[0].day_steps == pytest.approx(volume, rel=1e-12)
    first = round((past + 40) / (tau * 0.5))
    assert state[0].open_size == first


def test_volume_fades_until_the_bucket_is_sized_not_until_the_last_trade():
    """A bar poured an hour late, half-life an hour, an hour's volume a bucket."""
    setup = Setup(bucket=10, per_day=24, mode="adv", halflife_ns=HOUR, classifier="bvc")
    state, _ = read_all(setup, [*flow("b100"), Clock(START + HOUR)])
    tau = 1 / math.log(2)
    faded = (10 * tau * (1 - 1 / 2) + 100) / 2
    assert state[0].open_size == round(faded / (tau * (1 - 1 / 4)))


def test_previous_buckets_keep_their_own_sizes_in_the_value():
    setup = Setup(bucket=10, per_day=24, mode="adv", halflife_ns=HOUR)
    state, readings = read_all(setup, flow("b10", "s1000", step_ns=60 * SECOND))
    n = int(readings[-1].n_closed)
    sizes = [size for _, size in buckets(state, n)]
    assert n >= 2
    assert len(set(sizes)) >= 2
    net = 10 - sum(sizes[1:])
    assert readings[-1].net_imbalance == pytest.approx(net / sum(sizes), rel=1e-12)


@pytest.mark.parametrize("mode", ["adv", "vol_regime"])
def test_a_bucket_holds_at_least_one_step_and_never_more_than_can_be_counted(mode):
    tiny = Setup(bucket=1, mode=mode, per_day=1_000_000, halflife_ns=HOUR)
    state, _ = read_all(tiny, flow("b1", "b1", step_ns=200 * HOUR))
    assert state[0].open_size >= 1
    huge = (1 << 60) - 1
    vast = Setup(bucket=1 << 55, mode=mode, per_day=1_000_000, halflife_ns=HOUR, n_buckets=MOST_BUCKETS)
    state, readings = read_all(vast, flow(*[f"b{huge}"] * 40))
    assert state[0].open_size == LARGEST
    assert readings[-1].value == 1.0


def regime(quiet_s, move=1):
    """The size after a mid that moved once, then stood still, of buckets of 1000."""
    told = [
        Best(START, 100, 102),
        Best(START + 1, 100 + move, 102 + move),
        *flow("b1000", ts=START + SECOND // 10),
        *flow("b1000", ts=START + quiet_s * SECOND),
    ]
    return int(read_all(Setup(bucket=1000, mode="vol_regime"), told)[0][0].open_size)


@pytest.mark.parametrize("quiet_s", [300, 600, 1200, 3000])
def test_buckets_shrink_while_the_mid_stands_still_longer_than_usual(quiet_s):
    """One change, n steps ago: its weight in each mean is its decay over all decays."""
    n = quiet_s * 10

    def weight(halflife):
        keep = 0.5 ** (1 / halflife)
        return keep ** (n - 1) * (1 - keep) / (1 - keep**n)

    expected = max(0.25, math.sqrt(weight(3000) / weight(864_000)))
    assert regime(quiet_s) == round(1000 * expected)
    assert regime(quiet_s) < 1000


def test_buckets_grow_by_no_more_than_four_in_a_livelier_market():
    """An hour of stillness, then a move in each step for a minute."""
    setup = Setup(bucket=1000, mode="vol_regime")
    told: list[Event] = [Best(START, 100, 102), Clock(START + 1), Best(START + 40 * HOUR, 101, 103)]
    told += [Best(START + 40 * HOUR + k * SECOND // 10, 100 + k % 2, 102 + k % 2) for k in range(1, 3000)]
    now = told[-1].ts
    state, _ = read_all(setup, [*told, *flow("b1000", ts=now)])
    assert state[0].open_size == 4000


def test_without_a_move_or_a_mid_buckets_stay_as_configured():
    setup = Setup(bucket=1000, mode="vol_regime")
    assert read_all(setup, flow("b1000"))[0][0].open_size == 1000
    assert regime(100, move=0) == 1000


def test_volatility_knows_of_the_time_that_passed_without_a_quote():
    setup = Setup(bucket=1000, mode="vol_regime")
    told: list[Event] = [Best(START, 100, 102), Best(START + 1, 101, 103), Clock(START + SECOND // 10)]
    later = flow("b1000", ts=START + 600 * SECOND)
    assert read_all(setup, [*told, *later])[0][0].open_size == regime(600)


def test_time_that_runs_backwards_samples_nothing():
    setup = Setup(bucket=10, mode="vol_regime")
    told = [Best(START, 100, 102), Best(START + SECOND, 101, 103), Best(START, 90, 92)]
    before, _ = read_all(setup, told[:2])
    after, _ = read_all(setup, told[2:], before.copy())
    assert after[0].fast_sum == before[0].fast_sum
    assert after[0].step_number == before[0].step_number


RANKED = Setup(bucket=10, n_buckets=1, cdf=True, cdf_window=4, cdf_min=3)


def test_a_level_is_the_value_until_enough_are_known_and_then_its_mid_rank():
    """Values 0.2, 0.6, 0.4: the last has one below it and is half of its equals: 1.5 / 3."""
    told = flow("b6", "s4", "b8", "s2", "b7", "s3")
    readings = read_all(RANKED, told)[1][1::2]
    assert [round(reading.value, 12) for reading in readings] == [0.2, 0.6, 0.4]
    assert [round(reading.level, 12) for reading in readings] == [0.2, 0.6, 0.5]


def test_equal_values_rank_in_the_middle():
    assert last(RANKED, flow(*["b6", "s4"] * 9)).level == 0.5


def test_a_rank_is_among_the_last_values_only():
    """Of 1.0, 0.2, 0.4, 0.6, 0.8 the last four are left: 3.5 / 4."""
    told = flow("b10", "b6", "s4", "b7", "s3", "b8", "s2", "b9", "s1")
    assert last(RANKED, told).level == pytest.approx(3.5 / 4)


def test_ranks_reach_over_the_buckets_that_one_trade_fills():
    """One of 0.2, then a thousand of 1.0 in a trade: all four are equal, or one differs."""
    assert last(RANKED, flow("b6", "s4", "b10000")).level == 0.5
    assert last(RANKED, flow("b6", "s4", "b30")).level == pytest.approx((1 + 1.5) / 4)


def test_ranks_among_the_most_values():
    setup = Setup(bucket=1, n_buckets=MOST_BUCKETS, cdf=True, cdf_window=MOST_VALUES, cdf_min=1)
    state, readings = read_all(setup, flow("b1000", "s250", "b999999"))
    assert readings[0].level == 0.5
    assert state[0].n_values == readings[-1].n_closed == 1_001_249
    assert readings[-1].level == 0.5
    net = Setup(
        bucket=1, n_buckets=MOST_BUCKETS, cdf=True, cdf_window=MOST_VALUES, cdf_min=1, estimator="net"
    )
    assert read_all(net, flow("b1000", "s250"))[1][-1].level == pytest.approx(0.5 / 1250)
