import io

from connectors.progress import Progress

SECOND = 1_000_000_000


def test_a_line_says_how_far_every_symbol_is_and_how_fast():
    clock = iter([0.0, 1.0, 6.0, 7.0])
    stream = io.StringIO()
    progress = Progress(stream, lambda: next(clock))
    progress.note("A", 1 * SECOND, 1, 0)
    progress.note("B", 1 * SECOND, 2, 1)
    progress.note("A", 601 * SECOND, 1000, 0)
    progress.note("B", 301 * SECOND, 0, 0)
    assert stream.getvalue() == "1970-01-01 00:00:01  0 × real time  1,003 orders  1 fills\n"


def test_nothing_is_written_when_it_is_switched_off():
    progress = Progress(None)
    progress.note("A", SECOND, 1, 1)
    progress.end()
    assert progress.orders == 0
