"""A state that cannot be is counted and told by either driver, and never passes in silence."""

import json

import pytest

from tests.oracles.command import phoenix
from tests.oracles.damaged import write_damaged

LOST_REQUEST = """
from flows.program import Program
whole = Program.playback
def playback(self, symbol):
    made = whole(self, symbol)
    made.exchange.venue[0].fault = 1
    return made
Program.playback = playback
"""
FALSE_REPORT = """
from flows.program import Program
from operators.rows import AMENDED, LAST
whole = Program.playback
def playback(self, symbol):
    made = whole(self, symbol)
    venue = made.exchange.venue[0]
    wire = venue.reports[0]
    report, wire.sequence = wire.row, 1
    report.kind, report.id, report.side, report.marks = AMENDED, 1, 1, LAST
    report.ts_event = report.ts_recv = 1_700_000_000_200_000_000
    venue.reports_tail = 1
    return made
Program.playback = playback
"""


@pytest.mark.parametrize("driver", ["graph", "research"])
@pytest.mark.parametrize(
    ("code", "fault"),
    [(LOST_REQUEST, "requests_lost_on_the_wire"), (FALSE_REPORT, "illegal_order_transition")],
)
def test_a_fault_is_counted_and_told_once(tmp_path, driver, code, fault):
    profile = write_damaged(tmp_path, n_diffs=150)
    done = phoenix("run", "--config", profile, "--driver", driver, "--out", tmp_path / "run", code=code)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "run" / "summary.json").read_text())["symbols"]["TESTUSDT"]
    assert figures["faults"] == {fault: 1}
    assert done.stderr.splitlines().count(f"TESTUSDT: {fault} broke an invariant (fault 1)") == 1
    assert f"broken invariants: {fault} 1" in done.stdout
