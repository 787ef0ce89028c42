"""What the settings of a run were at first, and what they are to be: text becomes parameters.

Settings are compared key by key, resolved. Those that cannot change while a run
goes on make a file that changes them be refused, whole; of the others each
symbol is handed what differs for it, when it asks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from configs.load import load
from configs.reloads import AT_RESTART, NEW_FIT, NEW_WINDOW, differing, takes_hold, values
from configs.rules import rules_for
from configs.settings import Settings
from configs.write import resolved_yaml
from connectors.controls import Controlled
from connectors.reloads import Changes, Reload
from connectors.stamp import leaves, told_apart
from operators.desk import Rules
from operators.errors import ConfigError


class Offer(NamedTuple):
    """One version of the settings."""

    version: int
    values: Mapping[str, Mapping[str, str]]
    """By symbol and key."""
    rules: Mapping[str, Rules]


class Reloading:
    """The settings of all symbols of a process. One thread accepts them, others ask."""

    def __init__(self, settings: Settings, config: Path, overrides: Sequence[str] = ()) -> None:
        self.began = settings
        self.base = config, tuple(overrides)
        """What they were read from."""
        self.newest = settings
        """Accepted last."""
        self.offer = Offer(0, {}, {})
        self.top = 0
        self.known: dict[tuple[str, tuple[str, ...]], Rules] = {}
        self.n_applied = self.n_refused = 0

    def begin(self, version: int) -> None:
        """Take in the highest version that is to come again: newer ones are higher."""
        self.top = max(self.top, version)

    def initial(self, symbol: str) -> Mapping[str, str]:
        """Return every setting that the run began with."""
        return values(self.began.symbols[symbol])

    def wanted(self, symbol: str, version: int, current: Mapping[str, str]) -> Reload | None:
        """Return what is newer than a version and differs from the settings now, if anything is."""
        offer = self.offer
        if offer.version <= version:
            return None
        changes = differing(current, offer.values[symbol])
        return _reload(offer.version, changes, offer.rules[symbol]) if changes else None

    def recorded(self, symbol: str, version: int, current: Mapping[str, str], changes: Changes) -> Reload:
        """Return a change that was recorded, made to the settings now.

        Raises:
            ConfigError: it cannot be made to them.
        """
        stuck = [key for key in changes if not self.may_change(f"symbols.{symbol}.{key}")]
        if stuck:
            raise ConfigError([f"{symbol}: {stuck[0]} changes only at a restart, and the record changes it"])
        now, begun = {**current, **after(changes)}, self.initial(symbol)
        overrides = tuple(f"symbols.{symbol}.{key}={now[key]}" for key in now if now[key] != begun.get(key))
        known = self.known.get((symbol, overrides))
        if known is None:
            made = load(self.base[0], (*self.base[1], *overrides)).symbols[symbol]
            known = self.known[symbol, overrides] = rules_for(made, self.began.source)
        return _reload(version, changes, known)

    def prepare(self, records: Iterable[Controlled]) -> None:
        """Make what a record will ask for, in its order.

        Raises:
            ConfigError: it changes what cannot be changed, or not to that.
        """
        current = {symbol: dict(self.initial(symbol)) for symbol in self.began.symbols}
        for each in records:
            if each.version and each.symbol in current:
                self.recorded(each.symbol, each.version, current[each.symbol], each.changes)
                current[each.symbol] |= after(each.changes)

    def catch_up(self, began: Settings, directory: Path, records: Iterable[Controlled]) -> None:
        """Go on with a run that began with these settings, and of whose controls there is this record."""
        changes = [(each.symbol, each.version, each.changes) for each in records if each.version]
        self.began, self.base = began, (directory / "config.yaml", ())
        self.known.clear()
        self.top = max((version for _, version, _ in changes), default=0)
        now = [
            f"symbols.{symbol}.{key}={value}"
            for symbol, _, told in changes
            for key, (_, value) in told.items()
        ]
        self.newest = load(self.base[0], now) if now else began

    def accept(self, settings: Settings) -> dict[str, tuple[str, str]]:
        """Offer new settings to every symbol, and return what differs from those accepted before.

        Raises:
            ConfigError: what differs cannot change while a run goes on; nothing is offered then.
        """
        was, now = (leaves(resolved_yaml(each)) for each in (self.newest, settings))
        felt = [key for key in told_apart(was, now) if self._is_felt(key, was, now)]
        told = {key: (was.get(key, ""), now.get(key, "")) for key in felt}
        refused = list(self._refused(settings, told))
        if refused:
            raise ConfigError(refused)
        if told:
            self.newest, self.top = settings, self.top + 1
            self.n_applied += 1
            each = settings.symbols.items()
            texts = {symbol: values(own) for symbol, own in each}
            rules = {symbol: rules_for(own, settings.source) for symbol, own in each}
            self.offer = Offer(self.top, texts, rules)
        return told

    def _is_felt(self, key: str, was: Mapping[str, str], now: Mapping[str, str]) -> bool:
        """A common setting is nobody's where each symbol's own stays: after a resumption, for one."""
        own = [f"symbols.{symbol}.{key}" for symbol in self.newest.symbols]
        return not set(own) <= set(was) or any(was[each] != now.get(each) for each in own)

    def _refused(self, settings: Settings, told: Changes) -> Iterator[str]:
        strangers = set(settings.symbols).symmetric_difference(self.newest.symbols)
        for symbol in sorted(strangers):
            what = "added" if symbol in settings.symbols else "removed"
            yield f"symbols.{symbol} is {what} only at a restart"
        for key, (was, now) in told.items():
            own_model = key.endswith("quoting.model") and ":" in was + now
            if apart(key)[0] not in strangers and (own_model or not self.may_change(key)):
                yield f"{key} changes only at a restart, was {was or 'nothing'}, now {now or 'nothing'}"

    def may_change(self, key: str) -> bool:
        """Say whether a setting, `vpin.threshold` or that of one symbol, may change while a run goes on."""
        symbol, name = apart(key)
        own_measure = any(
            own.vpin.measure for each, own in self.began.symbols.items() if symbol in ("", each)
        )
        return takes_hold(name, own_measure=own_measure) != AT_RESTART


def apart(key: str) -> tuple[str, str]:
    """Part a setting's whole name into its symbol, if it is one symbol's, and its name.

    >>> apart("symbols.ETHUSDC.vpin.threshold"), apart("vpin.threshold")
    (('ETHUSDC', 'vpin.threshold'), ('', 'vpin.threshold'))
    """
    if not key.startswith("symbols."):
        return "", key
    _, symbol, name = (*key.split(".", 2), "")[:3]
    return symbol, name


def after(changes: Changes) -> dict[str, str]:
    """Return what settings are after changes."""
    return {key: now for key, (_, now) in changes.items()}


def _reload(version: int, changes: Changes, rules: Rules) -> Reload:
    held = {takes_hold(key) for key in changes}
    return Reload(version, changes, rules, NEW_WINDOW in held, NEW_FIT in held)
