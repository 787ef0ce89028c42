"""A recording as Parquet tables, merged into the order in which their rows reached us."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from connectors.recorded.blocks import Block, join, load_block, pick
from connectors.recorded.channels import Bests, Channel, Marks, Prints, Written
from connectors.recorded.clock import Clock
from connectors.recorded.columns import BOOK, L2, MARKS, TABLES, TRADES
from connectors.recorded.depth import DepthChannel
from connectors.recorded.grid import Grids, Steps
from connectors.recorded.lanes import Lane, LaneState, Taken
from connectors.recorded.letters import Reason
from connectors.recorded.merge import next_counts, places
from connectors.recorded.quality import Quality, count_letter
from connectors.recorded.sync import Chain
from connectors.recorded.tape import Batch
from connectors.tape import DeadLetter, State
from operators.errors import SourceError
from operators.instruments import Instrument


@dataclass
class Part:
    """What one lane gives to a batch: its rows, and their places among those of all lanes."""

    lane: Lane
    channel: Channel
    taken: Taken
    places: Steps

    @property
    def good(self) -> Steps:
        """Positions of the rows that can be used."""
        return np.setdiff1d(np.arange(len(self.taken)), list(self.taken.faults))

    def write(self, ts_recv: Steps) -> Written:
        """Return rows of the tape, and the place of each."""
        at, rows = self.channel.write(self.taken, self.good, ts_recv[self.places])
        return self.places[at], rows


class TableFeed:
    """Reads the tables of one folder forward, together."""

    def __init__(
        self, symbol: str, instrument: Instrument, folder: Path, chain: Chain, quality: Quality
    ) -> None:
        self._symbol, self._quality = symbol, quality
        self._clock = Clock(quality)
        channels: dict[str, Channel] = {
            L2.name: DepthChannel(chain, quality),
            BOOK.name: Bests(quality),
            TRADES.name: Prints(quality),
            MARKS.name: Marks(quality),
        }
        grids = Grids(instrument)
        found = [(folder / f"{table.name}.parquet", table) for table in TABLES]
        self._lanes = [Lane(path, table, symbol, grids) for path, table in found if path.is_file()]
        self._channels = [channels[lane.table.name] for lane in self._lanes]
        if not any(lane.rows_in_file for lane in self._lanes):
            raise SourceError(f"{folder} holds tables without rows: expected at least one row")

    def fill(self, n_rows: int) -> Batch:
        """Take about this many rows of the tables, whole messages, and make rows of the tape."""
        blocks, letters, left = [load_block(b"")], [], n_rows
        while left > 0 and not self._ended:
            letters += [letter for lane in self._lanes if (letter := self._refill(lane))]
            parts = self._take(left)
            ts_recv = self._received(parts)
            blocks.append(_merged([part.write(ts_recv) for part in parts]))
            letters += self._letters(parts, ts_recv)
            left -= len(ts_recv)
        return Batch(join(blocks), tuple(letters), self._ended)

    def snapshot(self) -> State:
        """Return the place in each table, and what was learned on the way."""
        return (
            self._clock.snapshot(),
            tuple(lane.snapshot() for lane in self._lanes),
            tuple(channel.snapshot() for channel in self._channels),
        )

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        clock, lanes, channels = cast(
            "tuple[tuple[int, int, int], tuple[LaneState, ...], tuple[object, ...]]", state
        )
        self._clock.restore(clock)
        for lane, place in zip(self._lanes, lanes, strict=True):
            lane.restore(place)
        for channel, learned in zip(self._channels, channels, strict=True):
            channel.restore(learned)

    def close(self) -> None:
        """Give files back."""
        for lane in self._lanes:
            lane.close()

    @property
    def _ended(self) -> bool:
        return all(lane.ended and not lane.ready for lane in self._lanes)

    def _take(self, n_rows: int) -> list[Part]:
        counts = next_counts(self._lanes, n_rows)
        where = places([lane.keys[:n] for lane, n in zip(self._lanes, counts, strict=True)])
        each = zip(self._lanes, self._channels, counts, where, strict=True)
        return [Part(lane, channel, lane.take(n), place) for lane, channel, n, place in each if n]

    def _received(self, parts: list[Part]) -> Steps:
        """Return the receive time of every row, by place; a bad one has that of the last good one."""
        n = sum(len(part.taken) for part in parts)
        ts_event, stamps, good = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.bool_)
        for part in parts:
            ts_event[part.places] = part.taken.columns["ts_ns"]
            stamps[part.places] = part.taken.columns["recv_ns"]
            good[part.places[part.good]] = True
        ts_recv = np.full(n, self._clock.ts_recv)
        ts_recv[good] = self._clock.on_many(ts_event[good], stamps[good])
        return np.maximum.accumulate(ts_recv)

    def _refill(self, lane: Lane) -> DeadLetter | None:
        damage = lane.refill()
        if damage is None:
            return None
        return self._letter(self._clock.ts_recv, Reason.CORRUPT, lane.path.name, damage)

    def _letters(self, parts: list[Part], ts_recv: Steps) -> list[DeadLetter]:
        """Return a letter for each bad row, by place."""
        bad = [(part.places[i], part, i) for part in parts for i in part.taken.faults]
        return [
            self._letter(
                int(ts_recv[place]),
                part.taken.faults[i][0],
                f"{part.lane.path.name}:{part.taken.first + i}",
                part.taken.faults[i][1],
            )
            for place, part, i in sorted(bad, key=lambda one: one[0])
        ]

    def _letter(self, ts: int, reason: Reason, where: str, text: str) -> DeadLetter:
        count_letter(self._quality, reason)
        return DeadLetter(ts, self._symbol, reason.value, where, text)


def _merged(written: list[Written]) -> Block:
    """Return rows by the place of what brought them."""
    if not written:
        return load_block(b"")
    order = np.argsort(np.concatenate([places for places, _ in written]), kind="stable")
    return pick(join([rows for _, rows in written]), order)
