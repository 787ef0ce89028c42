"""Chance that can be repeated: draws made of what is drawn for, and of nothing else.

A draw for one order says nothing about the next, and does not change when another order is left out.
"""

from typing import Final

from operators.kernel import kernel

PRIME: Final = (1 << 31) - 1
"""Products of two numbers below it fit 64 bits."""
MASK: Final = (1 << 31) - 1

# What is drawn for: no two draws about one order are the same.
ENTRY: Final = 1
RESPONSE: Final = 2
REFUSAL: Final = 3
LOSS: Final = 4
REPETITION: Final = 5
SWAP: Final = 6


@kernel
def draw(key: int, what: int, number: int, which: int) -> int:
    """Return a whole number from 0 to below `PRIME`: a hash of a run's key and what it is drawn for.

    >>> draw(7, LOSS, 1, 1), draw(7, LOSS, 1, 2), draw(7, LOSS, 1, 1)
    (1388045520, 1151205253, 1388045520)
    """
    value = (key % PRIME + what * 7_919) % PRIME
    for word in (number, which):
        value = (value * 48_271 + (word & MASK) + 1) % PRIME
        value = (value ^ (value >> 15)) * 69_621 % PRIME
        value = (value * 40_692 + ((word >> 31) & MASK) + 1) % PRIME
        value = (value ^ (value >> 13)) * 39_373 % PRIME
    return value


@kernel
def happens(share: float, key: int, what: int, number: int, which: int) -> bool:
    """Say whether something that befalls this share of all befalls this one."""
    return share > 0.0 and draw(key, what, number, which) < share * PRIME
