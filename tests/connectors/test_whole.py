import numpy as np
import pytest

from connectors.whole import copied, joined, picked
from operators.ledger import Ledger
from operators.orders import Orders
from operators.rows import Row


def rows(n: int):
    table = Row.table(n)
    for k in range(n):
        table[k].id, table[k].ts_recv, table[k].side = k, 10 * k, -1
    return table


@pytest.mark.parametrize("records", [rows(0), rows(1), rows(9), Ledger.cell(n_fills=3), Orders.cell(fault=1)])
def test_a_copy_is_equal_and_stands_alone(records):
    copy = copied(records)
    assert copy.dtype == records.dtype
    assert type(copy[:1]) is type(records[:1])
    assert copy.tobytes() == records.tobytes()
    if len(records):
        copy.view(np.uint8)[0] ^= 1
        assert copy.tobytes() != records.tobytes()


def test_a_part_of_a_table_is_copied_as_such():
    whole = rows(9)
    assert [int(row.id) for row in copied(whole[2:5])] == [2, 3, 4]


def test_picked_records_stand_in_the_order_asked_for():
    assert [int(row.id) for row in picked(rows(9), np.array([7, 2, 2]))] == [7, 2, 2]
    assert len(picked(rows(9), np.zeros(0, np.int64))) == 0


def test_joined_tables_follow_each_other():
    assert [int(row.id) for row in joined(rows(2), rows(3))] == [0, 1, 0, 1, 2]
