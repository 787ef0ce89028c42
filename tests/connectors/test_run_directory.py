"""A run directory is shared by the workers of a process, which are threads."""

import threading
import time
from collections.abc import Mapping

from connectors.run_directory import LOGS, RunDirectory

SYMBOLS = ("ADAUSDC", "BTCUSDC", "ETHUSDC", "SOLUSDC")


def at_once(call):
    """Call with every symbol, each in a thread of its own, at the same moment; return what came of it."""
    barrier, came = threading.Barrier(len(SYMBOLS)), {}

    def one(symbol):
        barrier.wait()
        try:
            came[symbol] = call(symbol)
        except Exception as error:  # noqa: BLE001 - told by the assertion
            came[symbol] = error

    threads = [threading.Thread(target=one, args=(symbol,)) for symbol in SYMBOLS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


class Slow(dict[str, Mapping[str, object]]):
    """Takes its time to remember, so that two may overlap."""

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        time.sleep(0.02)


def test_symbols_that_begin_at_once_share_one_directory(tmp_path, monkeypatch):
    directory = RunDirectory(tmp_path / "run", SYMBOLS, {"config.yaml": "profile: some\n"})
    write = RunDirectory._lay

    def lay(self):
        (self.path / "orders").mkdir(parents=True)
        (self.path / "config.yaml").write_text("profile: some\n")
        time.sleep(0.02)
        write(self)

    monkeypatch.setattr(RunDirectory, "_lay", lay)
    assert at_once(lambda _symbol: directory.make()) == dict.fromkeys(SYMBOLS)


def test_symbols_that_end_at_once_are_merged_once(tmp_path):
    directory = RunDirectory(tmp_path / "run", SYMBOLS, {})
    directory.make()
    for log in LOGS:
        for symbol in SYMBOLS:
            (tmp_path / "run" / log / f"{symbol}.jsonl").write_text('{"ts":1,"symbol":"any"}\n')
    directory.summaries = Slow()
    came = at_once(lambda symbol: directory.finish(symbol, {}))
    assert sorted(came.values(), key=str) == [False, False, False, True]
    assert len((tmp_path / "run" / "orders.jsonl").read_text().splitlines()) == len(SYMBOLS)
