"""Load the compiled rules before a run, so that its first frame is not charged for it."""

import sys

from connectors.closed_loop import Frame
from flows.lift import AsmmStep, BookStep, RiskStep, VpinStep
from operators.desk import Rules
from operators.kernel import is_cold
from operators.rows import Row


def warm(rules: Rules) -> None:
    """Take an empty frame through every step; say so when the rules have yet to be compiled."""
    if is_cold():
        sys.stderr.write("Compiling the rules; this happens once per change of a rule.\n")
    frame = Frame(0, Row.table(0), ())
    _, _, tops = BookStep(rules, None).take(frame)
    _, _, readings = VpinStep(rules, None).take(frame)
    view = AsmmStep(rules, None).take((tops, readings))
    RiskStep(rules, None).take(view)
