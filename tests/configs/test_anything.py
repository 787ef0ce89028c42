"""Whatever is thrown at it, loading ends in settings or in sentences."""

from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.keys import Section
from configs.load import load
from configs.schema import PER_SYMBOL, SHARED
from configs.schema_market import Grid
from configs.settings import Settings
from configs.write import digest, resolved_yaml
from operators.errors import ConfigError

SHIPPED = (Path(__file__).parents[2] / "configs" / "phoenix.yaml").read_bytes()
TRAPS = ["1e999", "1e99999999", "-1e-999", "0x1f", "1:30", "9" * 400, "nan", "mean_abs", "1" + "_0" * 9]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(TRAPS)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner)
)
SECTIONS: dict[str, type[Section]] = {**SHARED, **PER_SYMBOL, "instrument": Grid}
KEYS = sorted({field for model in SECTIONS.values() for field in model.model_fields})
SECTION = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6) | VALUES
SYMBOL = st.dictionaries(st.sampled_from([*SECTIONS, "other"]), SECTION, max_size=4) | VALUES
NAMES = st.sampled_from(["BTCUSDT", "ETHUSDC", "NEWUSDT", "btc", ""])
TREES = st.dictionaries(st.sampled_from([*SECTIONS, "profile", "other"]), SECTION, max_size=5)
SYMBOLS = st.dictionaries(NAMES, SYMBOL, max_size=3) | st.lists(NAMES | VALUES, max_size=3) | VALUES


def outcome(data, *overrides):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_bytes(data)
        try:
            loaded = load(path, overrides)
        except ConfigError as error:
            return error.problems
        path.write_text(resolved_yaml(loaded), encoding="utf-8")
        assert load(path) == loaded
        assert digest(load(path)) == digest(loaded)
        return loaded


def assert_readable(result):
    if not isinstance(result, Settings):
        assert result
        assert all(problem and "\n" not in problem and len(problem) < 700 for problem in result), result


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(data):
    assert_readable(outcome(data))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.integers(0, len(SHIPPED)), st.integers(0, 30), st.text("{}[]:,&*!|>-'\"#% \t\nab01", max_size=6))
def test_any_slip_of_the_keyboard(at, removed, typed):
    assert_readable(outcome(SHIPPED[:at] + typed.encode() + SHIPPED[at + removed :]))


@settings(derandomize=True, max_examples=120, deadline=None)
@given(TREES, SYMBOLS)
def test_any_values_under_any_keys(tree, symbols):
    text = yaml.safe_dump({**tree, "symbols": symbols}, allow_unicode=True)
    assert_readable(outcome(text.encode("utf-8", "replace")))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.lists(st.text(max_size=30) | st.from_regex(r"[a-z.]{1,12}=[^\n]{0,12}", fullmatch=True), max_size=3)
)
def test_any_override(overrides):
    assert_readable(outcome(b"symbols: {ETHUSDC: {synthetic: {price: 2500}}}", *overrides))
