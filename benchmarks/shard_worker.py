"""A shard, as a worker process."""

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, serve
from flows.driver import run_graph
from flows.market import program
from flows.shards import alone

PROFILE = ROOT / "configs" / "phoenix.yaml"
QUIET = ("run.progress=false", "run.report=false", "metrics.enabled=false")


def trade(settings: list[str]) -> dict[str, Any]:
    """Run the graph once, with its journal and a checkpoint every second."""
    with tempfile.TemporaryDirectory() as folder:
        made = program(PROFILE, [*QUIET, f"run.directory={folder}", *settings], Path(folder) / "run")
        with alone(made):
            began, worked = time.monotonic(), time.process_time()
            run_graph(made, resume=False)
            ended, worked = time.monotonic(), time.process_time() - worked
        rows = sum(times.rows for times in made.shared.timing.symbols.values())
    return {"began": began, "ended": ended, "rows": rows, "worked": worked}


if __name__ == "__main__":
    serve(trade)
