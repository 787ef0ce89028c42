"""That nobody else runs what a shard runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from configs.schema_kafka import OUTGOING
from configs.settings import Settings
from configs.shards import is_shard, label
from connectors.claims import CLAIMS, claimed
from flows.market import Program
from operators.errors import PhoenixError


@contextmanager
def alone(program: Program) -> Iterator[None]:
    """Keep other shards of the same configuration from the symbols of a run; a run of the whole claims none.

    Raises:
        RunDirectoryError: one of them is run already.
        SourceError: what is claimed at a broker cannot be, as none answers.
    """
    settings, directory = program.settings, program.shared.directory
    if not is_shard(settings.run):
        yield
        return
    folder = Path(settings.run.directory) / CLAIMS / settings.profile
    who = {"share": label(settings.run), "run": str(directory.path)}
    with ExitStack() as held:
        held.enter_context(claimed(folder, directory.symbols, who))
        _claim_at_broker(held, settings, directory.symbols, program.shared.refuse)
        yield


def _claim_at_broker(
    held: ExitStack, settings: Settings, symbols: list[str], refuse: Callable[[PhoenixError], object]
) -> None:
    """Where there is one: other machines see it."""
    kafka = settings.kafka
    named = [getattr(kafka, field) for field in OUTGOING]
    topics = [topic for topic in (kafka.topic if settings.source.kind == "kafka" else None, *named) if topic]
    if topics:
        from connectors.kafka.claim import claimed_at  # noqa: PLC0415 - most runs do without a client
        from connectors.kafka.connection import Place  # noqa: PLC0415 - the same

        place = Place(kafka.bootstrap, topics[0], kafka.options)
        held.enter_context(claimed_at(place, settings.profile, label(settings.run), symbols, refuse))
