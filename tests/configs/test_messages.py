"""Settings that are wrong: every problem at once, each a sentence that can be acted on."""

import pytest

from configs.load import load
from operators.errors import ConfigError, InstrumentUnknown

SYMBOLS = "symbols: {ETHUSDC: {synthetic: {price: 2500}}}"
REASONABLE = "must be a number of reasonable size (at most 1e15)"
INSTANT = "a date and time with its zone, such as 2025-01-01T00:00:00Z"
RECORDED = "source: {kind: recorded, path: a.gz}"


def test_a_value_out_of_range(problems):
    assert problems(f"vpin: {{threshold: 1.7}}\n{SYMBOLS}") == [
        "x.yaml: vpin.threshold must be at most 1, was 1.7"
    ]


def test_a_value_of_another_kind_from_the_command_line(problems):
    assert problems(SYMBOLS, "risk.total_notional=abc") == [
        '--set risk.total_notional: must be a positive number, was "abc"'
    ]


def test_an_unknown_key_of_a_symbol(problems):
    assert problems("symbols: {ETHUSDC: {synthetic: {price: 1000}, vpin: {treshold: 0.8}}}") == [
        "x.yaml: symbols.ETHUSDC.vpin.treshold is not a known key; did you mean threshold?"
    ]


def test_everything_wrong_is_said_at_once(problems):
    found = problems(
        """
        vpn: {enabled: true}
        run: {checkpoint_every_s: 0, directory: }
        source: {kind: synthetic, speed: -1, start: tomorrow}
        synthetic: {price: 100}
        vpin: {threshold: 1.7, bucket_unit: lots}
        symbols:
          ETHUSDC: {vpin: {n_buckets: 3, min_buckets: 4}, quoting: {order_lots: 0}}
          FOOUSDC:
        """,
        "risk.weight=none",
        "nothing",
    )
    assert found == [
        "--set nothing: must be a key and its value, such as vpin.threshold=0.8",
        "x.yaml: vpn is not a known key; did you mean vpin?",
        "x.yaml: run.directory must be a text, was null",
        "x.yaml: run.checkpoint_every_s must be at least 0.05, was 0",
        "x.yaml: source.speed must be at least 0, was -1",
        f'x.yaml: source.start must be {INSTANT}, was "tomorrow"',
        'x.yaml: vpin.bucket_unit must be base or quote, was "lots"',
        "x.yaml: vpin.threshold must be at most 1, was 1.7",
        '--set risk.weight: must be a positive number, at most 1000000, was "none"',
        "x.yaml: symbols.ETHUSDC.quoting.order_lots must be at least 1, was 0",
        "x.yaml: symbols.ETHUSDC.vpin.min_buckets must be at most n_buckets, which is 3, was 4",
        str(InstrumentUnknown("binance_usdm", "FOOUSDC", "configs/instruments.yaml")),
    ]


def test_a_wrong_common_value_is_said_once_however_many_symbols_have_it(problems):
    text = "vpin: {threshold: 2}\nquoting: {order_lots: 20}\nsynthetic: {price: 99}\n"
    assert problems(text + "symbols: [ETHUSDC, BTCUSDC, SOLUSDC]") == [
        "x.yaml: vpin.threshold must be at most 1, was 2",
        "x.yaml: quoting.order_lots must be at most max_inventory_lots, which is 10, was 20",
    ]


def test_a_value_wrong_in_both_places_is_said_for_both(problems):
    text = (
        "vpin: {threshold: 2}\nsynthetic: {price: 99}\nsymbols: {ETHUSDC: {vpin: {threshold: 3}}, BTCUSDC: }"
    )
    assert problems(text) == [
        "x.yaml: vpin.threshold must be at most 1, was 2",
        "x.yaml: symbols.ETHUSDC.vpin.threshold must be at most 1, was 3",
    ]


def test_a_symbol_may_mend_what_its_common_section_contradicts(loaded):
    text = "quoting: {order_lots: 20}\nsynthetic: {price: 99}\n"
    assert (
        loaded(text + "symbols: {ETHUSDC: {quoting: {max_inventory_lots: 200}}}")
        .symbols["ETHUSDC"]
        .quoting.order_lots
        == 20
    )


