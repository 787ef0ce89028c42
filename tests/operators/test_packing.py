from operators.packing import pack_book, pack_tail, unpack_book, unpack_tail
from operators.quotes import Asmm
from operators.rows import BUY, SELL
from tests.oracles.book_world import MID, Desk, opened
from tests.oracles.fill_flow import Flow, learn, rows_of, setup


def test_a_packed_book_is_small_and_comes_back_whole(desk):
    desk.diff((BUY, MID - 1, 0), (SELL, MID + 40, 1 << 50))
    desk.best((MID - 1, 2), (MID + 1, 3))
    packed = pack_book(desk.cell)
    assert unpack_book(packed).tobytes() == desk.cell.tobytes()
    assert sum(map(len, packed)) < 20_000
    assert unpack_book(pack_book(opened())).tobytes() == opened().tobytes()


def test_an_unpacked_book_goes_on_as_the_original_does(desk):
    other = Desk(cell=unpack_book(pack_book(desk.cell)), n=desk.n)
    for d in (desk, other):
        d.diff((BUY, MID, 3), (SELL, MID + 1, 0))
    assert other.cell.tobytes() == desk.cell.tobytes()


def test_a_record_is_packed_without_the_zeros_that_it_ends_with():
    learnt = learn(*rows_of(Flow().events(20, 1)), setup())
    packed = pack_tail(learnt)
    assert unpack_tail(Asmm, packed).tobytes() == learnt.tobytes()
    assert len(packed) < 8000
    assert len(learnt.tobytes()) > 100_000
    assert pack_tail(Asmm.cell()) == b""
