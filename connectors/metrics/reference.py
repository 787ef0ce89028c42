"""Print `docs/metrics.md`: every metric, as it is declared where it is read.

python -m connectors.metrics.reference > docs/metrics.md
"""

import sys
from typing import Final

from connectors.metrics.declared import BOUNDS, DECLARED, HISTOGRAM

HEAD: Final = f"""\
# Metrics

With `metrics.enabled: true` a run of the graph serves these to Prometheus from its first line to its last, at
`http://127.0.0.1:9464/metrics` unless `metrics.address` and `metrics.port` say otherwise; it names the
address at its start. Where the port is taken, `metrics.if_taken` says what becomes of it: `refuse`
(the run ends before it begins), `next` (the next free port is taken, and named) or `without`.
The address is this machine's own: nothing here is protected by a password, so whoever can reach it reads it.

Metrics are read when they are asked for, from where the last answered frame left each symbol, so each
scrape is as of one frame, and nothing is rounded or sampled on the way. They change no order. Counters
go on where a checkpoint left them when a run is resumed, except those of the process itself
(`{HISTOGRAM}`, `mm_config_reloads_total`, `process_*`, `python_*`), which begin at 0 with it.
A gauge of which there is nothing to tell yet is absent.

Beside these, `process_*` and `python_*` tell of the process: memory, CPU, open files, garbage collection.

| metric | kind | labels | meaning |
|---|---|---|---|
"""
TAIL: Final = f"""\

`mm_vpin_bucket_count` is untyped, for a gauge's name should not end as one of a histogram's parts does.

The buckets of `{HISTOGRAM}` end at {BOUNDS[0]} s, 32.8 µs, 65.5 µs … {BOUNDS[-2]} s. Durations are
counted in eight steps per doubling; a bucket ends where a step does, so its count is exact.

This page is printed from the declarations: `python -m connectors.metrics.reference > docs/metrics.md`.
"""


def page() -> str:
    """Return `docs/metrics.md`."""
    lines = (
        f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {meaning} |\n"
        for name, kind, labels, meaning in DECLARED
    )
    return HEAD + "".join(lines) + TAIL


if __name__ == "__main__":
    sys.stdout.write(page())
