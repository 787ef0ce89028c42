"""The whole graph in closed loop beside the sketch's: the same tape and maker, one worker each, in turn.

Both keep a checkpoint a second on disk and write their orders down. What differs: ours writes
orders and fills as JSON lines, merges them at the end, classifies, accounts and prices; the
sketch writes orders as raw bytes. On `clock` both decide every 100 ms, in windows that last
until the next decision; on `messages` ours decides after every message and fill, in windows
of 10 ms, and the sketch every 100 ms and after fills, in the same windows; `windows` is ours
with decisions every 100 ms alone in those windows.

Needs the BTCUSDT capture, hftbacktest's converter, and the sketch: PHOENIX_SKETCH, or
../shared/sketch beside the checkout.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import ROOT, SHARED, Figure, Skipped, Worker, median_of
from benchmarks.tiled import tiled_tape

GOALS = {"clock": 0.8, "messages": 0.7, "windows": None}


def sketch() -> Path:
    """Return the sketch's folder."""
    path = Path(os.environ.get("PHOENIX_SKETCH") or SHARED / "sketch")
    if not (path / "graph.py").is_file():
        raise Skipped(f"{path} holds no graph.py (PHOENIX_SKETCH names the sketch)")
    return path


def copy_sketch(folder: Path) -> None:
    """Copy its modules, and the worker that runs them: it writes caches beside itself."""
    source = sketch()
    (folder / "operators").mkdir()
    for path in [*source.glob("*.py"), *source.glob("operators/*.py")]:
        shutil.copyfile(path, folder / path.relative_to(source))
    shutil.copyfile(ROOT / "benchmarks" / "sketch_worker.py", folder / "sketch_worker.py")


def measure(*, quick: bool) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        copy_sketch(Path(folder))
        tape = tiled_tape()
        ours = Worker(["-m", "benchmarks.graph_worker", tape])
        theirs = Worker(["sketch_worker.py", tape], Path(folder))
        messages = ours.ask(("messages", ""))
        for mode, goal in GOALS.items():
            pairs = [(ours.ask(("run", mode)), theirs.ask(("run", mode))) for _ in range(2 if quick else 6)]
            our, their = zip(*pairs[1:], strict=True)
            a, b = median_of(our, "seconds"), median_of(their, "seconds")
            counts = f"{our[0]['orders']} orders beside {their[0]['orders']}"
            said = f"{messages / a / 1e3:.0f} k messages/s, the sketch {messages / b / 1e3:.0f} k, {counts}"
            yield Figure(f"graph_against_sketch {mode}", f"{said}: ratio {b / a:.2f}", b / a, goal)
        for mode in GOALS:
            shares = ours.ask(("breakdown", mode))
            said = ", ".join(f"{part} {us:.1f}" for part, us in shares.items())
            yield Figure(f"graph_against_sketch {mode}, µs of a frame", said, sum(shares.values()))
        ours.close()
        theirs.close()
