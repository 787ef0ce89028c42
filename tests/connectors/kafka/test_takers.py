"""Whatever a message is of, poison is refused by its reason and changes nothing; one topic may hold all."""

import json
import random

import pytest

from connectors.kafka.facts_taken import MarketTaker
from connectors.kafka.takers import Both
from connectors.recorded.letters import Reason
from operators.rows import TRADE
from tests.oracles.heard import ASKED, MADE, ONE, OTHERS, SAID, SYMBOL, TRADED, WHOLE, Listener


@pytest.mark.parametrize("which", WHOLE)
@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (b"", "malformed_json"),
        (b"null", "wrong_type"),
        (b"\x80\x04\x95", "not_text"),
        (b'{"a":' * 100_000, "too_deep"),
        ({"v": 2}, "unknown_version"),
        ({"v": 1, "type": "nonsense"}, "unknown_stream"),
        ({"symbol": "ETHUSDC"}, "wrong_key"),
        ({"symbol": 5}, "wrong_type"),
        ({"price": "62000.05"}, "off_grid"),
        ({"price": "-1"}, "wrong_type"),
        ({"size": "9" * 30}, "wrong_type"),
        ({"size": "99999999999999999"}, "overflow"),
        ({"n": -1}, "wrong_type"),
        ({"n": 1 << 63}, "wrong_type"),
        ({"n": 1 << 200}, "wrong_type"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_poison_is_refused_and_the_next_message_is_taken(which, poison, reason):
    listener = MADE[which]()
    bad = WHOLE[which] | poison if isinstance(poison, dict) else poison
    if bad == WHOLE[which] | {"v": 1, "type": "nonsense"}:
        bad = {"v": 1, "type": "nonsense", "symbol": SYMBOL}
    assert len(listener.hear(bad)) == 0
    assert listener.refused == [reason]
    assert len(listener.hear(WHOLE[which] | {"n": 2})) > 0


@pytest.mark.parametrize("which", WHOLE)
def test_a_message_that_breaks_off_anywhere_or_has_a_byte_flipped_breaks_nothing(which):
    raw, draw = json.dumps(WHOLE[which]).encode(), random.Random(7)
    listener = MADE[which]()
    for end in range(len(raw)):
        assert len(listener.hear(raw[:end])) == 0
    assert len(listener.refused) == len(raw)
    for _ in range(2000):
        at = draw.randrange(len(raw))
        listener.hear(raw[:at] + bytes([draw.randrange(256)]) + raw[at + 1 :])
    assert set(listener.refused) <= {*Reason}


@pytest.mark.parametrize("which", WHOLE)
def test_what_has_no_key_is_refused_whatever_it_says(which):
    listener = MADE[which]()
    assert len(listener.hear(WHOLE[which], reason=Reason.WRONG_KEY)) == 0
    assert listener.refused == ["wrong_key"]


@pytest.mark.parametrize("which", WHOLE)
def test_what_is_known_is_the_same_after_a_restart(which):
    draw, at_once, restarted = random.Random(5), MADE[which](), MADE[which]()
    for n in (1, 2, 2, 5, 1, 6, 6, 9, 10):
        changes: dict[str, int | str] = {"n": n, "sequence": n} if which == "reports" else {"n": n}
        if which == "requests" and n >= 5:
            changes |= {"run": draw.choice("bc") * 32, "id": f"b-{n}"}
        message = WHOLE[which] | changes
        anew = MADE[which]()
        anew.taker.restore(restarted.taker.snapshot())
        anew.letters, anew.refused, restarted = restarted.letters, restarted.refused, anew
        assert restarted.hear(message).tobytes() == at_once.hear(message).tobytes()
    assert restarted.said == at_once.said
    assert restarted.taker.quality == at_once.taker.quality
    assert restarted.taker.snapshot() == at_once.taker.snapshot()


@pytest.mark.parametrize("which", ["reports", "requests"])
def test_in_one_topic_each_takes_its_own(which):
    other = MADE[which]()
    both = Listener(Both(MarketTaker(ONE), other.taker))
    assert both.kinds(TRADED | {"n": 1}) == [TRADE]
    assert len(both.hear(WHOLE[which])) > 0
    strangers = [each for each in (ASKED, SAID) if each is not WHOLE[which]]
    for message in (*OTHERS[6:], *strangers):
        assert both.kinds(message) == []
    assert (both.refused, both.said) == ([], [])
    assert both.kinds({"type": "nonsense", "v": 1}) == []
    assert both.kinds(b"\xff") == []
    assert both.kinds(WHOLE[which] | {"v": 2}) == []
    assert both.refused == ["unknown_stream", "not_text", "unknown_version"]
    anew = Both(MarketTaker(ONE), MADE[which]().taker)
    anew.restore(both.taker.snapshot())
    assert anew.snapshot() == both.taker.snapshot()


@pytest.mark.parametrize("which", WHOLE)
def test_kinds_that_others_read_are_passed_over(which):
    listener = MADE[which]()
    for message in (*OTHERS[6:], *(each for each in WHOLE.values() if each is not WHOLE[which])):
        assert listener.kinds(message) == []
    assert (listener.refused, listener.said) == ([], [])
