"""Two ways to take a frame through every rule, which must not differ."""

from flows.research import step_by_step
from operators.desk import Desk, Rules, desk_on_rows, open_sheet
from operators.measure import VpinMeasure
from operators.outbox import open_outbox
from operators.rows import Rows


def by_steps(desk: Desk, rules: Rules, rows: Rows) -> tuple[Rows, bytes]:
    """Take a frame through one step after the other."""
    measure = VpinMeasure(rules.vpin)
    measure.vpin = desk.vpin
    made = step_by_step(desk, rules, measure, rows)
    return made.requests, made.fills.tobytes()


def in_one_pass(desk: Desk, rules: Rules, rows: Rows) -> tuple[Rows, bytes]:
    """Take each row through every rule."""
    outbox = open_outbox(len(rows))
    desk_on_rows(desk, rules, rows, open_sheet(), outbox)
    counts = outbox.counts[0]
    return outbox.requests[: counts.requests], outbox.fills[: counts.fills].tobytes()
