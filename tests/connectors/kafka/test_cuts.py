"""Cuts are kept whole whatever kills us, and a file that is not ours to go on with is refused."""

import errno
import os
import random
from pathlib import Path

import pytest

from connectors.kafka import cuts as module
from connectors.kafka.cuts import CUTS, KEPT_CHECKPOINTS, SHAPE, WITHDRAWN, Cut, Cuts, read_cuts
from operators.errors import RunDirectoryError


def a_cut(frame):
    return Cut(frame, 1_700_000_000_000_000_000 + frame, frame % 7, frame % 3, WITHDRAWN * (frame % 2))


def opened(folder, frame=0):
    cuts = Cuts()
    cuts.open(folder, "BTCUSDC", frame)
    return cuts


def kept(folder, n, first=1):
    """Keep cuts of frames, and return where."""
    cuts = opened(folder, first - 1)
    for frame in range(first, first + n):
        cuts.note(a_cut(frame))
    cuts.close()
    return folder / CUTS / "BTCUSDC.bin"


def refusal(folder, frame=0):
    with pytest.raises(RunDirectoryError) as caught:
        opened(folder, frame)
    return str(caught.value)


@pytest.mark.parametrize("n", [0, 1, 9])
def test_frames_after_a_checkpoint_come_again_in_order(tmp_path, n):
    kept(tmp_path, n)
    for frame in range(n + 1):
        cuts = opened(tmp_path, frame)
        assert list(cuts.again) == [a_cut(each) for each in range(frame + 1, n + 1)]
        cuts.close()
    assert "does not go on after frame" in refusal(tmp_path, n + 1)


@pytest.mark.parametrize("torn", range(1, SHAPE.size))
def test_a_torn_tail_is_cut_off_and_written_anew(tmp_path, torn):
    path = kept(tmp_path, 3)
    with path.open("ab") as file:
        file.write(SHAPE.pack(*a_cut(4))[:torn])
    cuts = opened(tmp_path, 1)
    assert [cut.frame for cut in cuts.again] == [2, 3]
    cuts.note(a_cut(4))
    cuts.close()
    assert read_cuts(path) == [a_cut(each) for each in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("frames", "frame"),
    [((1, 2, 4), 0), ((2, 1), 0), ((1, 1), 0), ((2, 3), 0), ((5, 6), 3), ((1, 2), 3), ((), 3), ((1, 3), 3)],
    ids=str,
)
def test_frames_that_do_not_go_on_are_refused(tmp_path, frames, frame):
    (tmp_path / CUTS).mkdir()
    path = tmp_path / CUTS / "BTCUSDC.bin"
    path.write_bytes(b"".join(SHAPE.pack(*a_cut(each)) for each in frames))
    before = path.read_bytes()
    assert refusal(tmp_path, frame) == f"{path} does not go on after frame {frame}: it was changed"
    assert path.read_bytes() == before, "what was refused is left as it was"


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / CUTS).mkdir()
    (tmp_path / CUTS / "BTCUSDC.bin").write_bytes(random.Random(3).randbytes(1000))
    assert "it was changed" in refusal(tmp_path)


def test_a_folder_that_is_gone_and_a_file_that_is_none_are_said_in_a_sentence(tmp_path):
    assert refusal(tmp_path / "gone").endswith("BTCUSDC.bin cannot be opened: No such file or directory")
    (tmp_path / CUTS / "BTCUSDC.bin").mkdir(parents=True)
    assert refusal(tmp_path).endswith("cannot be opened: Is a directory")


@pytest.mark.parametrize("written", [0, 1, SHAPE.size - 1])
def test_a_cut_that_is_written_in_part_is_an_error_and_never_read_again(tmp_path, monkeypatch, written):
    path = kept(tmp_path, 2)
    cuts, write = opened(tmp_path, 2), os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, data: write(file, data[:written]))
        with pytest.raises(RunDirectoryError, match="cannot be written any more: No space left on device"):
            cuts.note(a_cut(3))
    cuts.close()
    again = opened(tmp_path, 2)
    assert not again.again
    again.note(a_cut(3))
    again.close()
    assert read_cuts(path) == [a_cut(1), a_cut(2), a_cut(3)]


def test_a_full_disk_is_said_in_a_sentence(tmp_path, monkeypatch):
    cuts = opened(tmp_path)

    def full(_file, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RunDirectoryError, match="cannot be written any more: No space left on device"):
        cuts.note(a_cut(1))


def lived(folder, n, every, before=lambda _frame: None):
    """Keep cuts, with a checkpoint every so many frames."""
    cuts = opened(folder)
    for frame in range(1, n + 1):
        before(frame)
        cuts.note(a_cut(frame))
        if frame % every == 0:
            cuts.checkpoint(frame)
    cuts.close()
    return read_cuts(folder / CUTS / "BTCUSDC.bin")


def test_what_no_checkpoint_needs_is_left_out_and_every_one_that_is_kept_can_be_gone_on_from(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "LARGEST", 200 * SHAPE.size)
    found = lived(tmp_path, 1000, 3)
    assert found[-1] == a_cut(1000)
    assert len(found) <= 200 + 3 * KEPT_CHECKPOINTS
    assert [cut.frame for cut in found] == list(range(found[0].frame, 1001))
    for frame in range(999 - 3 * (KEPT_CHECKPOINTS - 1), 1001, 3):
        cuts = opened(tmp_path, frame)
        assert [cut.frame for cut in cuts.again] == list(range(frame + 1, 1001))
        cuts.close()
    assert not list((tmp_path / CUTS).glob("*.new"))


def test_a_run_that_stands_still_keeps_the_frame_that_its_checkpoints_are_of(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10 * SHAPE.size)
    cuts = opened(tmp_path)
    for frame in range(1, 100):
        cuts.note(a_cut(frame))
    for _ in range(2 * KEPT_CHECKPOINTS):
        cuts.checkpoint(99)
    cuts.close()
    again = opened(tmp_path, 99)
    assert not again.again
    again.close()


def test_where_there_is_no_room_to_shorten_the_file_stays_long_and_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 0)
    (tmp_path / CUTS / "BTCUSDC.new").mkdir(parents=True)
    assert lived(tmp_path, 200, 1) == [a_cut(each) for each in range(1, 201)]


def test_a_file_that_cannot_be_put_in_place_leaves_the_old_one(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 0)

    def refuse(_new, _old):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "replace", refuse)
    assert lived(tmp_path, 200, 1) == [a_cut(each) for each in range(1, 201)]


def test_before_it_knows_its_file_a_checkpoint_keeps_nothing(tmp_path):
    cuts = Cuts()
    cuts.checkpoint(5)
    cuts.close()
    assert not cuts.is_open
    assert not list(tmp_path.iterdir())
