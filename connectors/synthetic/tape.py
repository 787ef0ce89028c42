"""A synthetic market as a tape: its rows in chunks, for as long as it lasts."""

from typing import Final, NamedTuple, cast

from connectors.synthetic.draws import seed_words
from connectors.synthetic.feed import MOST_ROWS
from connectors.synthetic.grid import market_params
from connectors.synthetic.market import open_market, run
from connectors.synthetic.settings import SyntheticMarket, refuse
from connectors.synthetic.state import Market, MarketParams
from connectors.tape import Chunk, State
from operators.errors import CheckpointRefused
from operators.instruments import Instrument
from operators.kernel import Cell
from operators.rows import NEVER, Row

VERSION: Final = "synthetic-1"


class Truth(NamedTuple):
    """What no recording tells: how much of the volume so far knew the fair price."""

    informed_lots: int
    total_lots: int

    @property
    def informed_share(self) -> float:
        """Share of the volume, 0 before the first trade."""
        return self.informed_lots / max(1, self.total_lots)


class SyntheticTape:
    """One symbol's synthetic market.

    Both orders of a chunk are one: messages arrive as they were sent, only
    later. Our own orders leave no trace in it.
    """

    def __init__(
        self, symbol: str, params: Cell[MarketParams], market: Cell[Market], chunk_rows: int
    ) -> None:
        self.symbol = symbol
        self._params = params
        self._market = market
        self._chunk_rows = chunk_rows
        self._over = False

    def read(self) -> Chunk | None:
        """Let the market go on for a chunk; None once its time is over."""
        if self._over:
            return None
        rows = Row.table(self._chunk_rows)
        n = run(self._market, self._params, rows)
        self._over = bool(self._market[0].now_ns >= self._params[0].end_ns)
        rows = rows[:n]
        if self._over:
            return Chunk(rows, rows, NEVER, NEVER)
        return Chunk(rows, rows, int(rows[n - 1].ts_recv), int(rows[n - 1].ts_event))

    def snapshot(self) -> State:
        """Return the market's bytes; it is all there is to know."""
        return (VERSION, self._market.tobytes(), self._over)

    def restore(self, state: State) -> None:
        """Go on from a snapshot of the same market.

        Raises:
            CheckpointRefused: the snapshot was taken of another version.
        """
        version, market, over = cast("tuple[str, bytes, bool]", state)
        if version != VERSION:
            raise CheckpointRefused("the synthetic market", VERSION, version)
        self._market = Market.load(market)
        self._over = over

    def close(self) -> None:
        """Nothing to give back."""

    @property
    def truth(self) -> Truth:
        """What is known of the volume so far."""
        market = self._market[0]
        return Truth(int(market.informed_lots), int(market.total_lots))

    @property
    def quality(self) -> dict[str, int]:
        """Messages so far, by kind."""
        market = self._market[0]
        return {
            "snapshots": int(market.snapshot_messages),
            "depth": int(market.depth_messages),
            "best": int(market.best_messages),
            "trades": int(market.trade_messages),
        }


def open_tape(
    symbol: str,
    instrument: Instrument,
    market: SyntheticMarket,
    *,
    seed: int,
    start_ns: int,
    duration_s: float,
    chunk_rows: int = 8192,
) -> SyntheticTape:
    """Return the market of a symbol; seed and symbol decide all that is random in it.

    Raises:
        ValueError: the market does not suit the instrument's grid, or a number is out of range.
    """
    refuse([] if chunk_rows >= MOST_ROWS else [f"chunk_rows must be at least {MOST_ROWS}, was {chunk_rows}"])
    params = market_params(market, instrument, start_ns=start_ns, duration_s=duration_s)
    cell = Market.cell()
    cell[0].draws[:] = seed_words(seed, symbol)
    open_market(cell, params)
    return SyntheticTape(symbol, params, cell, chunk_rows)
