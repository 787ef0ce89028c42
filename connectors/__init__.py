"""The world: tapes, the synthetic market, the venue behind the closed loop, the journal."""
