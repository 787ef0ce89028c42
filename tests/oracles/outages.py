"""Runs as processes of their own while brokers come and go: what they say, and what they told."""

import json
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any

from operators.kernel import ROOT
from tests.oracles.broker import Broker

PATIENCE_S = 200
SOON_S = 5.0
"""How soon a run says that no broker answers, from when it was killed."""


class Process(subprocess.Popen[str]):
    """A process that is left behind by no test, however that ends."""

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do not wait for one that may wait for a broker."""
        self.kill()
        super().__exit__(kind, value, trace)


def phoenix(command: str, broker: Broker, *settings: str, more: tuple[str, ...] = ()) -> Process:
    """Begin a command at a broker; what it says on stderr is heard."""
    changes = [f"--set={each}" for each in (*settings, f"kafka.bootstrap={broker.bootstrap}")]
    line = [sys.executable, "-m", "flows.cli", command, *changes, *more]
    return Process(line, cwd=ROOT, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)


def running(broker: Broker, out: Path, *settings: str) -> Process:
    """Begin a run."""
    return phoenix("run", broker, *settings, more=("--out", str(out)))


def sentence_with(process: Process, words: str) -> str:
    """Return the next line with these words; a process that does not say them in time is ended."""
    assert process.stderr is not None
    impatient = Timer(PATIENCE_S, process.kill)
    impatient.start()
    try:
        for line in process.stderr:
            if words in line:
                return line
    finally:
        impatient.cancel()
    raise AssertionError(f"never said: {words}")


def wait_for_orders(broker: Broker, topic: str, process: Process) -> None:
    """Wait until a run has told something."""
    until = time.monotonic() + PATIENCE_S
    while not broker.kept(topic):
        assert process.poll() is None
        assert time.monotonic() < until


def once(messages: list[tuple[bytes | None, bytes]], out: Path) -> list[dict[str, Any]]:
    """Return what was told, each once, as the files have it; what came again said the same."""
    told: dict[int, dict[str, Any]] = {}
    for _, value in messages:
        each = json.loads(value)
        assert told.setdefault(each["n"], each) == each
    assert list(told) == list(range(1, len(told) + 1))
    run = json.loads((out / "told_as.json").read_text())["run"]
    heads = ("type", "v", "run", "n")
    assert {each["run"] for each in told.values()} == {run}
    return [{name: each[name] for name in each if name not in heads} for each in told.values()]
