"""A measure in VPIN's place: the page's own example, run by both drivers, killed and resumed."""

import re
import sys

import pytest

from configs.load import load
from flows.identity import code_digest
from flows.market import program
from flows.measures import measure_of
from operators.errors import ConfigError
from operators.rows import BUY, TRADE, Row
from operators.toxicity import Reading
from tests.oracles.runs import PROFILE, QUIET, ROOT, fused, graphed, lines, lively, logs, made

PAGE = (ROOT / "docs" / "toxicity_measures.md").read_text()
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(SET,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def example(tmp_path, monkeypatch):
    """The page's module, to be found in the working directory."""
    (tmp_path / "spread_of_sides.py").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    yield 'vpin.measure="spread_of_sides:make"'
    sys.modules.pop("spread_of_sides", None)


@pytest.fixture
def market():
    return (*lively("BTCUSDC", "DOGEUSDC", seconds=20), "vpin.threshold=0.3", "vpin.pause_threshold=0.4")


def test_the_example_is_set_as_the_page_says():
    assert 'measure: "spread_of_sides:make"' in SET


def test_it_decides_instead_of_vpin_and_the_same_by_both_drivers(example, tmp_path, market):
    plain = logs(graphed(made(tmp_path / "plain", *market)))
    by_graph = logs(graphed(made(tmp_path / "graph", *market, example)))
    by_research = logs(fused(made(tmp_path / "research", *market, example)))
    assert by_graph == by_research
    assert by_graph["orders.jsonl"] != plain["orders.jsonl"]
    assert lines(tmp_path / "graph" / "orders.jsonl")


def test_a_checkpoint_belongs_to_the_module_as_it_was_written(example, tmp_path):
    job = program(PROFILE, [QUIET, example], tmp_path / "run")
    before = job.shared.stamp.code
    (tmp_path / "spread_of_sides.py").write_text(EXAMPLE + "\n# other\n")
    assert program(PROFILE, [QUIET, example], tmp_path / "run").shared.stamp.code != before
    assert before != code_digest()


def test_what_it_dumps_it_goes_on_from(example, tmp_path):
    settings = load(PROFILE, [example]).symbols["BTCUSDC"]
    one, other = measure_of(settings), measure_of(settings)
    assert one is not None
    assert other is not None
    rows = Row.table(3)
    for k in range(3):
        rows[k].kind, rows[k].side, rows[k].size_lots = TRADE, BUY, 5
    one.on_frame(rows, Reading.table(3))
    assert one.dump() != other.dump()
    other.restore(one.dump())
    assert other.dump() == one.dump()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("nowhere:make", "must name something that can be imported as module:name"),
        ("json:make", "must name something that can be imported as module:name"),
        ("math:pi", "must name something that can be called"),
        ("os:getcwd", "must make a measure, but raised TypeError"),
        ("builtins:id", "must make a measure, but what it makes has no on_frame, dump, restore"),
    ],
)
def test_what_is_no_measure_is_refused_by_name(named, message, tmp_path):
    with pytest.raises(ConfigError, match=r"^symbols\.\w+\.vpin\.measure " + message) as caught:
        program(PROFILE, [QUIET, f'vpin.measure="{named}"'], tmp_path / "run")
    assert str(caught.value).endswith(f'was "{named}"')


@pytest.mark.parametrize("named", ["json", ":make", "a b:c", "json:", "json:a.b"])
def test_what_cannot_be_a_name_is_refused_with_all_that_is_wrong_with_the_settings(named):
    with pytest.raises(ConfigError, match=r"vpin\.measure:? must be module:name"):
        load(PROFILE, [f'vpin.measure="{named}"'])
