"""That nobody else runs what a shard runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.shards import is_shard, label
from connectors.claims import CLAIMS, claimed
from flows.market import Program


@contextmanager
def alone(program: Program) -> Iterator[None]:
    """Keep other shards of the same configuration from the symbols of a run; a run of the whole claims none.

    Raises:
        RunDirectoryError: one of them is run already.
    """
    settings, directory = program.settings, program.shared.directory
    if not is_shard(settings.run):
        yield
        return
    folder = Path(settings.run.directory) / CLAIMS / settings.profile
    who = {"share": label(settings.run), "run": str(directory.path)}
    with claimed(folder, directory.symbols, who):
        yield