def test_a_contradiction_is_named_where_the_symbol_made_it(problems):
    text = "synthetic: {price: 99}\nvpin: {min_buckets: 5}\n"
    assert problems(text + "symbols: {ETHUSDC: {vpin: {n_buckets: 3}}, BTCUSDC: }") == [
        "x.yaml: symbols.ETHUSDC.vpin.min_buckets must be at most n_buckets, which is 3, was 5"
    ]


def test_a_contradiction_with_a_refused_value_is_not_said(problems):
    assert problems(f"vpin: {{n_buckets: many, min_buckets: 5}}\n{SYMBOLS}") == [
        'x.yaml: vpin.n_buckets must be a whole number from 1 to 1000, was "many"'
    ]


@pytest.mark.parametrize(
    ("section", "key", "value", "sentence"),
    [
        ("vpin", "enabled", "1", "must be true or false, was 1"),
        ("vpin", "threshold", "true", "must be a number from 0 to 1, was true"),
        ("vpin", "threshold", "yes", 'must be a number from 0 to 1, was "yes"'),
        ("vpin", "threshold", "null", "must be a number from 0 to 1, was null"),
        ("vpin", "threshold", "[0.7]", "must be a number from 0 to 1, was a list"),
        ("vpin", "threshold", "{a: 1}", "must be a number from 0 to 1, was a mapping"),
        ("vpin", "threshold", ".nan", "must be a finite number, was .nan"),
        ("vpin", "threshold", "-0.1", "must be at least 0, was -0.1"),
        ("vpin", "bucket_size", "0", "must be positive, was 0"),
        ("vpin", "bucket_size", ".inf", "must be a finite number, was .inf"),
        ("vpin", "bucket_size", "1e-30", "must have at most 18 decimals, was 1e-30"),
        ("vpin", "n_buckets", "50.5", "must be a whole number from 1 to 1000, was 50.5"),
        ("vpin", "n_buckets", "050", 'must be a whole number from 1 to 1000, was "050"'),
        ("vpin", "n_buckets", "1001", "must be at most 1000, was 1001"),
        ("vpin", "pause_seconds", "1:30", 'must be a number from 0 to 86400, was "1:30"'),
        ("vpin", "estimator", "mean", 'must be mean_abs or net, was "mean"'),
        ("quoting", "max_improve_ticks", "-1", "must be at least 0, was -1"),
        ("quoting", "max_improve_ticks", "all", 'must be a whole number, at least 0, or null, was "all"'),
        ("quoting", "max_inventory_lots", "1e12", "must be at most 100000000000, was 1e12"),
        ("venue", "entry_latency_ms", "1e400", f"{REASONABLE}, was 1e400"),
        ("venue", "queue_power", "0", "must be positive, was 0"),
        ("venue", "kind", "live", 'must be simulated, was "live"'),
        ("risk", "total_notional", "-4_000_000", "must be positive, was -4_000_000"),
        ("synthetic", "price", "-1", "must be positive, was -1"),
        ("source", "path", "''", 'must be a path or a list of paths, was ""'),
        ("source", "seed", "-1", "must be at least 0, was -1"),
        ("source", "market", "nasdaq", 'must be auto, binance_usdm or binance_spot, was "nasdaq"'),
        ("run", "progress", "maybe", 'must be true or false, was "maybe"'),
    ],
)  # fmt: skip
def test_each_refusal_says_what_was_expected_and_what_was_found(problems, section, key, value, sentence):
    assert f"x.yaml: {section}.{key} {sentence}" in problems(f"{section}: {{{key}: {value}}}\n{SYMBOLS}")


def test_good_values_in_unusual_spellings_are_taken(loaded):
    settings = loaded(f"""
        vpin: {{enabled: on, bucket_size: 1e5, threshold: "0.8", n_buckets: 5e1, vol_threshold: 1_000_000}}
        venue: {{entry_latency_ms: 3, partial_fills: No}}
        {SYMBOLS}
    """)
    vpin, venue = settings.common.vpin, settings.common.venue
    assert (vpin.enabled, vpin.bucket_size, vpin.threshold, vpin.n_buckets) == (True, 100_000, 0.8, 50)
    assert vpin.vol_threshold == 1_000_000
    assert (venue.entry_latency_ms, venue.partial_fills) == (3.0, False)


def test_a_profile_must_do_as_a_directory(problems):
    assert problems(f"profile: a/b\n{SYMBOLS}") == [
        'x.yaml: profile must be a name of letters, digits, dots and dashes, at most 64 of them, was "a/b"'
    ]


