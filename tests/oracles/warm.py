"""Imported once by the server that forks runs."""

from tests.oracles.nursery import load_every_rule

load_every_rule()
