"""Every setting of VPIN, given by name for one instrument, checked at once."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from configs import instruments
from configs.coherence import vpin_clashes
from configs.document import Node, Tree
from configs.keys import Section, key
from configs.problems import ABSENT, Key, Problems, shown
from configs.rules import vpin_params
from configs.scalars import AmountOrNull, Text
from configs.schema_quoting import Vpin
from configs.sections import check, report
from operators.errors import ConfigError
from operators.instruments import Instrument
from operators.kernel import Cell
from operators.toxicity import VpinParams

NO_SYMBOL: Final = "UNNAMED"


class Listing(Section):
    """What is traded."""

    symbol: Text = key(
        NO_SYMBOL, "Symbol: tick and lot come from the instrument table, and ties are hashed with it."
    )
    market: Literal["auto", "binance_usdm", "binance_spot"] = key("auto", "Part of the instrument table.")
    tick_size: AmountOrNull = key(None, "Smallest step of a price.", "quote currency", gt=0, le=1_000_000_000)
    lot_size: AmountOrNull = key(None, "Smallest step of a size.", "base asset", gt=0, le=1_000_000_000)
    contract_multiplier: AmountOrNull = key(None, "Base asset in one unit of size.", gt=0, le=1_000_000_000)


class Setup(NamedTuple):
    """What is measured, and how."""

    vpin: Vpin
    instrument: Instrument
    params: Cell[VpinParams]


class _Told(Problems):
    """Problems told by setting, each spelled as its giver does."""

    def __init__(self, spell: Callable[[str], str]) -> None:
        super().__init__(Path())
        self._spell = spell

    def key(self, key: Key, text: str, value: object = ABSENT) -> None:
        was = "" if value is ABSENT else f", was {shown(value)}"
        self.say(f"{self._spell(str(key[-1]))} {text}{was}")


def setup(given: Mapping[str, Any], spell: Callable[[str], str] = str) -> Setup:
    """Return what these settings mean; of what is not given, defaults hold, and it is enabled.

    >>> setup({"tick_size": "0.01", "lot_size": 0.001, "bucket_size": 0.4}).params[0].bucket_steps
    np.int64(400)

    Raises:
        ConfigError: some of them are wrong, or the instrument is not known.
    """
    problems = _Told(spell)
    tree: Tree = {str(name): value for name, value in given.items()}
    for name in tree:
        if name not in Vpin.model_fields and name not in Listing.model_fields:
            problems.unknown((name,), [*Listing.model_fields, *Vpin.model_fields])
    listing = check(problems, (), Listing, _only(tree, Listing))
    vpin = check(problems, (), Vpin, {"enabled": "true", **_only(tree, Vpin)})
    if vpin.value.measure is not None:
        problems.key(
            ("measure",), "must be left out: VPIN itself is what is measured here", vpin.value.measure
        )
    instrument = _instrument(listing.value, listing.refused, problems)
    clashes = vpin_clashes(vpin.value, instrument)
    report(problems, clashes, vpin.refused, (), Vpin.model_fields)
    if problems.sentences or instrument is None:
        raise ConfigError(problems.sentences)
    return Setup(vpin.value, instrument, vpin_params(vpin.value, instrument))


def _only(tree: Tree, model: type[Section]) -> Tree:
    return {name: value for name, value in tree.items() if name in model.model_fields}


def _instrument(listing: Listing, refused: frozenset[str], problems: Problems) -> Instrument | None:
    found = dict(_listed(listing))
    grid: dict[str, Decimal] = {}
    for name, own in (("tick", "tick_size"), ("lot", "lot_size"), ("multiplier", "contract_multiplier")):
        value = getattr(listing, own)
        given = value if value is not None else found.get(name)
        if given is not None:
            grid[name] = given
        elif name == "multiplier":
            grid[name] = Decimal(1)
        elif own not in refused:
            problems.key((own,), _wanted(listing))
    if len(grid) < len(("tick", "lot", "multiplier")):
        return None
    return Instrument(listing.symbol, grid["tick"], grid["lot"], Decimal(0), grid["multiplier"])


def _wanted(listing: Listing) -> str:
    if listing.symbol == NO_SYMBOL:
        return f"must be given, or a symbol that {instruments.NAME} lists"
    return f"must be given: {instruments.NAME} does not list {shown(listing.symbol)}"


def _listed(listing: Listing) -> Iterator[tuple[str, Decimal]]:
    """Yield what the instrument table says of the symbol."""
    symbol = listing.symbol
    market = instruments.market_of([symbol]) if listing.market == "auto" else listing.market
    entry: Mapping[str, Node] = instruments.listed(market, symbol) or {}
    for name in ("tick", "lot", "multiplier"):
        if name in entry:
            yield name, Decimal(str(entry[name]))