def test_a_key_of_a_section_at_the_top_is_sent_to_its_section(problems):
    assert problems(f"threshold: 0.7\n{SYMBOLS}") == [
        "x.yaml: threshold is not a known key; did you mean vpin.threshold?"
    ]


def test_without_a_likely_key_the_known_ones_are_listed(problems):
    assert problems(f"book: {{xyz: 1}}\n{SYMBOLS}") == [
        "x.yaml: book.xyz is not a known key; known here are on_cross, shows_own_orders"
    ]


def test_a_section_must_hold_keys(problems):
    assert problems(f"vpin: 3\nbook: [a]\n{SYMBOLS}") == [
        "x.yaml: book must be a section of keys, was a list",
        "x.yaml: vpin must be a section of keys, was 3",
    ]
    assert problems("symbols: BTCUSDT") == [
        'x.yaml: symbols must be a list of symbols, or a mapping from symbol to overrides, was "BTCUSDT"',
        "x.yaml: symbols must name the symbols of a synthetic market",
    ]


def test_what_holds_for_all_symbols_cannot_differ(problems):
    found = problems("""
        symbols:
          ETHUSDC:
            synthetic: {price: 2500}
            run: {directory: x}
            source: {speed: 1}
            risk: {total_notional: 100}
            vpim: {enabled: true}
    """)
    assert found == [
        "x.yaml: symbols.ETHUSDC.run cannot differ between symbols; set run at the top level",
        "x.yaml: symbols.ETHUSDC.source cannot differ between symbols; set source at the top level",
        "x.yaml: symbols.ETHUSDC.vpim is not a known key; did you mean vpin?",
        (
            "x.yaml: symbols.ETHUSDC.risk.total_notional is the cap of all symbols together; "
            "set risk.total_notional, or budget_notional here"
        ),
    ]


@pytest.mark.parametrize(
    "symbol", ["btcusdt", "BTC-USDT", "B", "A" * 31, "../X", "BTCUSDT_", "BTCUSDT_25", "ÄUSDT"]
)
def test_what_is_no_symbol(problems, symbol):
    (found,) = problems(f"{RECORDED}\nsymbols: ['{symbol}']")
    assert found.startswith(
        f"x.yaml: symbols.{symbol} is not a symbol (capital letters and digits, such as BTCUSDT)"
    )
    assert found.endswith("; did you mean BTCUSDT?") == (symbol == "btcusdt")


def test_a_synthetic_market_needs_symbols_and_a_recording_needs_a_path(problems):
    assert problems("profile: x") == ["x.yaml: symbols must name the symbols of a synthetic market"]
    assert problems("source: {kind: recorded}") == [
        "x.yaml: source.path must be given when source.kind is recorded"
    ]


def test_a_synthetic_market_must_suit_its_instrument(problems):
    found = problems("""
        synthetic: {price: 1e-2, mean_trade_notional: 0.01}
        symbols: {BTCUSDC: , DOGEUSDC: {synthetic: {price: 1000, mean_trade_notional: 1000}}}
    """)
    assert found == [
        "x.yaml: symbols.BTCUSDC.synthetic.price must be 100 to 2^40 ticks of 0.1, was 0.01",
        "x.yaml: symbols.DOGEUSDC.synthetic.mean_trade_notional must be worth 5 to 2^40 lots of 1, was 1000",
    ]


def test_volumes_and_budgets_beyond_exact_integers_are_refused(problems):
    found = problems("""
        risk: {total_notional: 1e15, max_order_notional: 1e15}
        vpin: {bucket_unit: quote, bucket_size: 1e15}
        synthetic: {mean_trade_notional: 10}
        symbols: {BTCUSDT: {instrument: {tick: 1e-6, lot: 1e-6}, synthetic: {price: 1}}}
    """)
    step = (
        "must be below 2^53 steps of 0.000000000001, the smallest for this instrument, was 1000000000000000"
    )
    assert found == [
        f"x.yaml: symbols.BTCUSDT.vpin.bucket_size {step}",
        f"x.yaml: symbols.BTCUSDT.risk.max_order_notional {step}",
        f"x.yaml: symbols.BTCUSDT.risk.budget_notional {step}",
    ]


