"""Figures: `make bench`, or `python -m benchmarks [NAME ...] [--quick]`.

Contenders run in turn in one run, and a figure is a ratio of medians: machines are noisy. Each
prints its figure, its goal, and whether the goal was reached; what a benchmark needs and cannot
find is named, and the benchmark skipped.

- `research_against_hftbacktest`: the fused driver's rows a second (the capture, hftbacktest).
- `graph_against_sketch`: the whole graph's messages a second (the capture, hftbacktest, the sketch).
- `graph_against_nautilus`: the same maker over best prices and trades in the whole graph and in
  NautilusTrader's backtest engine (the capture's tables; `make bench-nautilus` installs it).
- `latency`: source to sink, 1000 frames of one row a second, beside the same graph with empty steps.
- `burst`: source to sink in the capture's busiest second, replayed in real time (the capture).
- `memory`: resident size after an hour and after a day of one synthetic symbol.
- `warm_start`: a short run of the fused driver from an idle shell, compiled before.
- `vpin_against_peers`: VPIN's ns a trade and error beside other packages' (`make bench-peers` installs them).
- `metrics_cost`: what metrics add to an event, and a scrape to a second; whole runs without and with them.
- `kafka_throughput`: messages a second from a topic and out, beside a bare loop over it (Java and Maven).
- `kafka_latency`: from a message produced to the order that it caused, beside a bare loop (the same).
- `vpin_in_graph`: VPIN's share of a core at 1000 trades a second of eight symbols, in real time.
- `shards`: rows a second of two shards against one process, synthetic and from a topic (a broker).
- `vpin_on_and_off`: what VPIN does to PnL, fills and Sharpe, over ten seeds and the recordings.

The recordings are looked for in PHOENIX_DATA, the sketch in PHOENIX_SKETCH, and both beside the
checkout; a Python with the other packages in PHOENIX_PEERS_PYTHON, or .venv-peers, and one with
NautilusTrader in PHOENIX_NAUTILUS_PYTHON, or .venv-nautilus. Tapes are kept in `.cache/benchmarks`.
"""

import argparse
import importlib
import os
import sys

from benchmarks.figures import Skipped

NAMES = (
    "research_against_hftbacktest",
    "graph_against_sketch",
    "graph_against_nautilus",
    "latency",
    "burst",
    "memory",
    "warm_start",
    "vpin_against_peers",
    "vpin_in_graph",
    "metrics_cost",
    "shards",
    "kafka_throughput",
    "kafka_latency",
    "vpin_on_and_off",
)


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="fewer runs, shorter ones")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(NAMES))
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}: there are {', '.join(NAMES)}")
    sys.stdout.write(
        f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f} before the first run\n"
    )
    for name in given.names or NAMES:
        try:
            for figure in importlib.import_module(f"benchmarks.{name}").measure(quick=given.quick):
                sys.stdout.write(f"{figure}\n")
                sys.stdout.flush()
        except Skipped as reason:
            sys.stdout.write(f"{name}: skipped: {reason}\n")


main()
