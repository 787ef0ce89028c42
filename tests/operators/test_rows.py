import pytest

from operators.rows import (
    ACCEPTED,
    BEST,
    CANCEL_REJECTED,
    CLEAR,
    CLOCK,
    FILLED,
    GAP,
    LAST,
    LEVEL,
    LIMIT,
    MAKER,
    MARK,
    PLACE,
    POST_ONLY,
    TRADE,
    Row,
    settles,
)


def row_of(kind, marks=0):
    rows = Row.table(1)
    rows[0].kind, rows[0].marks = kind, marks
    return rows[0]


@pytest.mark.parametrize("kind", [CLEAR, LEVEL, BEST, TRADE, GAP, MARK])
def test_the_market_settles_only_where_a_message_ends(kind):
    assert not settles(row_of(kind))
    assert not settles(row_of(kind, MAKER | POST_ONLY))
    assert settles(row_of(kind, LAST))
    assert settles(row_of(kind, LAST | MAKER))


@pytest.mark.parametrize("kind", [CLOCK, PLACE, ACCEPTED, FILLED, CANCEL_REJECTED])
def test_whatever_else_is_said_is_whole_by_itself(kind):
    assert settles(row_of(kind))


def test_a_row_is_48_bytes():
    assert Row.dtype.itemsize == 48


def test_a_float_holds_every_count_below_the_limit():
    assert int(float(LIMIT - 1)) == LIMIT - 1
    assert int(float(LIMIT + 1)) != LIMIT + 1
