"""The Phoenix graph with the simple maker over a recording's best prices and trades, as a worker process.

The tape is read beforehand and lies in memory; all of the run is timed, from the opening of its
store for checkpoints to its logs and summary. Rules are compiled, and modules imported, by a run
that is not counted.
"""

import dataclasses
import gc
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.figures import ROOT, serve
from connectors.playback import Playback
from connectors.tape import Chunk, State, Tape
from flows.driver import run_graph
from flows.market import program
from flows.program import Program
from operators.desk import open_exchange

CONFIG = ROOT / "benchmarks" / "simple_maker.yaml"
DECIDE = {"clock": "clock", "messages": "every_message"}


class InMemory:
    """A tape that was read before: the same chunks, and the same snapshots between them."""

    def __init__(self, tape: Tape) -> None:
        self.symbol, self.next = tape.symbol, 0
        self.chunks: list[Chunk] = []
        self.states = [tape.snapshot()]
        while (chunk := tape.read()) is not None:
            self.chunks.append(chunk)
            self.states.append(tape.snapshot())
        self.quality = dict(tape.quality)
        tape.close()

    def read(self) -> Chunk | None:
        """Return the next chunk, or None after the last."""
        if self.next == len(self.chunks):
            return None
        self.next += 1
        return self.chunks[self.next - 1]

    def snapshot(self) -> State:
        """Return what the recording's reader would."""
        return self.states[self.next]

    def restore(self, _state: State) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Keep the chunks for the next run."""
        self.next = 0


@dataclasses.dataclass(frozen=True)
class Prepared(Program):
    """A program whose tape lies in memory."""

    memory: InMemory

    def playback(self, symbol: str) -> Playback:
        """Start at the beginning of the tape."""
        return Playback(self.memory, self.rules[symbol], open_exchange())


class Bench:
    """Runs over one recording."""

    def __init__(self, recording: str) -> None:
        self.source = f"source.path={recording}"
        made = self.made("clock", Path("never-made"))
        (symbol,) = made.rules
        self.memory = InMemory(made.tape(symbol))

    def made(self, mode: str, out: Path) -> Program:
        """Return the program that decides by the clock, or on every message."""
        return program(CONFIG, [self.source, f"quoting.decide={DECIDE[mode]}"], out)

    def run(self, mode: str) -> dict[str, Any]:
        """Run the graph once: journal, checkpoints, VPIN, accounts and risk."""
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "run"
            prepared = Prepared(**vars(self.made(mode, out)), memory=self.memory)
            gc.collect()
            began, used = time.perf_counter(), time.process_time()
            run_graph(prepared, resume=False)
            spent = {"seconds": time.perf_counter() - began, "processor": time.process_time() - used}
            summary = msgspec.json.decode((out / "summary.json").read_bytes())
        (said,) = summary["symbols"].values()
        kept = {"orders": said["orders"], "rejected": said["rejected"], "fills": said["fills"]}
        figures = {"position": float(said["position"]), "pnl": float(said["pnl_after_fees"])}
        return {**spent, **kept, **figures}


def main() -> None:
    bench = Bench(sys.argv[1])
    serve(lambda question: getattr(bench, question[0])(*question[1:]))


if __name__ == "__main__":
    main()
