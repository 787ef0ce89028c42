"""Figures: `make bench`. Ratios of medians taken in one run; machines are noisy."""

from benchmarks.venue_against_hftbacktest import main

main()
