"""What a page says beside its figures: data quality, limits, controls, and the configuration."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from connectors.fields import FIELDS, NOTE
from connectors.sentences import losses, refusals
from flows.reporting.numbers import duration, many
from flows.reporting.reading import MOST_LINES, Run
from flows.reporting.tables import bullets, by_symbol, table
from flows.reporting.words import DEAD, Said

DAY_S: Final = 86_400
LOST: Final = (
    Said(("book_gaps",), "book gaps", "count"),
    Said(("book_crossings",), "book crossings", "count"),
    Said(("unmarked",), "mid lost", "count"),
    Said(("time", "no_book"), "time without a book", "share"),
    Said(("vpin_stale",), "VPIN stale", "count"),
    Said(("vpin_invalid_flag",), "flag broken", "count"),
    Said(("rejected",), "rejected", "count"),
    DEAD,
)


def quality(run: Run) -> str:
    """Return what is known of the market data: what was lost, set aside or late."""
    said = [each for name, symbol in run.symbols.items() for each in losses(name, symbol.figures)]
    said += [each for name, symbol in run.symbols.items() for each in refusals(name, symbol.figures)]
    told = bullets(said) if said else "<p>Nothing was lost: every message of the market was used.</p>"
    return f"<h2>Data quality</h2>{told}{by_symbol(run.summary, LOST)}{_kinds(run)}{_letters(run)}"


def _kinds(run: Run) -> str:
    counted = {name: symbol.figures.get("source", {}) for name, symbol in run.symbols.items()}
    kinds = sorted({kind for each in counted.values() for kind in each})
    if not kinds:
        return ""
    rows = [[escape(name), *(f"{each.get(kind, 0):,}" for kind in kinds)] for name, each in counted.items()]
    return (
        f"<h3>Messages of the market</h3><p>{escape(FIELDS['source.*'])}</p>{table(['symbol', *kinds], rows)}"
    )


def _letters(run: Run) -> str:
    reasons = [
        [escape(name), escape(reason), f"{n:,}"]
        for name, symbol in run.symbols.items()
        for reason, n in symbol.figures.get("dead_letter_reasons", {}).items()
    ]
    if not reasons:
        return ""
    counted = table(["symbol", "reason", "messages"], reasons, texts=[1])
    rows = [
        [escape(str(letter.get(key, ""))[:160]) for key in ("symbol", "reason", "where", "text")]
        for letter in run.letters
    ]
    first = table(["symbol", "reason", "where", "text"], rows, texts=[1, 2, 3])
    folded = f"<details><summary>The first of each kind</summary>{first}</details>"
    return f"<h3>Dead letters by reason</h3>{counted}{folded}"


def limits(run: Run) -> str:
    """Return what this report cannot show."""
    return f"<h2>What this report cannot show</h2>{bullets(_limits(run))}"


def _limits(run: Run) -> Iterator[str]:
    yield str(run.summary.get("note", NOTE))
    observed = max(
        (float(symbol.figures.get("observed_s", 0)) for symbol in run.symbols.values()), default=0.0
    )
    yield (
        f"It is of {duration(observed)} of market time"
        + (": too little to tell skill from luck, or one day from another." if observed < 30 * DAY_S else ".")
    )
    if observed < 365 * DAY_S:
        yield (
            "A yearly Sharpe ratio is that of one interval times a large root. It assumes that every second "
            "of a year is like these, and independent of the last: of a short run that says nothing."
        )
    if run.config.get("source", {}).get("kind") == "synthetic":
        yield "The market is synthetic: it shows that the rules work, and nothing of what a real one pays."
    yield "Intervals of markouts treat fills as independent; fills come in bursts, so the truth is wider."
    yield "Samples are taken every kpis.sample_s: what came and went in between shows in extremes only."
    yield "Latency is that of this machine on that day, with replayed data: no network and no venue is in it."


def history(run: Run) -> str:
    """Return what operators did, how trading stood, and under which settings."""
    made = [_controls(run), _transitions(run), _settings(run)]
    return f"<h2>Configuration and changes</h2>{''.join(made)}"


def _controls(run: Run) -> str:
    if not run.controls:
        return "<p>Nothing was changed while it ran: no halt, no reload (control.jsonl is empty).</p>"
    rows = []
    for each in run.controls[:MOST_LINES]:
        rest = {key: value for key, value in each.items() if key not in ("ts", "symbol", "what")}
        rows.append(
            [
                utc(each.get("ts")),
                escape(str(each.get("symbol", ""))),
                escape(str(each.get("what", ""))),
                _told(rest),
            ]
        )
    more = f"<p>The first {MOST_LINES} are shown.</p>" if len(run.controls) > MOST_LINES else ""
    return f"<h3>Controls</h3>{table(['UTC', 'symbol', 'what', 'more'], rows, texts=[1, 2, 3])}{more}"


def _transitions(run: Run) -> str:
    if not run.transitions:
        return ""
    keys = ("symbol", "from", "to", "reason", "position")
    rows = [
        [utc(each.get("ts")), *(escape(str(each.get(key, ""))) for key in keys)]
        for each in run.transitions[:MOST_LINES]
    ]
    return f"<h3>Changes of the trading state</h3>{table(['UTC', *keys], rows, texts=[1, 2, 3, 4])}"


def _told(rest: dict[str, Any]) -> str:
    changes = rest.pop("changes", None)
    if isinstance(changes, dict):
        rest |= {key: f"{was} → {now}" for key, (was, now) in changes.items()}
    return escape(", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in rest.items()))


def _settings(run: Run) -> str:
    """The file as it was resolved, a fold for each section and each symbol."""
    if not run.config_text:
        return ""
    parts = [part for part in run.config_text.split("\n\n") if part.strip()]
    common = [part for part in parts if not part.startswith("symbols:")]
    listed = "".join(part.removeprefix("symbols:\n") for part in parts if part.startswith("symbols:"))
    folds = [_fold("All symbols", "\n\n".join(common))]
    folds += [_fold(part.split(":", 1)[0].strip().strip('"'), part) for part in _by_symbol(listed)]
    said = f"As resolved: every key with its value, {many(len(run.config_text.splitlines()), 'line')}."
    paper = '<p class="paper">They are not printed: config.yaml in the run directory holds them.</p>'
    return f"<h3>Settings</h3><p>{said}</p>{paper}{''.join(folds)}"


def _by_symbol(text: str) -> list[str]:
    found: list[list[str]] = []
    for each in text.splitlines():
        if each.startswith("  ") and not each.startswith("   "):
            found.append([])
        if found:
            found[-1].append(each)
    return ["\n".join(lines) for lines in found]


def _fold(title: str, text: str) -> str:
    return f"<details><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>"


def utc(ts_ns: object) -> str:
    """Write an instant, to the second."""
    if not isinstance(ts_ns, int):
        return ""
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
