"""Load the compiled rules before a run, so that its first frame is not charged for it."""

import sys

from connectors.shared import Frame
from flows.lift import AsmmStep, BookStep, RiskStep, VpinStep
from operators.desk import Rules, open_exchange
from operators.kernel import is_cold
from operators.loop import play_round
from operators.rows import NEVER, Row
from operators.venue import submit


def warm(rules: Rules) -> None:
    """Take an empty frame through every step and the venue; say so when the rules have yet to be compiled."""
    if is_cold():
        sys.stderr.write("Compiling the rules; this happens once per change of a rule.\n")
    frame = Frame(0, Row.table(0), ())
    _, _, tops = BookStep(rules, None).take(frame)
    _, _, readings = VpinStep(rules, None).take(frame)
    view = AsmmStep(rules, None).take((tops, readings))
    RiskStep(rules, None).take(view)
    exchange = open_exchange()
    cells, setup = (exchange.loop, exchange.venue, exchange.book), (rules.loop, rules.venue, rules.book)
    submit(exchange.venue, rules.venue, frame.rows, 0)
    play_round(cells, setup, frame.rows, frame.rows, NEVER, NEVER, frame.rows)
