"""What was lost is said in one sentence a symbol, and nothing where nothing was."""

from connectors.sentences import losses


def test_a_good_market_loses_nothing():
    assert losses("A", {"dead_letters": 0, "book_gaps": 0, "source": {"diffs": 9, "snapshots": 1}}) == []


def test_everything_that_was_lost_is_named_the_most_frequent_first():
    figures = {
        "dead_letter_reasons": {"malformed_json": 2, "off_grid": 1200},
        "book_gaps": 1,
        "book_crossings": 2,
        "faults": {"no_order_slot": 1},
        "vpin_invalid_flag": 2,
        "source": {"diffs": 5, "snapshots": 0, "duplicate_trade": 3, "diffs_stale": 4},
    }
    (sentence,) = losses("A", figures)
    assert sentence == (
        "A: 1,202 messages set aside (off_grid 1,200, malformed_json 2), 1 book gap, 2 book crossings, "
        "no snapshot for its diffs to begin from, left out or moved: duplicate_trade 3, "
        "the venue's flag of aggressors found broken 2 times, broken invariants: no_order_slot 1: "
        "see dead_letters.jsonl"
    )
