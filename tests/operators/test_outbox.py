from operators.outbox import Counts, Reused


def test_an_outbox_that_is_used_again_is_empty_and_grows_with_its_frames():
    reused = Reused()
    box = reused.clear(8)
    box.counts[0].requests, box.counts[0].fills = 3, 2
    assert reused.used()[:4] == [3, 2, 0, 0]
    assert reused.clear(64) is box
    assert reused.used() == [0] * len(Counts.dtype.names or ())
    larger = reused.clear(65)
    assert larger is not box
    assert min(len(larger.fills), len(larger.samples), len(larger.transitions)) >= 65
    assert len(larger.requests) > len(box.requests)


def test_what_is_used_is_told_in_the_order_of_its_tables():
    assert (Counts.dtype.names or ())[:4] == ("requests", "fills", "transitions", "samples")
