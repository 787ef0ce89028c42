"""One HTML file that needs nothing else: words, figures as data, and Plotly itself."""

import importlib.util
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from flows.reporting.drawing import Figure
from operators.errors import SourceError

HERE: Final = Path(__file__).parent
POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
"""Nothing is fetched from anywhere, whatever the page holds."""


def page(title: str, body: str, figures: Sequence[Figure], began_ns: int) -> str:
    """Return the whole file; `body` is HTML, of which every text from outside is escaped already."""
    drawn = {
        figure.key: {"traces": list(figure.traces), "layout": figure.layout}
        for figure in figures
        if figure.drawn
    }
    data = {"began_s": began_ns // 1_000_000_000, "figures": drawn}
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>{escape(title)}</title>\n<style>\n{_own('report.css')}</style>\n</head>\n<body>",
            body,
            f'<script type="application/json" id="figures">{as_data(data)}</script>',
            f"<script>{_plotly()}</script>\n<script>\n{_own('report.js')}</script>\n</body>\n</html>\n",
        )
    )


def as_data(tree: object) -> str:
    r"""Return JSON that may stand in a page, whatever its texts say.

    >>> as_data({"</script>": [1.5, None]})
    '{"\\u003c/script>":[1.5,null]}'
    """
    return json.dumps(tree, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def figures_html(figures: Iterable[Figure], kind: str = "") -> str:
    """Return places for figures to be drawn in, with their words."""
    return f'<div class="figures {kind}">{"".join(map(_figure, figures))}</div>'


def tabbed(title: str, sections: Mapping[str, str]) -> str:
    """Return sections of which one is shown at a time, by name; their HTML is as it is."""
    tabs, parts = [], []
    for n, (name, inside) in enumerate(sections.items()):
        chosen, hidden = str(n == 0).lower(), "" if n == 0 else " hidden"
        role = f'role="tab" id="tab{n}" aria-selected="{chosen}" aria-controls="part{n}"'
        tabs.append(f'<button type="button" {role}>{escape(name)}</button>')
        place = f'<section class="symbol" id="part{n}" role="tabpanel" aria-labelledby="tab{n}"{hidden}>'
        parts.append(f"{place}<h3>{escape(name)}</h3>{inside}</section>")
    nav = f'<div class="tabs" role="tablist" aria-label="{escape(title)}">{"".join(tabs)}</div>'
    return f"<h2>{escape(title)}</h2><div>{nav if len(tabs) > 1 else ''}{''.join(parts)}</div>"


def _figure(figure: Figure) -> str:
    wide = ' class="wide"' if figure.wide else ""
    title, said = escape(figure.title), escape(figure.said)
    words = f"<figcaption><h3>{title}</h3>{f'<p>{said}</p>' if said else ''}</figcaption>"
    if not figure.drawn:
        return f'<figure{wide}>{words}<p class="nothing">{escape(figure.otherwise)}</p></figure>'
    place = (
        f'<div class="plot" data-figure="{escape(figure.key)}" role="img" aria-label="{title}: {said}"></div>'
    )
    return f"<figure{wide}>{words}{place}</figure>"


@cache
def _own(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    """Return Plotly as its Python package brings it; importing that would take a second, and do nothing."""
    found = importlib.util.find_spec("plotly")
    folders = [] if found is None else list(found.submodule_search_locations or ())
    for folder in folders:
        path = Path(folder) / "package_data" / "plotly.min.js"
        if path.is_file():
            return re.sub(
                r"<(?=/script|!--)", r"\\x3c", path.read_text(encoding="utf-8"), flags=re.IGNORECASE
            )
    raise SourceError("figures need the package plotly, which is not installed with its plotly.min.js")