def test_budgets_above_the_cap(problems):
    text = "risk: {total_notional: 1000}\nsynthetic: {price: 99}\n"
    text += "symbols: {ETHUSDC: {risk: {budget_notional: %s}}, BTCUSDC: }"
    assert problems(text % "1000.5") == [
        "x.yaml: risk.total_notional must be at least 1000.5, the sum of the symbols' budgets, was 1000"
    ]
    assert problems(text % "1000") == [
        "x.yaml: risk.total_notional leaves no budget for BTCUSDC: raise it or lower the others, was 1000"
    ]


def test_instruments_have_positive_steps(problems):
    found = problems("""
        synthetic: {price: 1000}
        symbols: {ETHUSDC: {instrument: {tick: -0.01, lot: 0, min_notional: -1, multiplier: 1e10, step: 1}}}
    """)
    assert found == [
        "x.yaml: symbols.ETHUSDC.instrument.tick must be positive, was -0.01",
        "x.yaml: symbols.ETHUSDC.instrument.lot must be positive, was 0",
        "x.yaml: symbols.ETHUSDC.instrument.min_notional must be at least 0, was -1",
        "x.yaml: symbols.ETHUSDC.instrument.multiplier must be at most 1000000000, was 1e10",
        (
            "x.yaml: symbols.ETHUSDC.instrument.step is not a known key; "
            "known here are tick, lot, min_notional, multiplier"
        ),
    ]


def test_an_instrument_outside_the_table_is_given_whole(problems):
    assert problems("symbols: {NEWUSDT: {instrument: {tick: 0.1}, synthetic: {price: 1000}}}") == [
        "x.yaml: symbols.NEWUSDT.instrument.lot must be given"
    ]


def test_discovered_symbols_are_checked_like_named_ones(problems):
    assert problems(RECORDED, symbols=["BTCUSDT", "NEWUSDT"], market="binance_spot") == [
        str(InstrumentUnknown("binance_spot", "NEWUSDT", "configs/instruments.yaml"))
    ]


def test_what_follows_from_a_refused_value_is_not_said(problems):
    found = problems("source: {kind: recordings, path: a.gz}\nsymbols: [NEWUSDT]")
    assert found == ['x.yaml: source.kind must be synthetic, recorded or kafka, was "recordings"']
    found = problems("source: {market: nyse}\nsynthetic: {price: 9}\nsymbols: [NEWUSDT]")
    assert found == ['x.yaml: source.market must be auto, binance_usdm or binance_spot, was "nyse"']


def test_thousands_of_symbols_are_refused_without_reading_them(problems):
    text = "synthetic: {price: 9}\nsymbols:\n" + "".join(
        f"  A{i}: {{vpin: {{threshold: 2}}}}\n" for i in range(6000)
    )
    found = problems(text)
    assert found[0] == "x.yaml: symbols must name at most 64 symbols, was 6000"
    assert len(found) == 1 + 2 * 64


def test_yaml_that_cannot_be_read_still_has_its_overrides_checked(problems):
    assert problems("vpin: {a: 1, a: 2}\nb: 1\nb: 2", "x") == [
        "x.yaml: line 1 gives a again, first given on line 1",
        "x.yaml: line 3 gives b again, first given on line 2",
        "--set x: must be a key and its value, such as vpin.threshold=0.8",
    ]


def test_a_missing_file_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml")
    assert caught.value.problems == [f"{tmp_path}/none.yaml: there is no such file"]


def test_monstrous_keys_and_values_are_cut_short(problems):
    (found,) = problems(f"{SYMBOLS}\n{'k' * 5000}: 1")
    assert len(found) < 250
    (found,) = problems(f"{SYMBOLS}\nvpin: {{threshold: {'9' * 5000}a}}")
    assert len(found) < 150
    (found,) = problems(f'{SYMBOLS}\n"a\\nb": 1')
    assert found.startswith('x.yaml: "a\\nb" is not a known key')
    (found,) = problems(f'{SYMBOLS}\nbook: {{on_cross: "a\\nb"}}')
    assert found.endswith('was "a\\nb"')


def test_the_same_problem_of_a_set_key_is_told_by_the_command_line(problems):
    assert problems(SYMBOLS, "vpin={threshold: 2, treshold: 1}", "symbols.ETHUSDC.book=3") == [
        "--set vpin.threshold: must be at most 1, was 2",
        "--set vpin.treshold: is not a known key; did you mean threshold?",
        "--set symbols.ETHUSDC.book: must be a section of keys, was 3",
    ]
