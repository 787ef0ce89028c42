"""Load the compiled rules before a run, so that its first frame is not charged for it."""

import sys

from connectors.shared import Frame
from flows.steps import AsmmStep, BookStep, RiskStep, VpinStep
from operators.desk import Rules, open_exchange
from operators.kernel import is_cold
from operators.receipts import ask
from operators.release import play_round
from operators.rows import NEVER, Row


def warm(rules: Rules) -> None:
    """Take an empty frame through every step and the venue; say so when the rules have yet to be compiled."""
    if is_cold():
        sys.stderr.write("Compiling the rules; this happens once per change of a rule.\n")
    frame = Frame(0, Row.table(0), ())
    asmm = AsmmStep(rules, None)
    asmm.take(BookStep(rules, None).take(frame))
    view = asmm.take(VpinStep(rules, None).take(frame))
    if view is not None:
        RiskStep(rules, None).take(view)
    exchange = open_exchange()
    cells = exchange.loop, exchange.venue, exchange.book, exchange.receipts
    setup = rules.loop, rules.venue, rules.book
    ask(exchange.venue, exchange.receipts, rules.venue, frame.rows, 0)
    play_round(cells, setup, frame.rows, frame.rows, NEVER, NEVER, frame.rows)
