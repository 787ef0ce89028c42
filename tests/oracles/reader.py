"""A reader who types what a page says, in a checkout of their own; what runs on has a second terminal."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.oracles.checkout import FINISHED, has_traded
from tests.oracles.pages import ROOT

FEW = "symbols={BTCUSDC: {synthetic: {price: 95000}, quoting: {order_lots: 20, max_inventory_lots: 300}}}"
NAMED = {"FILE": "configs/phoenix.yaml", "TRADES": "trades.csv --symbol BTCUSDT", "RUN": FINISHED}
"""What a reader puts in place of a word in capitals, but for PID."""
PACED = "phoenix run --speed 1"
CONFIG = Path("configs/phoenix.yaml")
WAIT_S = 240


class Reader:
    """Follows commands in their order; `shorter` is what is added to those that begin so."""

    def __init__(self, folder: Path, shorter: Mapping[str, str]) -> None:
        self.folder, self.shorter = folder, shorter
        path = f"{folder}/.venv/bin:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
        self.maker: subprocess.Popen[bytes] | None = None
        self.stopped = False
        """Something can be gone on with."""

    def follow(self, command: str) -> tuple[int, str]:
        """Type a command, and return its exit code and what was said."""
        command = " ".join(NAMED.get(word, word) for word in command.split(" "))
        words = command.removeprefix(".venv/bin/").split()
        if " ".join(words).startswith(PACED):
            self.start(command)
            return 0, ""
        if words[0] == "kill":
            return self.kill(words[1:])
        if words[:2] in (["phoenix", "halt"], ["phoenix", "resume-trading"]):
            self.started()
        if "--resume" in words:
            self.interrupt()
            self.stopped = False
        return self.type(self.lengthened(command))

    def lengthened(self, command: str) -> str:
        """Return a command with what makes it short."""
        plain = command.removeprefix(".venv/bin/")
        return next(
            (f"{command} {more}" for begin, more in self.shorter.items() if plain.startswith(begin)), command
        )

    def type(self, command: str) -> tuple[int, str]:
        """Run it in a shell; a settings file that it saved is taken over by what runs, or refused."""
        before, heard = self.saved(), self.heard()
        done = subprocess.run(
            ["bash", "-ec", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S,
        )
        if self.maker is not None and self.saved() != before:
            self.wait(lambda: ", version " in self.heard()[len(heard) :])
        return done.returncode, done.stdout + done.stderr

    def saved(self) -> int:
        """When the default profile was written last."""
        return (self.folder / CONFIG).stat().st_mtime_ns

    def heard(self) -> str:
        """What the other terminal shows."""
        path = self.folder / "terminal"
        return path.read_text() if path.is_file() else ""

    def start(self, command: str) -> None:
        """Run a market maker in the other terminal until it has traded."""
        there = {*self.folder.glob("runs/*")}
        words = [sys.executable, "-m", "flows.cli", *shlex.split(self.lengthened(command))[1:]]
        with (self.folder / "terminal").open("wb") as terminal:
            self.maker = subprocess.Popen(
                words, cwd=self.folder, env=self.environment, stdout=terminal, stderr=terminal
            )
        self.wait(lambda: any(has_traded(run) for run in {*self.folder.glob("runs/*")} - there))

    def started(self) -> subprocess.Popen[bytes]:
        """Return the market maker, begun now if the page has none."""
        if self.maker is None:
            self.start(PACED)
        assert self.maker is not None
        return self.maker

    def kill(self, words: list[str]) -> tuple[int, str]:
        """Send the market maker a signal; after any but SIGHUP it is over."""
        maker = self.started()
        code, said = self.type(f"kill {' '.join(words)}".replace("PID", str(maker.pid)))
        if words[0] == "-HUP":
            self.wait(lambda: "changes nothing" in self.heard())
            return code, said
        expected = -signal.SIGKILL if words[0] == "-9" else 0
        assert maker.wait(WAIT_S) == expected, self.heard()
        self.maker, self.stopped = None, True
        return code, said

    def interrupt(self) -> None:
        """Press Ctrl-C in the other terminal; where the page has stopped nothing before, it is meant too."""
        if self.maker is not None or not self.stopped:
            maker = self.started()
            maker.send_signal(signal.SIGINT)
            assert maker.wait(WAIT_S) == 0, self.heard()
            self.maker = None

    def wait(self, condition) -> None:
        """Wait for something that the market maker is to bring about."""
        until = time.monotonic() + WAIT_S
        while not condition():
            assert self.maker is not None
            assert self.maker.poll() is None, self.heard()
            assert time.monotonic() < until, self.heard()
            time.sleep(0.02)

    def close(self) -> None:
        """Leave nothing running."""
        if self.maker is not None:
            self.maker.kill()
            self.maker.wait()
