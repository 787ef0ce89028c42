"""How a program ends when something is wrong: one sentence, and an exit code."""

import argparse
import os
import sys
from pathlib import Path
from typing import Final, NoReturn

from operators.errors import CheckpointRefused, ConfigError, PhoenixError

DONE: Final = 0
FAILED: Final = 1
WRONG: Final = 2
REFUSED: Final = 3


def code_of(error: PhoenixError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, ConfigError):
        return WRONG
    return REFUSED if isinstance(error, CheckpointRefused) else FAILED


def leave(error: PhoenixError) -> NoReturn:
    """End the process at once, from whichever thread, leaving the checkpoint as it is.

    An exception would make Bytewax print its own stack, and another over ours.
    """
    sys.stdout.flush()
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    os._exit(code_of(error))


def run_by_bytewax() -> bool:
    """Say whether this process is `python -m bytewax.run`."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name == "bytewax.run"


def refuse_cluster() -> None:
    """Refuse to be one of several processes of a cluster of Bytewax's.

    A symbol's source and sink share memory, and Bytewax would put them into different ones.

    Raises:
        ConfigError: `python -m bytewax.run` was told of more than one address.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-a", "--addresses", default=os.environ.get("BYTEWAX_ADDRESSES"))
    parser.add_argument("-i", "--process-id", default=os.environ.get("BYTEWAX_PROCESS_ID"))
    told, _ = parser.parse_known_args(sys.argv[1:])
    hosts = os.environ.get("BYTEWAX_HOSTFILE_PATH")
    named = told.addresses.split(";") if told.addresses else Path(hosts).read_text().split() if hosts else []
    if len(named) > 1:
        raise ConfigError(
            ["a symbol cannot be spread over processes of a cluster (-i, -a): use run.shard, docs/shards.md"]
        )
