"""That nobody else runs what a shard runs, or trades where a desk does."""

import hashlib
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from configs.schema_kafka import OUTGOING
from configs.settings import Settings
from configs.shards import is_shard, label
from connectors.claims import CLAIMS, Claimant, Exposure, claimed, claimed_within
from flows.program import Program
from operators.errors import PhoenixError

WHOLE: Final = "a whole"
UNSAFE: Final = re.compile(r"[^A-Za-z0-9.-]")
MOST_LETTERS: Final = 100
Who = Mapping[str, object]


@contextmanager
def alone(program: Program) -> Iterator[None]:
    """Keep others from the symbols of a run: shards of its configuration, and desks at its venue elsewhere.

    A run of the whole, whose venue is its own, claims none.

    Raises:
        RunDirectoryError: one of them is run already.
        ConfigError: shards that run already have settings by which all of them may exceed a cap.
        SourceError: what is claimed at a broker cannot be, as none answers.
    """
    settings, directory = program.settings, program.shared.directory
    symbols = directory.symbols
    who = {"share": label(settings.run) or WHOLE, "run": str(directory.path)}
    with ExitStack() as held:
        if is_shard(settings.run):
            folder = Path(settings.run.directory) / CLAIMS / settings.profile
            budgets = {symbol: settings.symbols[symbol].risk.budget_notional for symbol in symbols}
            exposure = Exposure(budgets, settings.common.risk.total_notional)
            held.enter_context(claimed_within(folder, exposure, who))
            name = hashlib.sha256(f"{socket.gethostname()} {directory.path.resolve()}".encode()).hexdigest()
            claimant = Claimant(label(settings.run), symbols, name[:32])
            _claim_at_broker(held, settings, claimant, program.shared.refuse)
        if program.desks is not None:
            held.enter_context(only_one(settings, "orders_topic", symbols, who))
        yield


def only_one(
    settings: Settings, told: Literal["orders_topic", "reports_topic"], symbols: Sequence[str], who: Who
) -> AbstractContextManager[None]:
    """Hold the claims on symbols in a topic: of two that tell the same there, one is in the other's way.

    Two names of the same broker are two brokers here.

    Raises:
        RunDirectoryError: one of them is held already.
    """
    kafka = settings.kafka
    topic = quote(str(getattr(kafka, told)), safe="")
    folder = Path(settings.run.directory) / CLAIMS / f".{told}" / _as_file_name(kafka.bootstrap) / topic
    return claimed(folder, symbols, who, "use other topics or another run.directory")


def _as_file_name(bootstrap: str) -> str:
    """Return a name for brokers that none but they have, in whatever order they are listed."""
    listed = ",".join(sorted({each.strip() for each in bootstrap.split(",")}))
    digest = hashlib.sha256(listed.encode()).hexdigest()[:8]
    return f"{UNSAFE.sub('_', listed)[:MOST_LETTERS]}-{digest}"


def _claim_at_broker(
    held: ExitStack, settings: Settings, claimant: Claimant, refuse: Callable[[PhoenixError], object]
) -> None:
    """Where there is one: other machines see it."""
    kafka = settings.kafka
    named = [getattr(kafka, field) for field in OUTGOING]
    topics = [topic for topic in (kafka.topic if settings.source.kind == "kafka" else None, *named) if topic]
    if topics:
        from connectors.kafka.claim import claimed_at  # noqa: PLC0415 - most runs do without a client
        from connectors.kafka.connection import Place  # noqa: PLC0415 - the same

        place = Place(kafka.bootstrap, topics[0], kafka.options)
        held.enter_context(claimed_at(place, settings.profile, claimant, refuse))
