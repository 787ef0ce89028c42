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
    Fact,
    Row,
    plain,
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


def test_a_row_in_plain_numbers_has_every_field_in_its_place():
    rows = Row.table(2)
    for place, name in enumerate(Fact._fields):
        setattr(rows[1], name, place - 5)
    assert Fact._fields == Row.dtype.names
    assert plain(rows)[1] == Fact(*range(-5, 5))
    assert all(type(value) is int for value in plain(rows)[0])
