"""The board: what a running flow was last seen to be, symbol by symbol. Metrics are read from here.

Whoever answers a frame posts where it left things, which costs a tuple; whoever
wants to know looks when it likes, from another thread. What is posted is never
changed afterwards, so all that is read of a symbol is as of one frame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from connectors.standing import Standing
from connectors.tape import Tally
from connectors.timing import Times, Timing


class Facts(NamedTuple):
    """What the market does not change: the grid of a symbol, and what it is set to."""

    tick: Decimal
    lot: Decimal
    tick_lot: Decimal
    """Worth of one tick times one lot, quote currency."""
    budget_notional: Decimal
    vpin_enabled: bool
    threshold: float
    pause_threshold: float
    n_buckets: int
    version: int = 0
    """Of its settings: 0 as the run began; each reload that changes them makes another."""

    def under(self, values: Mapping[str, str], version: int) -> "Facts":
        """Return what they are by other settings; what is not among those stays."""
        known = {name: read(values[key]) for name, (key, read) in READ.items() if key in values}
        return self._replace(version=version, **known)


WHOLE: Final = "all"
"""What the share of a run is called that runs every symbol."""
READ: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "budget_notional": ("risk.budget_notional", Decimal),
    "vpin_enabled": ("vpin.enabled", lambda text: text == "true"),
    "threshold": ("vpin.threshold", float),
    "pause_threshold": ("vpin.pause_threshold", float),
    "n_buckets": ("vpin.n_buckets", int),
}
"""Of the facts that settings say: the key, and what its text means."""


class Counted(Protocol):
    """Who reloads the configuration."""

    n_applied: int
    n_refused: int


@dataclass
class Never:
    """Nobody does."""

    n_applied: int = 0
    n_refused: int = 0


class Brokers(NamedTuple):
    """How a connection to brokers was last seen."""

    side: str
    """`source`, `reports` or `sinks`."""
    up: bool
    lost_s: float
    """Time without a broker that answers, since the process began."""
    n_outages: int
    behind: Mapping[int, int] = {}
    """Of a source, by partition: messages that the broker has, and no symbol has taken yet."""
    n_strange: int | None = None
    """Of a source: messages of symbols that the run does not trade."""
    n_under_way: int | None = None
    """Of sinks: messages that no broker has yet."""


class Now(NamedTuple):
    """Where the last answered frame left a symbol."""

    number: int = 0
    standing: Standing | None = None
    tally: Tally | None = None
    answered_ns: int = 0
    """By the process's clock of performance, as the next; 0 where no frame was answered yet."""
    took_ns: int = 0
    """From its release until its answer."""


class Post:
    """One symbol's place on the board."""

    def __init__(self, symbol: str, facts: Facts, times: Times) -> None:
        self.symbol, self.facts, self.times = symbol, facts, times
        self.now = Now()
        self.letters: Mapping[str, int] = {}
        """Dead letters by reason; it grows."""

    def adopt(self, values: Mapping[str, str], version: int) -> None:
        """Take in the settings that hold from the next frame on."""
        self.facts = self.facts.under(values, version)


class Board:
    """What all symbols of one process were last seen to be."""

    def __init__(
        self,
        profile: str,
        config: str,
        facts: Mapping[str, Facts],
        timing: Timing,
        reloading: Counted | None = None,
        shard: str = "",
    ) -> None:
        self.profile, self.config, self.timing, self.shard = profile, config, timing, shard or WHOLE
        self.reloading = reloading or Never()
        self.brokers: list[Callable[[], Brokers]] = []
        """How each connection is, where there are any."""
        self.posts = {symbol: Post(symbol, facts[symbol], timing.of(symbol)) for symbol in sorted(facts)}

    def reloads(self) -> dict[str, int]:
        """Return how often the configuration was reloaded, by what became of it."""
        return {"applied": self.reloading.n_applied, "refused": self.reloading.n_refused}
