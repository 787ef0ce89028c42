"""Phoenix as a user runs it: in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLI = [sys.executable, "-m", "flows.cli"]
OTHER_CODE = "import flows.market; flows.market.code_digest = lambda *_: 'f' * 16"
"""Makes the program think that it is another version of itself."""
Done = subprocess.CompletedProcess[str]


def phoenix(*options: object, code: str = "") -> Done:
    """Run a command; `code` runs before it, in the same process."""
    begin = [sys.executable, "-c", f"{code}\nfrom flows.cli import main; main()"] if code else CLI
    return _call([*begin, *map(str, options)])


def bytewax_run(flow: str, *options: object, path: Path | None = None) -> Done:
    """Run a flow by `python -m bytewax.run`; `path` holds further modules."""
    return _call([sys.executable, "-m", "bytewax.run", flow, *map(str, options)], path)


def make_store(folder: Path) -> tuple[str, ...]:
    """Return the options that keep checkpoints in a new folder."""
    folder.mkdir()
    assert _call([sys.executable, "-m", "bytewax.recovery", str(folder), "1"]).returncode == 0
    return "-r", str(folder), "-s", "1", "-b", "0"


def interrupt(number: signal.Signals, out: Path, *options: object) -> None:
    """Start a run, and send it a signal once it has logged an order and made a checkpoint after that."""
    command = [*CLI, "run", "--out", str(out), *map(str, options)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not _has_traded(out):
        time.sleep(0.01)
    time.sleep(0.4)
    assert process.poll() is None, "the run was over before it could be interrupted"
    process.send_signal(number)
    assert process.wait(60) == (0 if number != signal.SIGKILL else -signal.SIGKILL)


def _has_traded(out: Path) -> bool:
    return any(path.stat().st_size for path in (out / "orders").glob("*.jsonl"))


def _call(command: list[str], path: Path | None = None) -> Done:
    environment = {**os.environ, "COLUMNS": "80", **({"PYTHONPATH": str(path)} if path else {})}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, check=False, text=True, timeout=240
    )
