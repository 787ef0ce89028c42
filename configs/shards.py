"""Deal the symbols of a configuration to processes, each of which runs its share.

Every shard computes the whole deal by itself, from the names alone. A symbol goes to the shard that
ranks it highest (Thaler and Ravishankar, 1998, "Using Name-Based Mappings to Increase Hit Rates"), among
those that have room: shares differ by at most one symbol, as the largest is what a machine is sized for.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from configs.schema import Run

LONGEST_LABEL: Final = 40


def deal(symbols: Iterable[str], n_shards: int) -> list[list[str]]:
    """Return the symbols of each shard, in their order by name.

    >>> deal(["BTCUSDC", "ETHUSDC", "SOLUSDC", "XRPUSDC", "LTCUSDC"], 2)
    [['BTCUSDC', 'XRPUSDC'], ['ETHUSDC', 'LTCUSDC', 'SOLUSDC']]
    """
    waiting = sorted(set(symbols), key=_hash)
    least, n_larger = divmod(len(waiting), n_shards)
    hands: list[list[str]] = [[] for _ in range(n_shards)]
    for symbol in waiting:
        ranked = sorted(range(n_shards), key=lambda shard: _hash(f"{symbol} {shard + 1}"), reverse=True)
        shard = next(each for each in ranked if len(hands[each]) < least + (n_larger > 0))
        n_larger -= len(hands[shard]) == least
        hands[shard].append(symbol)
    return [sorted(hand) for hand in hands]


def share(run: Run, symbols: Iterable[str]) -> list[str]:
    """Return those of all symbols that a process runs, in their order: named ones go before dealt ones."""
    everything = list(symbols)
    if run.symbols:
        chosen = set(run.symbols)
    elif run.shard is not None:
        k, n = place(run.shard)
        chosen = set(deal(everything, n)[k - 1])
    else:
        return everything
    return [symbol for symbol in everything if symbol in chosen]


def is_shard(run: Run) -> bool:
    """Say whether a process may run less than the whole."""
    return run.shard is not None or bool(run.symbols)


def place(shard: str) -> tuple[int, int]:
    """Return which shard, from 1, of how many.

    >>> place("2/3")
    (2, 3)
    """
    k, _, n = shard.partition("/")
    return int(k), int(n)


def label(run: Run) -> str:
    """Name a share, as part of a file's name; the whole has no name.

    >>> label(Run(shard="2/3")), label(Run(symbols=["ETHUSDC", "BTCUSDC"])), label(Run())
    ('2of3', 'BTCUSDC+ETHUSDC', '')
    """
    if run.shard is not None:
        return "{}of{}".format(*place(run.shard))
    names = "+".join(sorted(run.symbols))
    if len(names) <= LONGEST_LABEL:
        return names
    return f"{len(run.symbols)}symbols-{hashlib.sha256(names.encode()).hexdigest()[:8]}"


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
