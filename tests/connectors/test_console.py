import io

from connectors.console import Console
from connectors.progress import Progress
from connectors.tape import DeadLetter
from operators.errors import InvariantBroken


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def letter(n: int, reason: str = "off_grid", text: str = "{}") -> DeadLetter:
    return DeadLetter(n, "BTCUSDT", reason, f"btcusdt.gz:{n}", text)


def console(*, quiet: bool = False) -> Console:
    return Console(Progress(None), quiet=quiet, stream=io.StringIO())


def lines(console: Console) -> list[str]:
    assert isinstance(console.stream, io.StringIO)
    return console.stream.getvalue().splitlines()


def test_a_flood_of_letters_makes_few_lines_and_loses_no_reason():
    said = console()
    said.letters([letter(n) for n in range(1, 25_001)])
    said.letters([letter(9, "truncated")])
    assert lines(said) == [
        "BTCUSDT: set aside off_grid at btcusdt.gz:1: {}",
        "BTCUSDT: set aside off_grid at btcusdt.gz:2: {}",
        "BTCUSDT: set aside off_grid at btcusdt.gz:3: {}",
        "BTCUSDT: set aside off_grid at btcusdt.gz:10, 10 so far",
        "BTCUSDT: set aside off_grid at btcusdt.gz:100, 100 so far",
        "BTCUSDT: set aside off_grid at btcusdt.gz:1000, 1,000 so far",
        "BTCUSDT: set aside off_grid at btcusdt.gz:10000, 10,000 so far",
        "BTCUSDT: set aside truncated at btcusdt.gz:9: {}",
    ]


def test_what_came_from_outside_cannot_move_the_cursor_or_fill_the_screen():
    said = console()
    said.letters([letter(1, text="\x1b[2J\r\n\x07 ünïcode " + "x" * 5000)])
    (line,) = lines(said)
    assert line.isprintable()
    assert "\\x1b[2J\\r\\n\\x07 ünïcode" in line
    assert len(line) < 200


def test_a_quiet_console_tells_faults_alone_and_each_once():
    said = console(quiet=True)
    said.letters([letter(1)])
    said.book_broke("BTCUSDT", "gap", 5)
    for n in (1, 1, 2):
        said.fault(InvariantBroken("BTCUSDT", "no_order_slot", n))
    assert lines(said) == ["BTCUSDT: no_order_slot broke an invariant (fault 1)"]


def test_a_line_takes_the_place_of_the_progress_line_on_a_terminal():
    terminal, clock = Terminal(), iter([0.0, 1.0])
    progress = Progress(terminal, lambda: next(clock))
    progress.note("BTCUSDT", 10**9, 1, 0)
    progress.note("BTCUSDT", 2 * 10**9, 1, 0)
    Console(progress, stream=terminal).say("a line")
    assert terminal.getvalue().endswith("\r\x1b[Ka line\n")


def test_a_flag_against_the_prices_is_told_each_of_the_first_times():
    said = console()
    said.flag_broke("BTCUSDT", 17)
    (sentence,) = lines(said)
    assert sentence == (
        "BTCUSDT: the venue's flag names one side against the prices by 17 ns: "
        "the tick rule classifies until it recovers"
    )
