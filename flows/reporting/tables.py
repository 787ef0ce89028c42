"""Tables as HTML; every text in them is escaped here."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from flows.reporting.numbers import number
from flows.reporting.words import Said


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], texts: Sequence[int] = ()) -> str:
    """Return a table of cells that are HTML already; columns in `texts` are to be read, not compared."""
    marks = ["" if k not in texts else ' class="text"' for k in range(len(headings))]
    head = "".join(f"<th{mark}>{escape(text)}</th>" for mark, text in zip(marks, headings, strict=True))
    lines = [
        "<tr>" + "".join(f"<td{mark}>{cell}</td>" for mark, cell in zip(marks, row, strict=True)) + "</tr>"
        for row in rows
    ]
    inside = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<div class="scroll"><table>{inside}</table></div>'


def by_symbol(summary: Mapping[str, Any], columns: Sequence[Said]) -> str:
    """Return a table of figures, a line for each symbol, and one for all where there are several."""
    rows = [[escape(name), *_cells(summary, ("symbols", name), columns)] for name in summary["symbols"]]
    if len(rows) > 1:
        rows.append(["<b>total</b>", *_cells(summary, ("total",), columns)])
    return table(["symbol", *(column.name for column in columns)], rows)


def _cells(summary: Mapping[str, Any], where: tuple[str, ...], columns: Sequence[Said]) -> list[str]:
    return [number(summary, (*where, *column.path), column.kind) for column in columns]


def pairs(summary: Mapping[str, Any], where: tuple[str, ...], said: Sequence[Said]) -> str:
    """Return a table of two columns: what it is, and how much."""
    rows = [[escape(each.name), number(summary, (*where, *each.path), each.kind)] for each in said]
    half = -(-len(rows) // 3)
    thirds = [rows[k * half : (k + 1) * half] for k in range(3)]
    return f'<div class="columns">{"".join(table(["", ""], some) for some in thirds if some)}</div>'


def cards(summary: Mapping[str, Any], where: tuple[str, ...], said: Sequence[Said], unit: str) -> str:
    """Return numbers in large type, each with what it means."""
    made = []
    for each in said:
        value = number(summary, (*where, *each.path), each.kind)
        of = f' <span class="unit">{escape(unit)}</span>' if each.kind == "money" else ""
        meaning = f"<small>{escape(each.meaning)}</small>"
        made.append(f"<div><dt>{escape(each.name)}</dt><dd>{value}{of}{meaning}</dd></div>")
    return f'<dl class="cards">{"".join(made)}</dl>'


def bullets(sentences: Iterable[str]) -> str:
    """Return a list."""
    return f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in sentences)}</ul>"
