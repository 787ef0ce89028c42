"""Several lanes into one order: by receive stamp, then by table, then as each lists its rows."""

from collections.abc import Sequence

import numpy as np

from connectors.recorded.grid import Steps
from connectors.recorded.lanes import Lane


def next_counts(lanes: Sequence[Lane], n_rows: int) -> list[int]:
    """Return how many rows of each refilled lane come next: about `n_rows` in all, whole messages."""
    safe = [lane.keys[:n] for lane, n in zip(lanes, _safe(lanes), strict=True)]
    owners = np.repeat(np.arange(len(lanes)), [len(keys) for keys in safe])
    first = owners[np.argsort(np.concatenate(safe), kind="stable")[:n_rows]]
    counts = np.bincount(first, minlength=len(lanes))
    return [lane.whole(int(n)) for lane, n in zip(lanes, counts, strict=True)]


def places(keys: Sequence[Steps]) -> list[Steps]:
    """Return where the rows of each lane stand among them all."""
    order = np.argsort(np.concatenate(keys), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return np.split(place, np.cumsum([len(mine) for mine in keys])[:-1])


def _safe(lanes: Sequence[Lane]) -> list[int]:
    """Return how many rows of each lane nothing unread can precede."""
    last = [(int(lane.keys[lane.ready - 1]), rank) for rank, lane in enumerate(lanes) if not lane.ended]
    if not last:
        return [lane.ready for lane in lanes]
    bound, owner = min(last)
    return [
        int(np.searchsorted(lane.keys[: lane.ready], bound, side="right" if rank <= owner else "left"))
        for rank, lane in enumerate(lanes)
    ]
