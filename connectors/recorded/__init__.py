"""Recorded market data: files as collectors write them, or tables, played as tapes."""

from connectors.recorded.discovery import Recording, discover
from connectors.recorded.opening import Format, Market, open_tape
from connectors.recorded.tape import RecordedTape

__all__ = ["Format", "Market", "RecordedTape", "Recording", "discover", "open_tape"]
