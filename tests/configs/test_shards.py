"""Symbols dealt to processes: every one to exactly one, as evenly as can be, within one cap on exposure."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.load import load
from configs.schema import Run
from configs.shards import deal, label, share
from operators.errors import ConfigError

NAMES = st.sets(st.from_regex(r"[A-Z]{2,6}USDC", fullmatch=True), min_size=1, max_size=64)
COUNTS = st.integers(1, 64)


@settings(derandomize=True)
@given(NAMES, COUNTS)
def test_every_symbol_is_dealt_to_one_shard_and_shares_differ_by_one_at_most(symbols, n):
    hands = deal(symbols, n)
    assert sorted(symbol for hand in hands for symbol in hand) == sorted(symbols)
    assert len(hands) == n
    assert max(map(len, hands)) - min(map(len, hands)) <= 1


@settings(derandomize=True)
@given(NAMES, COUNTS, st.randoms())
def test_the_order_of_the_file_changes_no_share(symbols, n, chance):
    turned = sorted(symbols)
    chance.shuffle(turned)
    assert deal(turned, n) == deal(sorted(symbols), n)


def test_a_deal_is_for_all_times():
    majors = ["BNBUSDC", "BTCUSDC", "DOGEUSDC", "ETHUSDC", "LINKUSDC", "LTCUSDC", "SOLUSDC", "XRPUSDC"]
    assert deal(majors, 3) == [
        ["BTCUSDC", "DOGEUSDC", "XRPUSDC"],
        ["ETHUSDC", "SOLUSDC"],
        ["BNBUSDC", "LINKUSDC", "LTCUSDC"],
    ]


def test_another_shard_moves_little_more_than_its_own_share():
    symbols = [f"S{number}USDC" for number in range(60)]
    for n in range(1, 8):
        before, after = (
            {s: k for k, hand in enumerate(deal(symbols, of)) for s in hand} for of in (n, n + 1)
        )
        moved = sum(before[symbol] != after[symbol] for symbol in symbols)
        assert moved <= 1.8 * len(symbols) / (n + 1)


def market(symbols, more=""):
    table = "".join(f"  {symbol}: {{instrument: {{tick: 0.01, lot: 0.001}}}}\n" for symbol in symbols)
    return f"synthetic: {{price: 1000}}\nrisk: {{total_notional: 100003}}\n{more}symbols:\n{table}"


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(1, 12), st.integers(1, 12), st.dictionaries(st.integers(0, 11), st.integers(1, 9)))
def test_shards_together_never_exceed_the_cap(tmp_path_factory, n_symbols, n, weights):
    names = [f"S{number}USDC" for number in range(n_symbols)]
    weighted = "".join(
        f"--set symbols.{names[at]}.risk.weight={weight}\n"
        for at, weight in weights.items()
        if at < n_symbols
    )
    path = tmp_path_factory.mktemp("x") / "x.yaml"
    path.write_text(market(names))
    changes = [each.removeprefix("--set ") for each in weighted.splitlines()]
    whole = load(path, changes)
    held: dict[str, Decimal] = {}
    for k in range(1, n + 1):
        own = [*changes, f"run.shard={k}/{n}"]
        if not deal(names, n)[k - 1]:
            with pytest.raises(
                ConfigError, match=rf"leaves nothing to run: {n_symbols} symbols are dealt to {n} "
            ):
                load(path, own)
            continue
        shard = load(path, own)
        for symbol in share(shard.run, shard.symbols):
            assert symbol not in held
            held[symbol] = shard.symbols[symbol].risk.budget_notional
            assert shard.symbols[symbol] == whole.symbols[symbol]
    assert set(held) == set(names)
    assert sum(held.values()) <= Decimal(100003)


def test_named_symbols_go_before_the_hash_and_keep_the_shard_s_name(loaded):
    text = market(["AAUSDC", "BBUSDC", "CCUSDC"])
    found = loaded(text, "run.shard=2/3", "run.symbols=[CCUSDC, AAUSDC]")
    assert share(found.run, found.symbols) == ["AAUSDC", "CCUSDC"]
    assert label(found.run) == "2of3"


def test_many_names_make_a_short_label():
    many = Run(symbols=[f"S{number}USDC" for number in range(30)])  # type: ignore[arg-type]
    assert label(many).startswith("30symbols-")
    assert len(label(many)) < 30


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "1/0", "a/b", "1/65", "-1/2", "1/2/3", ""])
def test_what_is_no_share_is_refused(problems, shard):
    (said,) = problems(market(["AAUSDC"], f'run: {{shard: "{shard}"}}\n'))
    assert said == f'x.yaml: run.shard must be K/N, with K from 1 to N and N at most 64, was "{shard}"' or (
        said.endswith("was 1") and shard == "1"
    )


def test_a_name_that_is_not_configured_is_refused(problems):
    assert problems(market(["AAUSDC"], "run: {symbols: [AAUSDC, BTCUSD]}\n")) == [
        'x.yaml: run.symbols must name symbols of the configuration, was "BTCUSD"'
    ]
