"""The wires to the venue and back."""

from operators.queue import VenueParams
from operators.rows import (
    BUY,
    CANCEL,
    FILLED,
    LAST,
    MAKER,
    NEVER,
    PLACE,
    SELL,
    TRADE,
)
from operators.venue import RING, Venue, next_report_ns, next_request_ns, submit
from tests.oracles.venue_world import Report, World, a_row, joined, with_a_bid


def test_requests_travel_there():
    world = World()
    assert next_request_ns(world.venue) == next_report_ns(world.venue) == NEVER
    params = VenueParams.cell(entry_ns=20)
    submit(world.venues, params, joined([a_row(PLACE, BUY, 1000, 5, number=1, ts_ns=100)]), 1)
    assert (next_request_ns(world.venue), next_report_ns(world.venue)) == (120, NEVER)


def test_reports_travel_back():
    world = with_a_bid(response_ns=30)
    slot = world.venue.reports_tail % RING
    assert world.market(a_row(TRADE, SELL, 999, 1, ts_ns=500)) == [Report(FILLED, 1, 1000, 5)]
    wire = world.venue.reports[slot]
    told = wire.row
    assert (wire.filled_lots, wire.sequence) == (5, 2)
    assert (told.ts_event, told.ts_recv, told.side, told.marks) == (500, 530, BUY, LAST | MAKER)
    world.venue.reports_head = slot
    assert next_report_ns(world.venue) == 530


def test_a_wire_with_no_room_is_a_fault():
    venues, params = Venue.cell(), VenueParams.cell()
    rows = joined([a_row(CANCEL, BUY, 0, 0, number=n) for n in range(RING + 1)])
    submit(venues, params, rows, RING)
    assert venues[0].fault == 0
    submit(venues, params, rows, 1)
    assert (venues[0].fault, venues[0].requests_tail) == (1, RING)
