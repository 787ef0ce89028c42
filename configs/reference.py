"""Print `docs/configuration.md`: every key, as `configs/schema.py` declares it.

python -m configs.reference > docs/configuration.md
"""

import sys
from collections.abc import Iterator

from pydantic.fields import FieldInfo

from configs.keys import Section
from configs.problems import expectation
from configs.reloads import takes_hold
from configs.schema import PER_SYMBOL, SHARED, Top
from configs.schema_market import Grid
from configs.write import scalar

HEAD = """\
# Configuration

A settings file is YAML. `phoenix check FILE` says everything that is wrong with it at once, and
prints it with every default spelled out. Keys that are not listed here are refused.

Every section but `run`, `source` and `metrics` can be overridden for one symbol, key by key:

```yaml
vpin:
  enabled: true
  threshold: 0.7
symbols:
  BTCUSDC:                # nothing of its own
  ETHUSDC:
    vpin: {threshold: 0.8}
```

`--set` does the same from the command line, after the file: `--set symbols.ETHUSDC.vpin.threshold=0.8`.
Its values are YAML too: `--set "symbols=[BTCUSDT, ETHUSDT]"`.

Numbers may be written as `50000`, `50_000` or `5e4`. Yes and no are `true` and `false`, or
`yes`, `no`, `on`, `off`. Anchors and merge keys (`<<`) work; tags and repeated keys are refused.

The last column says when a change takes hold that is saved while a run goes on
([how](operate.md#change-settings-while-it-runs)): at once, with VPIN's buckets or the fit of the market
begun anew for the symbols it is for, or only at a restart: a file that changes such a key is refused
whole until then. Keys of `run`, `metrics`, `profile` and `source.speed` change no order: they wait for a
restart in silence.

This page is printed from the declarations: `python -m configs.reference > docs/configuration.md`.
"""

SYMBOLS = """
## symbols

A mapping from symbol to its overrides, which may be empty, or a list of symbols: 1 to 64 of them.
For recordings it may be left out: then every symbol found in them is traded. A symbol that only
carries an override is named all the same, so then the others have to be named too.
"""

INSTRUMENT = """\
Only under a symbol, as `symbols.ETHUSDC.instrument`. What is not given comes from
`configs/instruments.yaml`.
"""


def reference() -> str:
    """Return the page."""
    sections = {**SHARED, **PER_SYMBOL}
    tables = [_table("Top level", Top), *(_table(name, model) for name, model in sections.items())]
    return "".join([HEAD, *tables, SYMBOLS, _table("symbols.*.instrument", Grid, INSTRUMENT)])


def _table(title: str, model: type[Section], note: str = "") -> str:
    text = note or f"{model.__doc__}\n"
    rows = "".join(f"{_row(title, name, field)}\n" for name, field in model.model_fields.items())
    head = "| key | value | default | unit | meaning | changes |\n|---|---|---|---|---|---|\n"
    return f"\n## {title}\n\n{text}\n{head}{rows}"


def _row(section: str, name: str, field: FieldInfo) -> str:
    return f"| `{name}` | {' | '.join(_cells(field))} | {takes_hold(f'{section}.{name}')} |"


def _cells(field: FieldInfo) -> Iterator[str]:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    default = "required" if field.is_required() else f"`{scalar(field.default)}`"
    yield expectation(field)
    yield str(extra.get("default", default))
    yield str(extra["unit"])
    yield str(field.description)


if __name__ == "__main__":
    sys.stdout.write(reference())
