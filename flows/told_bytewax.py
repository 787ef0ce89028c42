"""What `python -m bytewax.run` was told that a configuration has to agree with."""

import argparse
import os
import sys
from argparse import Namespace
from pathlib import Path

from connectors.checkpoints import read_states
from flows.program import Program
from operators.errors import CheckpointRefused, ConfigError


def refuse_cluster() -> None:
    """Refuse to be one of several processes of a cluster of Bytewax's.

    A symbol's source and sink share memory, and Bytewax puts them into different processes: each symbol
    would wait for ever for the answer to its first round.

    Raises:
        ConfigError: more than one address was told.
    """
    told, hosts = _told(), os.environ.get("BYTEWAX_HOSTFILE_PATH")
    named = told.addresses.split(";") if told.addresses else Path(hosts).read_text().split() if hosts else []
    if len(named) > 1:
        raise ConfigError(
            ["a symbol cannot be spread over processes of a cluster (-i, -a): use run.shard, docs/shards.md"]
        )


def require_own_store(program: Program) -> None:
    """Refuse a store that holds symbols of another share, which Bytewax would fail on.

    Raises:
        CheckpointRefused: it does.
    """
    store, ours = _told().recovery_directory, set(program.rules)
    theirs = set() if store is None else set(read_states(Path(store)))
    if not theirs <= ours:
        raise CheckpointRefused("share", f"of {', '.join(sorted(ours))}", f"of {', '.join(sorted(theirs))}")


def _told() -> Namespace:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-a", "--addresses", default=os.environ.get("BYTEWAX_ADDRESSES"))
    parser.add_argument("-i", "--process-id", default=os.environ.get("BYTEWAX_PROCESS_ID"))
    parser.add_argument("-r", "--recovery-directory", default=os.environ.get("BYTEWAX_RECOVERY_DIRECTORY"))
    told, _ = parser.parse_known_args(sys.argv[1:])
    return told
