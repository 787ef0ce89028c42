"""A playback stopped anywhere goes on as if it had not been; and the settlement of a recording is made."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from configs.load import load
from configs.rules import rules_for
from connectors.playback import Playback
from connectors.recorded import discover, open_tape
from connectors.tape import Chunk, State
from operators.book import BookParams
from operators.desk import Rules, open_exchange
from operators.instruments import Instrument
from operators.kernel import ROOT
from operators.loop import LoopParams
from operators.queue import VenueParams
from operators.rows import (
    AMENDED,
    BUY,
    EXPIRED,
    FILLED,
    IMMEDIATE,
    MARK,
    NEVER,
    PLACE,
    SELL,
    SETTLED,
    STATE,
    Row,
    Rows,
)
from tests.oracles.loop_world import MS, BusyDesk, a_tape
from tests.oracles.venue_world import a_row, joined

TRYING = {
    "entry_ns": 2 * MS,
    "response_ns": 3 * MS,
    "partial_fills": 1,
    "queue_power": 3.0,
    "key": 4,
    "lose_share": 0.1,
    "repeat_share": 0.1,
    "swap_share": 0.2,
    "reject_share": 0.05,
    "outage_every_ns": 150 * MS,
    "outage_for_ns": 10 * MS,
    "max_requests": 30,
    "rate_window_ns": 50 * MS,
}


@pytest.fixture(scope="module")
def rules():
    """The default profile's rules: a playback reads of them what the loop, the venue and the book need."""
    settings = load(ROOT / "configs" / "phoenix.yaml")
    return rules_for(settings.symbols["BTCUSDC"], settings.source)


class Pieces:
    """A tape in chunks of so many rows."""

    symbol = "TEST"

    def __init__(self, rows: Rows, size: int) -> None:
        self.rows, self.size, self.at = rows, size, 0
        self.quality: dict[str, int] = {}

    def read(self) -> Chunk | None:
        if self.at >= len(self.rows):
            return None
        part = self.rows[self.at : self.at + self.size]
        self.at += self.size
        last = part[len(part) - 1]
        until = (NEVER, NEVER) if self.at >= len(self.rows) else (int(last.ts_recv), int(last.ts_event))
        return Chunk(part, part, *until)

    def snapshot(self) -> State:
        return (self.at,)

    def restore(self, state: State) -> None:
        (self.at,) = state  # type: ignore[assignment]

    def close(self) -> None:
        pass


def trying(rules: Rules) -> Rules:
    return rules._replace(
        loop=LoopParams.cell(clock_ns=20 * MS),
        venue=VenueParams.cell(**TRYING),
        book=BookParams.cell(newer_wins=1),
    )


@pytest.mark.parametrize("every", [1, 7])
def test_a_playback_goes_on_from_its_snapshot(rules, every):
    tape = a_tape(9, n=250, settles_every_ns=37 * MS)

    def lived(every: int) -> tuple[bytes, Playback]:
        playback, desk, requests = (
            Playback(Pieces(tape, 40), trying(rules), open_exchange()),
            BusyDesk(),
            Row.table(0),
        )
        told, number = [], 0
        while (rows := playback.play(requests)) is not None:
            told.append(rows.tobytes())
            requests = joined(desk.on_frame(rows))
            number += 1
            if every and number % every == 0:
                state = playback.snapshot()
                playback = Playback(Pieces(tape, 40), trying(rules), open_exchange())
                playback.restore(state)
        return b"".join(told), playback

    whole, once = lived(0)
    kinds = set(np.frombuffer(whole, Row.dtype)["kind"].tolist())
    assert {FILLED, EXPIRED, AMENDED, STATE, SETTLED} <= kinds
    receipts, venue = once.exchange.receipts[0], once.exchange.venue[0]
    assert min(receipts.n_repeated, receipts.n_recovered, venue.n_reports_lost, venue.n_requests_lost) > 0
    stopped, again = lived(every)
    assert stopped == whole
    assert again.exchange.venue.tobytes() == once.exchange.venue.tobytes()
    assert again.exchange.receipts.tobytes() == once.exchange.receipts.tobytes()


class Holder:
    """Takes a position with its first clock row and keeps it."""

    def __init__(self, side: int, lots: int) -> None:
        self.side, self.lots, self.position = side, lots, 0
        self.asked, self.settled = False, list[Row]()

    def on_frame(self, rows: Rows) -> list[Row]:
        facts = np.asarray(rows)
        fills = facts[facts["kind"] == FILLED]
        self.position += int((fills["side"] * fills["size_lots"]).sum())
        self.settled += [rows[n] for n in range(len(rows)) if rows[n].kind == SETTLED]
        # Enough of the book is known after a while.
        if self.asked or not (facts["kind"] == MARK).any():
            return []
        self.asked = True
        price = 400_000 if self.side == BUY else 100
        order = a_row(PLACE, self.side, price, self.lots, 1, int(facts["ts_recv"][-1]))
        order.marks |= IMMEDIATE
        return [order]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_settlement_of_a_recording_reaches_the_desk(data, rules, side):
    """The funding of 2023-04-05 00:00 was 0.00276 %: long positions paid."""
    midnight = 1_680_652_800 * 10**9
    (recording,) = discover([data / "tables" / "binance_usdm_btcusdt_20230405"])
    instrument = Instrument(recording.symbol, Decimal("0.1"), Decimal("0.001"))
    tape = open_tape(recording.symbol, instrument, [recording.path], recording.market)
    params = VenueParams.cell(entry_ns=5 * MS, response_ns=5 * MS, partial_fills=1)
    playback = Playback(tape, rules._replace(venue=params), open_exchange())
    desk, requests = Holder(side, 2), Row.table(0)
    while not desk.settled and (rows := playback.play(requests)) is not None:
        requests = joined(desk.on_frame(rows))
    playback.close()
    (row,) = desk.settled
    assert desk.position == side * 2
    assert (row.id, row.ts_event, row.price_ticks) == (midnight, midnight + 10 * MS, 281_551)
    assert row.ts_recv == row.ts_event + 5 * MS
    paid = int(row.size_lots) + Fraction(int(row.lag_us), 10**6)
    assert abs(paid - Fraction(side * 2 * 281_551 * 2760, 10**8)) <= Fraction(1, 2 * 10**6)
    assert playback.exchange.venue[0].settles_ns in (0, midnight + 8 * 3600 * 10**9)
