"""Where a rule becomes an operator: the only file that knows both."""

from collections.abc import Callable, Iterable
from typing import Any

import bytewax.operators as op
from bytewax.operators import KeyedStream, StatefulBatchLogic

from flows.steps import Step


class Lifted(StatefulBatchLogic[Any, Any, Any]):
    """All that Bytewax needs to know of a step; one is made per symbol, at its first item."""

    def __init__(self, make: Callable[[str, Any], Step], state: Any) -> None:  # noqa: ANN401
        self.make, self.state = make, state
        self.step: Step | None = None

    def on_batch(self, items: list[Any]) -> tuple[Iterable[Any], bool]:
        """Take every item in; the first names the symbol, which Bytewax does not tell."""
        step = self.step or self._open(items[0][0])
        out = []
        for symbol, item in items:
            made = step.take(item)
            if made is not None:
                out.append((symbol, made))
        return out, StatefulBatchLogic.RETAIN

    def _open(self, symbol: str) -> Step:
        dumped = None if self.state is None else self.state[1]
        self.step = self.make(symbol, dumped)
        self.state = (symbol,)
        return self.step

    def snapshot(self) -> Any:  # noqa: ANN401
        """Return the symbol and its records."""
        if self.step is None:
            return self.state
        return self.state[0], self.step.dump()


def lift(step_id: str, up: KeyedStream[Any], make: Callable[[str, Any], Step]) -> KeyedStream[Any]:
    """Make an operator of a step; items carry their symbol with them."""
    return op.stateful_batch(step_id, up, lambda state: Lifted(make, state))
