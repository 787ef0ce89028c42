"""The broker that the other tests are run against is a real one: it keeps what it took, in its order."""


def test_a_topic_keeps_keys_and_values_in_order_for_whoever_reads_it_again(broker):
    topic = broker.topic(partitions=2)
    sent = [(b"BTCUSDC", b"%d" % n) for n in range(500)]
    broker.send(topic, *sent, partition=1)
    assert broker.kept(topic, 1) == sent
    assert broker.kept(topic, 1) == sent
    assert broker.kept(topic, 0) == []
