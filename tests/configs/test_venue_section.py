"""The venue's settings as its rules get them."""

import pytest

from configs.rules import hash_key, rules_for
from configs.schema_market import Venue
from configs.write import resolved_yaml

MARKET = "symbols: {ETHUSDC: {synthetic: {price: 2500}}}"
MS = 1_000_000


@pytest.fixture
def params(loaded):
    """The parameters of the venue of one symbol."""

    def params_of(venue="", own=""):
        text = f"venue: {{{venue}}}\nsymbols: {{ETHUSDC: {{synthetic: {{price: 2500}}, venue: {{{own}}}}}}}"
        settings = loaded(text)
        return rules_for(settings.symbols["ETHUSDC"], settings.source).venue[0]

    return params_of


def test_nothing_goes_wrong_unless_it_is_asked_for(params):
    venue = params()
    shares = (venue.reject_share, venue.lose_share, venue.repeat_share, venue.swap_share)
    assert (*shares, venue.outage_every_ns, venue.max_requests, venue.n_entry, venue.n_response) == (0,) * 8
    assert (venue.entry_ns, venue.response_ns) == (5 * MS, 5 * MS)
    assert (venue.rate_window_ns, venue.key) == (10_000 * MS, hash_key("ETHUSDC"))


def test_faults_and_limits_are_in_nanoseconds_and_shares(params):
    venue = params(
        "max_requests: 30, rate_window_s: 1, outage_every_s: 60, outage_for_s: 2.5, reject_share: 0.1",
        "lose_share: 0.2, repeat_share: 0.3, swap_share: 0.4",
    )
    assert (venue.max_requests, venue.rate_window_ns) == (30, 1000 * MS)
    assert (venue.outage_every_ns, venue.outage_for_ns) == (60_000 * MS, 2500 * MS)
    shares = (venue.reject_share, venue.lose_share, venue.repeat_share, venue.swap_share)
    assert shares == (0.1, 0.2, 0.3, 0.4)


def test_a_table_of_latencies_goes_before_the_constant_and_its_shortest_bounds_the_loop(params):
    venue = params("entry_latency_table_ms: [4, 0.5, '2'], entry_latency_ms: 9", "response_latency_ms: 7")
    assert (venue.n_entry, venue.entry_ns) == (3, 500_000)
    assert venue.entry_table_ns[:4].tolist() == [4 * MS, 500_000, 2 * MS, 0]
    assert (venue.n_response, venue.response_ns) == (0, 7 * MS)
    assert params("response_latency_table_ms: [3]").response_ns == 3 * MS
    assert Venue().entry_latency_table_ms == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("entry_latency_table_ms: 5", "entry_latency_table_ms must be a list of at most 64 numbers, was 5"),
        (
            "entry_latency_table_ms: [a]",
            "entry_latency_table_ms must be a list of at most 64 numbers, was a list",
        ),
        (
            f"response_latency_table_ms: [{', '.join(['1'] * 65)}]",
            "response_latency_table_ms must be a list of at most 64 numbers, was a list",
        ),
        (
            "entry_latency_table_ms: [-1]",
            "entry_latency_table_ms must hold numbers from 0 to 60000, was a list",
        ),
        ("swap_share: 1.1", "swap_share must be at most 1, was 1.1"),
        ("rate_window_s: 0", "rate_window_s must be at least 0.001, was 0"),
        (
            "outage_every_s: 5, outage_for_s: 5",
            "outage_for_s must be less than outage_every_s, which is 5, was 5",
        ),
    ],
)
def test_what_cannot_be_is_refused(problems, text, sentence):
    assert problems(f"venue: {{{text}}}\n{MARKET}") == [f"x.yaml: venue.{sentence}"]


def test_a_table_is_written_and_read_again(loaded):
    settings = loaded(f"venue: {{entry_latency_table_ms: [1, 2.5]}}\n{MARKET}")
    text = resolved_yaml(settings)
    assert "entry_latency_table_ms: [1, 2.5]" in text
    assert loaded(text) == settings
