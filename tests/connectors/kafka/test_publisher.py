"""Topics that are made where they are missing, whoever else makes them."""

import threading
from concurrent.futures import ThreadPoolExecutor

from connectors.kafka.connection import Place
from connectors.kafka.market import Start, open_market
from connectors.kafka.publisher import make_topic


def test_of_several_who_make_a_topic_at_once_one_has_made_it_and_all_can_read_it(real_broker):
    together = threading.Barrier(3)

    def begin(topic):
        place = Place(real_broker.bootstrap, topic, {}, "kafka.orders_topic")
        together.wait(30)
        made = make_topic(place, 2)
        return made, open_market(place, Start("latest"), ["BTCUSDC"], print).begins

    with ThreadPoolExecutor(3) as pool:
        for _ in range(8):
            found = list(pool.map(begin, [real_broker.name()] * 3))
            assert sorted(made for made, _ in found) == [False, False, True]
            assert [begins for _, begins in found] == [{0: 0, 1: 0}] * 3
