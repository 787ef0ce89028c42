"""The kill switch from the command line: it is thrown, and what each symbol did is told."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from configs.schema import Run
from configs.shards import share
from connectors.runs import is_running, running
from connectors.switch import SWITCH, WORDS, Wish, read_switch, write_switch
from operators.errors import ConfigError
from operators.rows import HALT, REDUCE, RESUME

STATES: Final = {HALT: "halted", REDUCE: "reducing", RESUME: "active"}
POLL_S: Final = 0.02


def throw(run: Path | None, symbols: Sequence[str], wish: int, why: str, wait_s: float) -> int:
    """Throw the switch of a run, tell what it did, and return how many symbols did not answer in time.

    Raises:
        ConfigError: there is no such run, or it has no such symbol.
    """
    run = run or _only_one()
    if not (run / "config.yaml").is_file():
        raise ConfigError([f"{run} holds no run"])
    tree = yaml.safe_load((run / "config.yaml").read_text())
    own = {key: value for key, value in tree.get("run", {}).items() if key in ("shard", "symbols")}
    traded = share(Run.model_validate(own), tree["symbols"])
    strangers = [symbol for symbol in symbols if symbol not in traded]
    if strangers:
        raise ConfigError([f"{run} does not trade {', '.join(strangers)}: {', '.join(traded)}"])
    if (run / SWITCH).is_dir():
        raise ConfigError([f"{run / SWITCH} is a folder, which halts every symbol: remove it first"])
    chosen = list(symbols) or traded
    before = {symbol: _last(run, symbol) for symbol in chosen}
    _write(run / SWITCH, symbols, Wish(wish, why, str(time.time_ns())))
    if not is_running(run):
        sys.stdout.write(f"{run} is not running: this holds as soon as it goes on\n")
        return 0
    return _tell(run, chosen, wish, before, wait_s)


def _only_one() -> Path:
    found = running(Path("runs"))
    if len(found) != 1:
        named = ", ".join(map(str, found)) if found else "none in runs"
        raise ConfigError([f"name the run: exactly one would be meant, and running are {named}"])
    return found[0]


def _write(path: Path, symbols: Sequence[str], wanted: Wish) -> None:
    """Leave to other symbols what was wanted of them, where some are named."""
    there = dict(read_switch(path) or {}) if symbols else {}
    named = dict.fromkeys(symbols or ["*"], wanted)
    write_switch(path, {"*": Wish(), **there, **named})


def _last(run: Path, symbol: str) -> dict[str, Any]:
    """Return the last change of a symbol's trading state."""
    path = run / "transitions" / f"{symbol}.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    return json.loads(lines[-1]) if lines else {"to": "active", "reason": "", "ts": 0}


def _tell(run: Path, symbols: Sequence[str], wish: int, before: dict[str, Any], wait_s: float) -> int:
    waiting, until = list(symbols), time.monotonic() + wait_s
    while waiting and time.monotonic() < until:
        for symbol in list(waiting):
            now = _last(run, symbol)
            if now["ts"] < before[symbol]["ts"]:
                continue  # The run was resumed, and does again what it did.
            if now["to"] == STATES[wish] or (wish == REDUCE and now["to"] == STATES[HALT]):
                waiting.remove(symbol)
                for part in _said(symbol, now, before[symbol]):
                    sys.stdout.write(part)
        time.sleep(POLL_S if waiting else 0)
    for symbol in waiting:
        sys.stdout.write(f"{symbol}: no answer within {wait_s:g} s; the switch stays at {WORDS[wish]}\n")
    return len(waiting)


def _said(symbol: str, now: dict[str, Any], before: dict[str, Any]) -> Iterator[str]:
    if now["ts"] == before["ts"]:
        yield f"{symbol}: was {now['to']} already{_because(now)}\n"
        return
    moment = datetime.fromtimestamp(now["ts"] * 1e-9, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    live = f"{now['live']} live {'order' if now['live'] == 1 else 'orders'}"
    done = "" if now["to"] == "active" else f"; position {now['position']}, {live} being cancelled"
    yield f"{symbol}: {now['to']} at {moment}, was {now['from']}{_because(before)}{done}\n"


def _because(state: dict[str, Any]) -> str:
    return f" ({state['reason']})" if state["to"] != "active" else ""
