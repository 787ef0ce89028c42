import os
import subprocess
import sys
from typing import Annotated

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from operators import kernel as door
from operators.kernel import ROOT, Record, rule_sources, rules_digest
from operators.ring import Book
from operators.rows import Row


class Purse(Record):
    position_lots: int
    fees: float
    notes: Annotated[NDArray[np.int16], np.int16, (4,)]


def test_a_record_has_the_fields_it_declares_in_their_order():
    assert Purse.dtype.names == ("position_lots", "fees", "notes")
    assert [Purse.dtype[name].base for name in Purse.dtype.names] == [np.int64, np.float64, np.int16]
    assert Purse.dtype.itemsize == 24


def test_what_is_written_through_a_cell_stays_and_survives_its_bytes():
    cell = Purse.cell(position_lots=4, fees=0.5)
    cell[0].position_lots += 3
    cell[0].notes[2] = 9
    again = Purse.load(cell.tobytes())
    assert (again[0].position_lots, again[0].fees, again[0].notes.tolist()) == (7, 0.5, [0, 0, 9, 0])
    again[0].position_lots = 1
    assert cell[0].position_lots == 7


def test_a_table_begins_zeroed_and_its_slices_are_the_table():
    table = Purse.table(3)
    table[1:][0].position_lots = 5
    assert [table[i].position_lots for i in range(3)] == [0, 5, 0]
    assert len(table) == 3


def test_a_layout_with_padding_is_refused():
    with pytest.raises(TypeError, match="Loose has 7 bytes of padding; order or widen its fields"):

        class Loose(Record):
            n: int
            flag: bool


def test_a_field_named_as_arrays_name_their_own_is_refused():
    with pytest.raises(TypeError, match="Clash cannot have fields named size, flags: arrays do"):

        class Clash(Record):
            size: int
            price: int
            flags: int


@pytest.mark.parametrize(("record", "size"), [(Row, 48), (Book, 200 + 2 * 65536 * 8)])
def test_no_record_grows_unnoticed(record, size):
    assert record.dtype.itemsize <= size


def test_the_rules_are_every_file_with_a_kernel():
    names = {path.relative_to(ROOT).as_posix() for path in rule_sources()}
    assert {"operators/book.py", "operators/vpin.py", "operators/asmm.py", "operators/rows.py"} <= names
    assert not names & {"operators/errors.py", "operators/kernel.py"}


def test_editing_a_rule_or_the_door_to_numba_renames_the_rules(tmp_path, monkeypatch):
    rule = tmp_path / "operators/rule.py"
    rule.parent.mkdir()
    rule.write_text("\n@kernel\ndef one(): ...\n")
    (rule.parent / "prose.py").write_text("said = 'nothing'\n")
    monkeypatch.setattr(door, "ROOT", tmp_path)
    monkeypatch.setattr(door, "__file__", str(tmp_path / "operators/door.py"))
    (rule.parent / "door.py").write_text("v = 1\n")
    names = [rules_digest()]
    (rule.parent / "prose.py").write_text("said = 'something'\n")
    assert rules_digest() == names[0]
    for path in (rule, rule.parent / "door.py"):
        path.write_text(path.read_text() + "# edited\n")
        names.append(rules_digest())
    assert len(set(names)) == 3
    assert {len(name) for name in names} == {16}


def test_checked_and_unchecked_kernels_are_kept_apart(monkeypatch):
    monkeypatch.setattr(numba.config, "BOUNDSCHECK", None)
    plain = door._cache_dir()
    monkeypatch.setattr(numba.config, "BOUNDSCHECK", 1)
    assert door._cache_dir() == plain.with_name(f"{plain.name}-checked")


def test_it_is_cold_until_a_rule_was_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr(door, "CACHE", tmp_path)
    monkeypatch.setattr(door, "COMPILED", True)
    assert door.is_cold()
    (tmp_path / "rule.nbi").touch()
    assert not door.is_cold()
    monkeypatch.setattr(door, "CACHE", tmp_path / "none")
    monkeypatch.setattr(door, "COMPILED", False)
    assert not door.is_cold()


def test_a_slot_out_of_bounds_is_an_error_under_the_flag_the_tests_run_with():
    script = "import numba\nimport numpy as np\ntake = numba.njit(lambda a, i: a[i])\ntake(np.zeros(3), 3)\n"
    env = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_DISABLE_JIT": "0"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert "IndexError" in done.stderr
