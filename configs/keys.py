"""How a key of a settings file is declared: its default, meaning, unit and range."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

BPS: Final = "bps"
MS: Final = "ms"
QUOTE: Final = "quote currency"
LOTS: Final = "lots"
TICKS: Final = "ticks"
MOST_LOTS: Final = 10**11
"""Times any price in ticks, this still is a 64-bit integer."""


def key(default: object, meaning: str, unit: str = "", **limits: float) -> Any:  # noqa: ANN401 - as Field does
    """Declare a key."""
    limit: dict[str, Any] = dict(limits)
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, **limit)


class Section(BaseModel):
    """A group of keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
