"""What of an answer is worth a word: what went wrong since the last one, and how trading stands."""

import numpy as np

from connectors.console import Console
from connectors.shared import Answer
from connectors.standing import Standing, broken, faults
from operators.limits import in_words


def remark(console: Console, symbol: str, before: Standing | None, answer: Answer) -> None:
    """Say it; `before` is where the last answer left the account."""
    now, until_ns = answer.standing, answer.standing.reached_ns()
    console.letters(answer.letters)
    if len(answer.transitions) > 0:
        _remark_states(console, symbol, answer)
    if now.n_gaps != (before.n_gaps if before else 0):
        console.book_broke(symbol, "gap", until_ns)
    if now.n_crossed != (before.n_crossed if before else 0):
        console.book_broke(symbol, "crossing", until_ns)
    if now.n_invalid_flag != (before.n_invalid_flag if before else 0):
        console.flag_broke(symbol, until_ns)
    if now.n_faults != (before.n_faults if before else 0) or answer.tally:
        for error in broken(symbol, faults(now, answer.tally)):
            console.fault(error)


def _remark_states(console: Console, symbol: str, answer: Answer) -> None:
    for _, ts_ns, was, now, reason, *_ in np.asarray(answer.transitions).tolist():
        console.trading_state(symbol, *in_words(was, now, reason), ts_ns)
