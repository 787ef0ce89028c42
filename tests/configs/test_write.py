from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.document import parse
from configs.load import load
from configs.schema import PER_SYMBOL, SHARED
from configs.schema_risk import TOTALS
from configs.write import digest, resolved_yaml, scalar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXT = """
run: {directory: "out put/märkte", checkpoint_every_s: 0.25}
source: {seed: 3, start: 2025-03-01T12:00:00+02:00}
synthetic: {price: 100.10, half_spread_bps: 1e-7}
vpin: {enabled: on, threshold: 0.65}
risk: {total_notional: 1_000_000}
symbols:
  ETHUSDC: {vpin: {threshold: 0.8}, risk: {weight: 2}, instrument: {tick: "0.0100"}}
  NO: {instrument: {tick: 1e-7, lot: 1}}
"""


def test_resolved_settings_are_the_same_settings(loaded, written):
    once = loaded(TEXT)
    text = resolved_yaml(once)
    again = loaded(text)
    assert again == once
    assert resolved_yaml(again) == text
    assert digest(again) == digest(once)


def test_every_default_is_spelled_out_for_every_symbol(loaded):
    tree = yaml.safe_load(resolved_yaml(loaded(TEXT)))
    assert list(tree) == ["profile", *SHARED, *PER_SYMBOL, "symbols"]
    for name, model in {**SHARED, **PER_SYMBOL}.items():
        assert list(tree[name]) == list(model.model_fields)
    for symbol in ("ETHUSDC", "NO"):
        assert list(tree["symbols"][symbol]) == ["instrument", *PER_SYMBOL]
        for name, model in PER_SYMBOL.items():
            assert set(tree["symbols"][symbol][name]) == set(model.model_fields) - set(TOTALS)
    assert tree["symbols"]["ETHUSDC"]["vpin"]["threshold"] == 0.8
    assert tree["symbols"]["NO"]["vpin"]["threshold"] == 0.65


def test_decimals_are_written_as_they_are(loaded):
    text = resolved_yaml(loaded(TEXT))
    assert 'tick: "0.01"' in text
    assert 'tick: "0.0000001"' in text
    assert "price: 100.1\n" in text
    assert "budget_notional: 666666.66\n" in text
    assert "start: 2025-03-01T10:00:00Z\n" in text


def test_nothing_is_written_that_the_user_did_not_say(loaded, tmp_path):
    assert str(tmp_path) not in resolved_yaml(loaded(TEXT))


def test_a_recording_without_symbols_is_written_too(loaded):
    once = loaded("source: {kind: recorded, path: [a, 'b: c']}\nvpin: {threshold: 0.9}")
    assert loaded(resolved_yaml(once)) == once


TRAPS = r"""
null true 1e5 ~ on y No 1:30 C:/x a: 0x1f 0o7 010 = [a] {a %a @a `a !a | > ? - -- *a &a #a , ' " \ é <<
--- ... 2025-01-01 2025-01-01T00:00:00Z .inf .nan 1_000 +1 -1 .5 5. 1INCHUSDT
"""


@pytest.mark.parametrize("text", [*TRAPS.split(), "a: b", "a #b", "- a", " a ", "a b"])
def test_any_text_comes_back_to_any_reader(text):
    assert parse(f"key: {scalar(text)}") == {"key": text}
    assert yaml.safe_load(f"- {scalar(text)}") == [text]


@settings(derandomize=True, max_examples=300)
@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), min_size=1).filter(str.isprintable))
def test_any_printable_text_comes_back(text):
    assert parse(f"key: {scalar(text)}") == {"key": text}


@pytest.mark.parametrize(
    "change",
    ["vpin.threshold=0.66", "symbols.ETHUSDC.vpin.threshold=0.81", "source.seed=4",
     "symbols.NO.instrument.lot=2", "risk.total_notional=1_000_001", "venue.maker_fee_bps=0",
     "source.duration_s=601",     "symbols.SOLUSDC={}", "symbols.NO.quoting.max_improve_ticks=0"],
)  # fmt: skip
def test_the_digest_changes_with_whatever_makes_orders(loaded, change):
    assert digest(loaded(TEXT, change)) != digest(loaded(TEXT))


