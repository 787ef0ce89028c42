"""The order book as two dictionaries of what is known: slow, with no ring to go round."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from operators.ring import NO_ASK, NO_BID, REACH, UNKNOWN
from operators.rows import BUY, SELL

Level = tuple[int, int, int]
"""Side, price in ticks, lots."""


@dataclass
class DictBook:
    """What a book of differences should know, by the newer side being right within a message."""

    anchor: int = 0
    known: dict[int, dict[int, int]] = field(default_factory=lambda: {BUY: {}, SELL: {}})
    best: dict[int, int] = field(default_factory=lambda: {BUY: NO_BID, SELL: NO_ASK})
    crossed: bool = False
    """Size was left beyond the other side's best where the last message ended."""

    def snapshot(self, levels: Sequence[Level]) -> None:
        """Start again from a whole book, its first level in the middle."""
        self.known = {BUY: {}, SELL: {}}
        self.best = {BUY: NO_BID, SELL: NO_ASK}
        self.anchor = levels[0][1]
        self.message(levels)
        for side, known in self.known.items():
            if known:
                self._fill_in(side, known)

    def _fill_in(self, side: int, known: dict[int, int]) -> None:
        """Know to be empty what is not behind the deepest level."""
        deepest = min(known, key=lambda price: side * price)
        price = deepest
        while abs(price - self.anchor) < REACH:
            known.setdefault(price, 0)
            price += side

    def message(self, levels: Sequence[Level]) -> None:
        """Take in one whole message."""
        for level in levels:
            self._set(*level)
        self.crossed = any(
            lots > 0 and side * (price - self.best[-side]) >= 0
            for side, known in self.known.items()
            for price, lots in known.items()
        )

    def _set(self, side: int, price: int, lots: int) -> None:
        if abs(price - self.anchor) >= REACH:
            return
        self.known[side][price] = lots
        if lots > 0 and side * (price - self.best[side]) > 0:
            self.best[side] = price
            if side * (price - self.best[-side]) >= 0:
                self.best[-side] = self._behind(-side, price)
            if abs(price - self.anchor) > REACH // 2:
                self._recentre(price)
        elif lots == 0 and price == self.best[side]:
            self.best[side] = self._behind(side, price)

    def _behind(self, side: int, price: int) -> int:
        """Return the best price with size that is worse than `price`."""
        prices = [p for p, lots in self.known[side].items() if lots > 0 and side * (price - p) > 0]
        return side * max((side * p for p in prices), default=NO_BID)

    def _recentre(self, anchor: int) -> None:
        self.anchor = anchor
        for side, known in self.known.items():
            for price in [p for p in known if abs(p - anchor) >= REACH]:
                del known[price]
            if abs(self.best[side] - anchor) >= REACH:
                self.best[side] = -side * NO_ASK

    def lots_at(self, side: int, price: int) -> int:
        """Return the lots at a price, or UNKNOWN."""
        return self.known[side].get(price, UNKNOWN)
