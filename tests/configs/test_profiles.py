"""The shipped profiles are what their comments say."""

from decimal import Decimal
from pathlib import Path

import pytest

from configs.load import load
from configs.notices import notices
from configs.write import resolved_yaml
from operators.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "configs"
EIGHT = ["ETHUSDC", "BTCUSDC", "SOLUSDC", "BNBUSDC", "XRPUSDC", "DOGEUSDC", "LINKUSDC", "LTCUSDC"]


@pytest.fixture(scope="module")
def phoenix():
    return load(CONFIGS / "phoenix.yaml")


@pytest.fixture(scope="module")
def requirements():
    return load(CONFIGS / "requirements.yaml")


def order_notional(symbol):
    return float(symbol.quoting.order_lots * symbol.instrument.lot * symbol.synthetic.price)


def test_the_default_profile_is_ten_minutes_of_eight_synthetic_symbols(phoenix):
    assert (phoenix.profile, phoenix.source.kind, phoenix.source.duration_s) == ("phoenix", "synthetic", 600)
    assert list(phoenix.symbols) == EIGHT
    assert {(symbol.quoting.decide, symbol.quoting.clock_ms) for symbol in phoenix.symbols.values()} == {
        ("clock", 100)
    }
    assert notices(phoenix) == []


@pytest.mark.parametrize("name", EIGHT)
def test_orders_are_of_one_size_in_money_and_inventories_hold_ten_to_twenty(phoenix, name):
    symbol = phoenix.symbols[name]
    assert 1000 <= order_notional(symbol) <= 3000
    assert 10 <= symbol.quoting.max_inventory_lots / symbol.quoting.order_lots <= 20
    assert order_notional(symbol) >= symbol.instrument.min_notional


@pytest.mark.parametrize("name", EIGHT)
def test_in_the_requirements_a_full_inventory_leans_about_three_half_spreads(requirements, name):
    symbol = requirements.symbols[name]
    assert symbol.quoting.model == "fixed"
    half_spread_ticks = (
        float(symbol.synthetic.price / symbol.instrument.tick) * symbol.quoting.min_half_spread_bps / 1e4
    )
    lean = symbol.quoting.skew_ticks_per_lot * symbol.quoting.max_inventory_lots
    assert 2.5 <= lean / half_spread_ticks <= 3.5


MOST_TOXIC = "DOGEUSDC"
"""Its buckets are small on purpose, so that the default run shows pauses."""


@pytest.mark.parametrize("name", EIGHT)
def test_buckets_hold_two_to_three_hundred_trades_and_fill_while_it_runs(phoenix, name):
    symbol = phoenix.symbols[name]
    trades = symbol.vpin.bucket_size / symbol.synthetic.mean_trade_notional
    assert symbol.vpin.bucket_unit == "quote"
    assert (100 if name == MOST_TOXIC else 200) <= trades <= 300
    assert (
        symbol.synthetic.trades_per_s * phoenix.source.duration_s / float(trades)
        >= 4 * symbol.vpin.min_buckets
    )


def test_budgets_add_up_to_the_cap(phoenix):
    budgets = [symbol.risk.budget_notional for symbol in phoenix.symbols.values()]
    assert sum(budgets) == phoenix.common.risk.total_notional == 4_000_000


def test_the_requirements_are_taken_word_for_word(requirements):
    assert list(requirements.symbols) == EIGHT
    for symbol in requirements.symbols.values():
        vpin = symbol.vpin
        assert (vpin.bucket_size, vpin.vol_threshold) == (Decimal(50_000), Decimal(100_000))
        assert (vpin.enabled, vpin.threshold, vpin.multiplier, vpin.pause_threshold) == (True, 0.7, 0.2, 0.9)


@pytest.mark.parametrize("name", EIGHT)
def test_by_default_quotes_follow_what_is_learnt(phoenix, name):
    quoting = phoenix.symbols[name].quoting
    assert (quoting.model, quoting.risk_aversion, quoting.skew_ticks_per_lot) == ("glft", 1.0, 0.0)


def test_the_requirements_are_told_what_they_come_to(requirements):
    said = " ".join(notices(requirements))
    assert "is not read" not in said
    assert "symbols.DOGEUSDC.vpin.bucket_size holds about 8 trades" in said
    assert "symbols.BTCUSDC.vpin needs a volume of 250,000 before it counts" in said


def test_a_replay_asks_for_its_recording():
    with pytest.raises(ConfigError) as caught:
        load(CONFIGS / "replay.yaml")
    (problem,) = caught.value.problems
    assert problem.endswith("configs/replay.yaml: source.path must be given when source.kind is recorded")


def test_a_replay_trades_what_the_recording_holds():
    settings = load(
        CONFIGS / "replay.yaml", ["source.path=a.gz"], symbols=["BTCUSDT", "ETHUSDT"], market="binance_usdm"
    )
    assert list(settings.symbols) == ["BTCUSDT", "ETHUSDT"]
    bitcoin = settings.symbols["BTCUSDT"]
    assert (bitcoin.quoting.decide, bitcoin.quoting.order_lots) == ("every_message", 10)
    assert (bitcoin.vpin.bucket_unit, bitcoin.vpin.bucket_size) == ("quote", Decimal(2_000_000))


def test_the_example_in_the_replay_profile_works(tmp_path):
    text = (CONFIGS / "replay.yaml").read_text(encoding="utf-8")
    example = text[text.index("# symbols:") :].replace("\n# ", "\n").removeprefix("# ")
    path = tmp_path / "replay.yaml"
    path.write_text(f"{text}\n{example}", encoding="utf-8")
    settings = load(path, ["source.path=a"])
    assert settings.symbols["NEXOUSDT"].quoting.order_lots == 1000


@pytest.mark.parametrize("name", ["phoenix", "requirements", "replay"])
def test_profiles_resolve_to_themselves(tmp_path, name):
    settings = load(CONFIGS / f"{name}.yaml", ["source.path=a"] if name == "replay" else [])
    path = tmp_path / "config.yaml"
    path.write_text(resolved_yaml(settings), encoding="utf-8")
    assert load(path) == settings
