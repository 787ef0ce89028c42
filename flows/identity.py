"""What names the code of a run."""

import hashlib
from collections.abc import Iterable

from configs.settings import SymbolSettings
from flows.measures import named_measure
from flows.models import named_model
from operators.kernel import ROOT, rules_digest


def code_digest(symbols: Iterable[SymbolSettings] = ()) -> str:
    """Name the code as it is written now, with the symbols' own measures and models.

    A checkpoint is read only by the code that made it.
    """
    whole = hashlib.sha256(rules_digest().encode())
    for room in ("configs", "connectors", "flows", "operators"):
        for path in sorted((ROOT / room).rglob("*.py")):
            whole.update(path.read_bytes())
    for symbol in symbols:
        for named in (named_measure(symbol), named_model(symbol)):
            whole.update(named.source() if named else b"")
    return whole.hexdigest()[:16]