@pytest.mark.parametrize(
    "change",
    ["profile=other", "run.directory=elsewhere", "run.checkpoint_every_s=9", "run.progress=off",
     "source.speed=1", "source.market=binance_usdm", "risk.total_notional=1e6",
     "source.start=2025-03-01T10:00:00.000Z"],
)  # fmt: skip
def test_the_digest_stays_with_what_does_not(loaded, change):
    assert digest(loaded(TEXT, change)) == digest(loaded(TEXT))


def test_the_digest_does_not_depend_on_the_order_of_things(loaded):
    lines = TEXT.strip().splitlines()
    turned = "\n".join(["symbols:", lines[7], lines[6], *reversed(lines[:5])])
    assert digest(loaded(turned)) == digest(loaded(TEXT))


def test_a_digest_is_sixteen_hex_digits(loaded):
    assert len(digest(loaded(TEXT))) == 16
    assert int(digest(loaded(TEXT)), 16) >= 0


def numbers(kind, limits):
    least, most = limits.get("ge", limits.get("gt", 0)), limits.get("le", 1000)
    if kind is int:
        return st.integers(least, most)
    if kind is float:
        return st.floats(least, most, exclude_min="gt" in limits)
    return st.decimals(Decimal(least) + Decimal("0.00001"), most, places=5).map(str)


def values_of(field):
    limits = {
        kind: getattr(limit, kind)
        for limit in field.metadata
        for kind in ("gt", "ge", "le")
        if hasattr(limit, kind)
    }
    if field.annotation == dict[str, str]:
        names = st.sampled_from(["client.id", "security.protocol", "sasl.password_file"])
        return st.dictionaries(names, st.sampled_from(["yes", "0", "a b", "${HOME}", "/run/x"]))
    if field.annotation == dict[int, int]:
        return st.dictionaries(st.integers(0, 99).map(str), st.integers(0, 10**12))
    if field.annotation == tuple[float, ...]:
        return st.lists(st.floats(0, 60_000), max_size=64)
    kind, *others = get_args(field.annotation) or [field.annotation]
    if isinstance(kind, str):
        return st.sampled_from([kind, *others])
    if kind in (int, float, Decimal):
        return numbers(kind, limits)
    return {
        bool: st.booleans(),
        datetime: st.integers(0, 7 * 10**15).map(lambda us: (EPOCH + timedelta(microseconds=us)).isoformat()),
        str: st.text(st.just(" ") | st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1),
    }[kind]


# Where single values cannot be drawn freely: keys that must agree, and the recordings' own.
FIXED = {"price", "mean_trade_notional", "max_inventory_lots", "n_buckets", "cdf_window", "kind", "path"}
FIXED |= {*TOTALS, "budget_notional", "measure", "outage_for_s"}
FIXED |= {"model", "window_s", "fit_from_bps", "fit_to_bps"}
FIXED |= {"unknown_after_ms", "orders_per_s", "topic", "control_topic", "shard", "symbols"}


@st.composite
def trees(draw):
    sections = {**SHARED, **PER_SYMBOL}
    tree = {
        name: {
            field: draw(values_of(info))
            for field, info in model.model_fields.items()
            if field not in FIXED and draw(st.booleans())
        }
        for name, model in sections.items()
    }
    tree["run"]["shard"] = draw(st.sampled_from([None, "1/2", "2/2", "1/1"]))
    tree["run"]["symbols"] = draw(st.sampled_from(["NEWUSDT", [], ["NEWUSDT", "BTCUSDT"]]))
    tree["quoting"]["max_inventory_lots"] = 10**11
    tree["vpin"]["n_buckets"] = 1000
    tree["calibration"]["window_s"] = 3600
    tree["orders"]["unknown_after_ms"] = draw(st.floats(120_001, 3_600_000))
    tree["risk"]["orders_per_s"] = draw(st.just(0) | st.floats(0.001, 100_000))
    tree["synthetic"]["price"] = "1234.5"
    grid = {"tick": draw(st.sampled_from(["0.1", "1e-5", "0.25", "3"])), "lot": "0.001", "multiplier": "1"}
    level = draw(st.floats(0, 1))
    tree["symbols"] = {"BTCUSDT": {"vpin": {"threshold": level}}, "NEWUSDT": {"instrument": grid}}
    return tree


@settings(derandomize=True, max_examples=60, deadline=None)
@given(trees())
def test_any_settings_survive_being_written(tree):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        once = load(path)
        path.write_text(resolved_yaml(once), encoding="utf-8")
        assert load(path) == once
