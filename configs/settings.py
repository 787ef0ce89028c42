"""Settings after everything is resolved: what the rest of the program is handed."""

from collections.abc import Mapping
from dataclasses import dataclass

from configs.schema import Kpis, Metrics, Run
from configs.schema_kafka import Kafka
from configs.schema_market import Book, Source, Synthetic, Venue
from configs.schema_quoting import Calibration, Quoting, Signals, Vpin
from configs.schema_risk import Orders, Risk, SymbolRisk
from operators.instruments import Instrument


@dataclass(frozen=True)
class Common:
    """Sections as they hold for a symbol that overrides nothing."""

    synthetic: Synthetic
    venue: Venue
    book: Book
    vpin: Vpin
    signals: Signals
    quoting: Quoting
    calibration: Calibration
    orders: Orders
    risk: Risk
    kpis: Kpis


@dataclass(frozen=True)
class SymbolSettings:
    """Everything that holds for one symbol."""

    instrument: Instrument
    synthetic: Synthetic
    venue: Venue
    book: Book
    vpin: Vpin
    signals: Signals
    quoting: Quoting
    calibration: Calibration
    orders: Orders
    risk: SymbolRisk
    kpis: Kpis


@dataclass(frozen=True)
class Settings:
    """One configuration, complete."""

    profile: str
    """Safe as part of a directory's name."""
    run: Run
    source: Source
    kafka: Kafka
    metrics: Metrics
    common: Common
    symbols: Mapping[str, SymbolSettings]
    """In the order of the file; empty only for recordings whose symbols were not given."""
