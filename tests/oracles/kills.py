"""Runs that are killed at random moments and gone on with."""

import random
import time
from itertools import cycle

from bytewax.recovery import init_db_dir

from tests.oracles.nursery import start


def grown(out):
    """Return how much the parts of the logs hold."""
    return sum(path.stat().st_size for path in (out / "orders").glob("*.jsonl"))


def wait_for_growth(out, process):
    """Let a run write something, so that every life of it gets somewhere."""
    base, until = grown(out), time.monotonic() + 60
    while process.is_alive() and grown(out) == base and time.monotonic() < until:
        time.sleep(0.001)


def kill_until(number, folder, options, config, workers, pause_s, look=lambda _: None):
    """Kill runs and go on with them; yield each that comes to its end, until so many kills have hit.

    After each that hit, `look` is called with what the run left behind.
    """
    chance, turns, kills, n = random.Random(11), cycle(workers), 0, 0
    while kills < number:
        n += 1
        out, store = folder / f"run{n}", folder / f"store{n}"
        store.mkdir()
        init_db_dir(store, 2)
        while True:
            process = start(out, options, config, next(turns), store)
            wait_for_growth(out, process)
            process.join(chance.random() * pause_s)
            if not process.is_alive():
                break
            process.kill()
            process.join()
            kills += 1
            look(out)
        assert process.exitcode == 0
        yield out
