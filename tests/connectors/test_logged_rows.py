from connectors.journal import Line, lines
from operators.rows import Row


def test_a_logged_row_names_every_field_in_its_place():
    rows = Row.table(2)
    for place, name in enumerate(Line._fields):
        setattr(rows[1], name, place - 5)
    assert Line._fields == Row.dtype.names
    assert lines(rows)[1] == Line(*range(-5, 5))
    assert all(type(value) is int for value in lines(rows)[0])
