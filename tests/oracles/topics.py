"""Markets put into topics, and tapes read from them."""

import time

import numpy as np

from connectors.kafka.messages import VERSION, End, encode
from connectors.kafka.rows import Grid, messages_of
from operators.rows import Row
from tests.oracles.synthetic_market import a_tape, all_rows, grid

PATIENCE_S = 20


def spoken(rows, symbol, after=0, ends=True):
    """Return rows as keyed messages, numbered on."""
    made = list(messages_of(rows, symbol, Grid(grid(symbol)), after))
    last = made[-1]
    end = End(v=VERSION, symbol=symbol, n=last.n + 1, ts_event=last.ts_event, ts_recv=last.ts_recv)
    return [(symbol.encode(), encode(message)) for message in (*made, *([end] if ends else []))]


def market_rows(symbol, duration_s=20.0, **settings):
    """Return all that a synthetic market says."""
    return all_rows(a_tape(symbol, duration_s=duration_s, **settings))


def next_chunk(tape):
    """Wait for the next chunk that holds anything, or for the end."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        chunk = tape.read()
        if chunk is None or len(chunk.desk) or len(chunk.venue) or chunk.letters:
            return chunk
        time.sleep(0.002)
    raise AssertionError("nothing came")


def heard(tape):
    """Read a tape to its end; return the rows in either order, and the dead letters."""
    desk, venue, letters = [np.zeros(0, Row.dtype)], [np.zeros(0, Row.dtype)], []
    while (chunk := next_chunk(tape)) is not None:
        desk.append(np.asarray(chunk.desk))
        venue.append(np.asarray(chunk.venue))
        letters.extend(chunk.letters)
    return np.concatenate(desk), np.concatenate(venue), letters


def interleaved(*streams):
    """Take messages from each stream in turn."""
    longest = max(map(len, streams))
    return [stream[i] for i in range(longest) for stream in streams if i < len(stream)]
