"""Where a run began to read each topic, kept in its directory.

One that is killed before its first checkpoint begins there again, though a topic ends further
on by then, or no longer has what was its first message: what it told already then stays true.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from connectors.kafka.inbox import Position
from connectors.kafka.reader import Reader
from operators.errors import RunDirectoryError

BEGINNINGS: Final = "beginnings"
"""The folder of a run directory that holds them, a file per symbol."""
Topics = Sequence[tuple[Reader, Position]]
"""Topics with where each begins now."""


def begun(directory: Path, symbol: str, topics: Topics) -> list[Position]:
    """Return where a symbol's first frame began, in each topic; where nobody kept that, it begins now.

    So do partitions that are new since then.

    Raises:
        RunDirectoryError: it cannot be kept, or was changed.
        SourceError: a topic has not all of its partitions any more.
    """
    path, begins = directory / BEGINNINGS / f"{symbol}.json", [begin for _, begin in topics]
    try:
        if not path.exists():
            _keep(path, begins)
            return begins
        kept = [{int(part): int(at) for part, at in each.items()} for each in json.loads(path.read_bytes())]
        for (reader, ours), theirs in zip(topics, kept, strict=True):
            reader.compare(set(theirs), set(ours))
        found = [ours | theirs for ours, theirs in zip(begins, kept, strict=True)]
        if found != kept:
            _keep(path, found)
    except OSError as error:
        raise RunDirectoryError(f"{path} cannot be kept: {error.strerror}") from None
    except (ValueError, TypeError, AttributeError):
        raise RunDirectoryError(f"{path} does not say where the run began: it was changed") from None
    return found


def _keep(path: Path, begins: Sequence[Position]) -> None:
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(begins))
    new.replace(path)
