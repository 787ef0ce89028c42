"""Where a run began to read each topic, kept in its directory.

One that is killed before its first checkpoint begins there again, though a topic ends further
on by then, or no longer has what was its first message: what it told already then stays true.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from connectors.kafka.inbox import Position
from operators.errors import RunDirectoryError

BEGINNINGS: Final = "beginnings"
"""The folder of a run directory that holds them, a file per symbol."""


def begun(directory: Path, symbol: str, begins: Sequence[Position]) -> list[Position]:
    """Return where a symbol's first frame began, in each topic; where nobody kept that, it begins here.

    Partitions that are new since then begin where they are said to now.

    Raises:
        RunDirectoryError: it cannot be kept, or was changed.
    """
    path = directory / BEGINNINGS / f"{symbol}.json"
    try:
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            new = path.with_suffix(".new")
            new.write_text(json.dumps(begins))
            new.replace(path)
        kept = [{int(part): int(at) for part, at in each.items()} for each in json.loads(path.read_bytes())]
        return [ours | theirs for ours, theirs in zip(begins, kept, strict=True)]
    except OSError as error:
        raise RunDirectoryError(f"{path} cannot be kept: {error.strerror}") from None
    except (ValueError, TypeError, AttributeError):
        raise RunDirectoryError(f"{path} does not say where the run began: it was changed") from None
