"""Every section of a settings file; each key has its kind, range, default, unit and meaning.

A section is a frozen model that refuses unknown keys. `docs/configuration.md`
is printed from here. What several keys must agree on is in `configs/coherence.py`.
"""

from typing import Final, Literal

from pydantic import Field

from configs.keys import Section, key
from configs.scalars import Flag, Name, Number, ShardOrNull, Symbols, Text, TextOrNull, Whole
from configs.schema_kafka import Kafka
from configs.schema_market import Book, Source, Synthetic, Venue
from configs.schema_quoting import Calibration, Quoting, Signals, Vpin
from configs.schema_risk import Orders, Risk


class Top(Section):
    """Keys outside every section."""

    profile: Name = Field(
        "phoenix",
        description="Name of the configuration, part of a run's directory.",
        json_schema_extra={"unit": "", "default": "the file's name"},
    )


class Run(Section):
    """Where a run writes, and how often it can be resumed from."""

    directory: Text = key("runs", "Folder in which each run makes its own.")
    checkpoint_every_s: Number = key(1.0, "Wall-clock time between checkpoints.", "s", ge=0.05, le=3600)
    progress: Flag = key(True, "Show a progress line while running.")
    report: Flag = key(True, "Write report.html at the end.")
    control: TextOrNull = key(None, "Controls to replay: the control.jsonl of another run.")
    shard: ShardOrNull = key(
        None, "As K/N: run the K-th of N shares that the symbols are dealt to; see docs/shards.md."
    )
    symbols: Symbols = key(
        frozenset(), "Run these of the symbols, whatever is dealt; all, or those of the shard, without."
    )


class Kpis(Section):
    """What a run is measured by."""

    sample_s: Number = key(
        1.0,
        "Equity is sampled this often, in market time: what the Sharpe ratio is of.",
        "s",
        ge=1,
        le=86_400,
    )


class Metrics(Section):
    """What Prometheus may fetch while a run of the graph is on; docs/metrics.md names all of it."""

    enabled: Flag = key(False, "Serve metrics over HTTP.")
    address: Text = key("127.0.0.1", "Address of this machine to listen at; 0.0.0.0 is every one it has.")
    port: Whole = key(9464, "Port to listen at; 0 takes any that is free.", ge=0, le=65_535)
    if_taken: Literal["refuse", "next", "without"] = key(
        "refuse", "Where the port is taken: refuse to run, take the next free one, or run without metrics."
    )


SHARED: Final[dict[str, type[Section]]] = {"run": Run, "source": Source, "kafka": Kafka, "metrics": Metrics}
"""Sections that hold for all symbols."""
PER_SYMBOL: Final[dict[str, type[Section]]] = {
    "synthetic": Synthetic,
    "venue": Venue,
    "book": Book,
    "vpin": Vpin,
    "signals": Signals,
    "quoting": Quoting,
    "calibration": Calibration,
    "orders": Orders,
    "risk": Risk,
    "kpis": Kpis,
}
"""Sections that `symbols.<symbol>` may override, key by key."""
