"""A quoting model of one's own: the page's own example, run by both drivers alike."""

import re
import sys
from dataclasses import replace

import pytest

from configs.load import load
from flows.identity import code_digest
from flows.market import program
from flows.models import model_of
from operators.errors import ConfigError
from tests.oracles.runs import PROFILE, QUIET, ROOT, fused, graphed, lines, lively, logs, made

PAGE = (ROOT / "docs" / "quoting_models.md").read_text()
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(SET,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
NEAR = "quoting.min_half_spread_bps=0.1"


@pytest.fixture
def example(tmp_path, monkeypatch):
    """The page's module, to be found in the working directory."""
    (tmp_path / "pennies.py").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    yield 'quoting.model="pennies:make"'
    sys.modules.pop("pennies", None)


@pytest.fixture
def market():
    return (*lively("BTCUSDC", "DOGEUSDC", seconds=20), NEAR)


def test_the_example_is_set_as_the_page_says():
    assert 'model: "pennies:make"' in SET


def test_it_quotes_and_the_same_by_both_drivers(example, tmp_path, market):
    plain = logs(graphed(made(tmp_path / "plain", *market)))
    by_graph = logs(graphed(made(tmp_path / "graph", *market, example)))
    by_research = logs(fused(made(tmp_path / "research", *market, example)))
    assert by_graph == by_research
    assert by_graph["orders.jsonl"] != plain["orders.jsonl"]
    assert len(lines(tmp_path / "graph" / "fills.jsonl")) > 10


@pytest.mark.parametrize("model", ["glft", "glft_exact", "avellaneda_stoikov", "fixed"])
def test_every_compiled_model_trades_the_same_by_both_drivers(model, tmp_path, market):
    chosen = (*market, f"quoting.model={model}", "quoting.horizon_s=5")
    by_graph = logs(graphed(made(tmp_path / "graph", *chosen)))
    assert by_graph == logs(fused(made(tmp_path / "research", *chosen)))
    assert len(lines(tmp_path / "graph" / "fills.jsonl")) > 10


def test_a_checkpoint_belongs_to_the_module_as_it_was_written(example, tmp_path):
    job = program(PROFILE, [QUIET, example], tmp_path / "run")
    before = job.shared.stamp.code
    (tmp_path / "pennies.py").write_text(EXAMPLE + "\n# other\n")
    assert program(PROFILE, [QUIET, example], tmp_path / "run").shared.stamp.code != before
    assert before != code_digest()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("make = 5", "must name something that can be called"),
        ("def make(symbol): raise OSError('no')", r"must make a model, but raised OSError \(no\)"),
        ("def make(symbol): return 5", "must make a model, but what it makes cannot be called"),
        ("def make(symbol): return lambda f, q: 1 / 0", "must make a model, but it raised ZeroDivisionError"),
        (
            "def make(symbol): return lambda f, q: q",
            "must make a model that gives bid and ask a",
        ),
        ("def make(symbol): return lambda f, q: (q, q / 0.0)", "must make a model that gives"),
        ("def make(symbol): return lambda f, q: ([10**400] * len(q), q)", "must make a model that gives"),
        (
            "def make(symbol): return lambda f, q: (1 / 0 for _ in q)",
            "must make a model, but it raised ZeroDivisionError",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_what_is_no_model_is_refused_by_name_before_a_run(body, message, example, tmp_path):
    (tmp_path / "pennies.py").write_text(body)
    with pytest.raises(ConfigError, match=r"^symbols\.\w+\.quoting\.model " + message) as caught:
        program(PROFILE, [QUIET, example], tmp_path / "run")
    assert str(caught.value).endswith('was "pennies:make"')


@pytest.mark.parametrize("named", ["glf", "GLFT", ":make", "a b:c", "json:", "json:a.b"])
def test_what_is_neither_a_model_nor_a_name_is_refused(named):
    text = "must be glft, glft_exact, avellaneda_stoikov, fixed, or module:name"
    with pytest.raises(ConfigError, match=rf"quoting\.model:? {text}"):
        load(PROFILE, [f'quoting.model="{named}"'])


def test_compiled_models_need_no_python():
    settings = load(PROFILE).symbols["BTCUSDC"]
    assert model_of(settings) is None
    own = replace(settings, quoting=settings.quoting.model_copy(update={"model": "nowhere:make"}))
    with pytest.raises(ConfigError, match="must name something that can be imported"):
        model_of(own)
