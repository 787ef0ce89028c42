"""Settings: what a user writes, checked whole, and turned into parameters of rules."""
