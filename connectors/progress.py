"""What a run shows while it runs: event time, speed, orders and fills, on one line."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO


class Progress:
    """Counts what every symbol did, and writes a line now and then.

    On a terminal the line is rewritten twice a second; elsewhere one is added every five seconds.
    """

    def __init__(self, stream: TextIO | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.stream, self.clock = stream, clock
        self.rewrites = stream is not None and stream.isatty()
        self.every_s = 0.5 if self.rewrites else 5.0
        self.began: float | None = None
        self.next = 0.0
        self.first_ns = 0
        self.reached: dict[str, int] = {}
        self.orders = self.fills = 0

    def note(self, symbol: str, ts_ns: int, orders: int, fills: int) -> None:
        """Take in how far a symbol got, and what it just did."""
        if self.stream is None or ts_ns == 0:
            return
        now = self.clock()
        if self.began is None:
            self.began, self.first_ns, self.next = now, ts_ns, now + self.every_s
        self.reached[symbol] = ts_ns
        self.orders += orders
        self.fills += fills
        if now >= self.next:
            self.next = now + self.every_s
            self.write(now - self.began)

    def write(self, wall_s: float) -> None:
        """Write the line: the event time that every symbol has reached."""
        reached = min(self.reached.values())
        speed = (reached - self.first_ns) * 1e-9 / max(wall_s, 1e-9)
        moment = datetime.fromtimestamp(reached * 1e-9, UTC).strftime("%Y-%m-%d %H:%M:%S")
        line = f"{moment}  {speed:,.0f} × real time  {self.orders:,} orders  {self.fills:,} fills"
        if self.stream is not None:
            self.stream.write(f"\r{line}\x1b[K" if self.rewrites else f"{line}\n")
            self.stream.flush()

    def clear(self) -> None:
        """Make room for another line; the next write shows progress again."""
        if self.stream is not None and self.rewrites and self.began is not None:
            self.stream.write("\r\x1b[K")

    def end(self) -> None:
        """Leave the line as it is."""
        if self.stream is not None and self.rewrites and self.began is not None:
            self.stream.write("\n")
