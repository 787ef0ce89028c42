"""The BTCUSDT capture tiled five times, as two tapes in a file: every contender replays the same rows.

Run as a program it makes the file; hftbacktest's converter, which it needs, compiles for seconds.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.figures import ROOT, WORK, Skipped, capture


def tiled_tape() -> Path:
    """Return the file with both tapes, made at the first call."""
    path = WORK / "btcusdt_times_five.npz"
    source = capture()
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.tiled", str(source), str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
        if done.returncode != 0:
            raise Skipped(f"no tape could be made: {done.stderr.strip().splitlines()[-1]}")
    return path


def _make(source: Path, path: Path) -> None:
    from tests.oracles.hftbacktest_peer import Feed, tiled_events  # noqa: PLC0415 - it may be absent

    feed = Feed(tiled_events(source))
    part = path.with_suffix(".part.npz")
    np.savez(part, desk=np.asarray(feed.desk), venue=np.asarray(feed.venue))
    part.replace(path)


if __name__ == "__main__":
    _make(Path(sys.argv[1]), Path(sys.argv[2]))
