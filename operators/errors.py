"""What can go wrong, as a tree.

    PhoenixError
    ├── ConfigError          a configuration is wrong: every fault of it, one per line
    ├── InstrumentUnknown    a symbol is missing from the instrument table
    ├── SourceError          a tape cannot be opened or holds nothing usable
    ├── CheckpointRefused    a checkpoint belongs to other code or another configuration
    ├── RunDirectoryError    a run directory exists, is missing or was tampered with
    └── InvariantBroken      a kernel set a fault code: state that cannot be

Bad input from the stream raises none of these: it becomes a dead letter.
"""

from collections.abc import Sequence


class PhoenixError(Exception):
    """Base of every error that is meant to be read by a user."""


class ConfigError(PhoenixError):
    """A configuration is wrong; `problems` names every fault, each a whole sentence."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class InstrumentUnknown(PhoenixError):
    """A symbol is missing from the instrument table."""

    def __init__(self, market: str, symbol: str, table: str) -> None:
        self.market, self.symbol, self.table = market, symbol, table
        super().__init__(
            f"{symbol} is not in the instrument table: add it to {table} under {market}, as "
            f'`{symbol}: {{tick: "0.01", lot: "0.001", min_notional: "5"}}`, or give it under '
            f"symbols.{symbol}.instrument in the configuration"
        )


class SourceError(PhoenixError):
    """A tape cannot be opened, or holds nothing that can be used."""


class CheckpointRefused(PhoenixError):
    """A checkpoint belongs to other code or to another configuration."""

    def __init__(self, what: str, expected: str, received: str) -> None:
        self.what, self.expected, self.received = what, expected, received
        super().__init__(
            f"this checkpoint was made by {what} {received}, and this is {expected}: "
            f"start a new run, or resume it with the {what} that made it"
        )


class RunDirectoryError(PhoenixError):
    """A run directory exists, is missing, or does not fit its checkpoint."""


class InvariantBroken(PhoenixError):
    """A rule reached a state that cannot be; the fault code says which."""

    def __init__(self, symbol: str, rule: str, fault: int) -> None:
        self.symbol, self.rule, self.fault = symbol, rule, fault
        super().__init__(f"{symbol}: {rule} broke an invariant (fault {fault})")
