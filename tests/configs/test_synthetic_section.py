"""The section and the market it describes are declared in two rooms that do not know each other."""

from dataclasses import MISSING, fields

import pytest

from configs.coherence import LEAST_PRICE_TICKS, LEAST_TRADE_LOTS, MOST_STEPS
from configs.schema_market import Synthetic
from connectors.synthetic import grid
from connectors.synthetic.settings import RANGES, SyntheticMarket


def test_names_and_defaults_are_those_of_the_market():
    market = {field.name: field.default for field in fields(SyntheticMarket)}
    assert market.pop("price") is MISSING
    section = {name: field.default for name, field in Synthetic.model_fields.items()}
    assert section.pop("price") is None
    assert section == market


@pytest.mark.parametrize(("name", "limits"), RANGES.items())
def test_ranges_are_those_of_the_market(name, limits):
    found = [
        getattr(limit, kind)
        for limit in Synthetic.model_fields[name].metadata
        for kind in ("ge", "le")
        if hasattr(limit, kind)
    ]
    assert tuple(found) == limits


def test_scales_are_those_of_the_market():
    assert (LEAST_PRICE_TICKS, LEAST_TRADE_LOTS) == (grid.LEAST_PRICE_TICKS, grid.LEAST_TRADE_LOTS)
    assert grid.MOST == MOST_STEPS


def test_a_checked_section_makes_a_market(loaded):
    section = loaded("symbols: {ETHUSDC: {synthetic: {price: 2500.5}}}").symbols["ETHUSDC"].synthetic
    assert SyntheticMarket(**section.model_dump()).price == section.price
