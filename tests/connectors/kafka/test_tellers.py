"""What a venue tells is also written down; a disk that is full ends it with one sentence."""

import errno
import io
import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.kafka.house import LETTERS, REPORTS, VENUE, Account, House, Said
from connectors.kafka.reports import Report
from connectors.kafka.tellers import Teller
from connectors.run_directory import RunDirectory, raise_it
from connectors.shared import Mailbox
from connectors.stamp import Stamp
from connectors.tape import DeadLetter
from operators.errors import RunDirectoryError
from tests.oracles.runs import lines

SYMBOL = "BTCUSDC"
SAID = Said(
    1,
    (Report(v=1, run="a" * 32, symbol=SYMBOL, n=1, ts=7, what="state", id="a-1", side="buy", sequence=1),),
    (DeadLetter(5, SYMBOL, "not_text", "orders[0]@1", "?"),),
    Account("a" * 32, "0.001", ("a-1",)),
)


@pytest.fixture
def house(tmp_path):
    sent: list[tuple[Any, ...]] = []
    outlet: Any = SimpleNamespace(send=lambda *message: sent.append(message), wait=lambda _: [], sent=sent)
    directory = RunDirectory(tmp_path / "venue", [SYMBOL], {"told_as.json": '{"run": "b"}'}, form=VENUE)
    directory.make()
    stop, stamp = threading.Event(), Stamp("", "")
    mail = {SYMBOL: Mailbox()}
    return House(
        directory, stamp, mail, stop.is_set, raise_it, outlet, "reports", "dead_letters", lambda _: None
    )


def test_what_is_told_is_written_down_and_cut_back_to_a_checkpoint(house):
    teller = Teller(SYMBOL, house, None)
    teller.write_batch([(SYMBOL, SAID)])
    kept = teller.snapshot()
    teller.write_batch([(SYMBOL, SAID._replace(number=2))])
    for file in teller.files.values():
        file.close()
    anew = Teller(SYMBOL, house, kept)
    assert house.mail[SYMBOL].answered == 1
    assert anew.snapshot() == kept
    anew.close()
    folder = house.directory.path
    assert [each["n"] for each in lines(folder / REPORTS / f"{SYMBOL}.jsonl")] == [1]
    assert [each["reason"] for each in lines(folder / LETTERS / f"{SYMBOL}.jsonl")] == ["not_text"]
    assert [topic for topic, *_ in house.outlet.sent] == ["reports", "dead_letters"] * 2


class FullDisk(io.BytesIO):
    """Takes what is written, and finds when it is to be kept that there is no room."""

    def flush(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self):
        super().close()
        self.flush()


@pytest.mark.parametrize("when", ["snapshot", "close"])
def test_a_full_disk_is_one_sentence(house, when):
    teller = Teller(SYMBOL, house, None)
    teller.write_batch([(SYMBOL, SAID)])
    with teller.files[REPORTS], teller.files[LETTERS]:
        teller.files[REPORTS] = FullDisk()
        with pytest.raises(
            RunDirectoryError, match=r"venue cannot be written any more: No space left on dev"
        ):
            getattr(teller, when)()
