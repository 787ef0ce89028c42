"""VPIN beside the dataflow: a calculator to feed by hand, and `phoenix vpin` for files of trades."""

from flows.vpin.calculator import Trade, VPINCalculator, VpinReading

__all__ = ["Trade", "VPINCalculator", "VpinReading"]
