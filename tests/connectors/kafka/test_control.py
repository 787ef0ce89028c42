"""What operators want is heard from a topic, now and from before; the stricter of topic and file wins."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from confluent_kafka import Producer, TopicPartition

from connectors.kafka.connection import Place
from connectors.kafka.control import EVERY, KEPT_BYTES, ControlTopic, TopicSwitch
from connectors.switch import WISHES, Wish, write_switch
from connectors.tape import DeadLetter
from operators.errors import SourceError
from operators.rows import HALT, REDUCE, RESUME

PATIENCE_S = 30
AT_END = "END"


def said(symbol, want, **more):
    return symbol.encode(), json.dumps(
        {"type": "control", "v": 1, "symbol": symbol, "want": want, **more}
    ).encode()


def opened(broker, topic):
    return ControlTopic(Place(broker.bootstrap, topic, {}))


def until(condition):
    """Wait for what was sent to be heard."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it was not heard"
        time.sleep(0.01)


def heard(broker, topic, control, *sent):
    """Send, and wait until all of it was heard: behind it comes a message for a symbol of nobody."""
    mark = str(time.monotonic_ns())
    broker.send(topic, *sent, said(AT_END, "halt", why=mark))
    until(lambda: (control.wish(AT_END) or Wish()).why == mark)


def test_the_last_message_of_a_symbol_holds_and_a_star_is_every_symbol(broker):
    topic = broker.topic()
    control = opened(broker, topic)
    assert control.wish("BTCUSDC") is None
    heard(broker, topic, control, said("BTCUSDC", "halt", why="news"))
    assert control.wish("BTCUSDC") == Wish(HALT, "news", "")
    assert control.wish("ETHUSDC") is None
    heard(broker, topic, control, said(EVERY, "reduce"))
    assert {control.wish(each).wish for each in ("BTCUSDC", "ETHUSDC")} == {REDUCE}
    heard(broker, topic, control, said("BTCUSDC", "resume", id="7"))
    assert control.wish("BTCUSDC") == Wish(RESUME, "", "7")
    assert control.wish("ETHUSDC").wish == REDUCE
    assert control.take_letters() == ()


def test_a_message_without_a_text_takes_a_wish_back(broker):
    topic = broker.topic()
    control = opened(broker, topic)
    heard(broker, topic, control, said(EVERY, "halt"), said("BTCUSDC", "reduce"))
    producer = Producer({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    producer.produce(topic, None, b"BTCUSDC")
    assert producer.flush(PATIENCE_S) == 0
    heard(broker, topic, control)
    assert control.wish("BTCUSDC").wish == HALT
    producer.produce(topic, None, b"*")
    assert producer.flush(PATIENCE_S) == 0
    heard(broker, topic, control)
    assert control.wish("BTCUSDC") is None
    assert control.take_letters() == ()


@pytest.mark.parametrize("partitions", [1, 3])
def test_what_was_wanted_before_holds_for_who_begins_later(broker, partitions):
    topic = broker.topic(partitions)
    broker.send(topic, *(said(f"S{n}", ("halt", "reduce", "resume")[n % 3], id=str(n)) for n in range(300)))
    broker.send(topic, (b"S1", b"garbage"))
    control = opened(broker, topic)
    for n in range(300):
        assert control.wish(f"S{n}") == Wish((HALT, REDUCE, RESUME)[n % 3], "", str(n))
    assert control.take_letters() == (), "whoever listened then has told of it"


POISON = [
    (b"BTCUSDC", b"", "malformed_json"),
    (b"BTCUSDC", b'{"type":"control","v":2,"sym', "malformed_json"),
    (b"BTCUSDC", b"\xff\xfe", "not_text"),
    (b"BTCUSDC", b'{"a":' * 50_000, "too_deep"),
    (*said("BTCUSDC", "halt", v=2), "unknown_version"),
    (*said("BTCUSDC", "stop"), "wrong_type"),
    (*said("BTCUSDC", "halt", why="x" * 201), "wrong_type"),
    (b"ETHUSDC", said("BTCUSDC", "halt")[1], "wrong_key"),
    (None, said("BTCUSDC", "halt")[1], "wrong_key"),
    (b"*", said("BTCUSDC", "halt")[1], "wrong_key"),
    (b"BTCUSDC", b'{"type":"trade","v":1}', "unknown_stream"),
]


def test_poison_becomes_letters_once_and_changes_nothing(broker):
    topic = broker.topic()
    control = opened(broker, topic)
    heard(broker, topic, control, said("BTCUSDC", "reduce"), *((key, raw) for key, raw, _ in POISON))
    assert control.wish("BTCUSDC").wish == REDUCE
    assert control.wish("ETHUSDC") is None
    letters = control.take_letters()
    assert [letter.reason for letter in letters] == [reason for *_, reason in POISON]
    assert [letter.where for letter in letters] == [f"{topic}[0]@{n}" for n in range(1, len(POISON) + 1)]
    assert all(letter.symbol == EVERY and letter.ts > 0 for letter in letters)
    assert max(len(letter.text) for letter in letters) <= KEPT_BYTES
    assert control.take_letters() == ()


def test_a_topic_that_is_missing_and_a_broker_that_is_are_said_in_a_sentence(broker):
    with pytest.raises(SourceError, match="nowhere cannot be read: there is no such topic"):
        opened(broker, "nowhere")
    with pytest.raises(SourceError, match="no broker answers at"):
        ControlTopic(Place("127.0.0.1:1", "control", {}))


def test_a_topic_whose_last_messages_are_none_has_an_end_all_the_same(real_broker):
    topic = real_broker.topic()
    producer = Producer(
        {"bootstrap.servers": real_broker.bootstrap, "transactional.id": topic, "log_level": 0}
    )
    producer.init_transactions(PATIENCE_S)
    for commits, want in ((True, "reduce"), (False, "halt")):
        producer.begin_transaction()
        key, value = said("BTCUSDC", want)
        producer.produce(topic, value, key)
        producer.flush(PATIENCE_S)
        (producer.commit_transaction if commits else producer.abort_transaction)(PATIENCE_S)
    began = time.monotonic()
    control = opened(real_broker, topic)
    assert time.monotonic() - began < PATIENCE_S / 3
    assert control.wish("BTCUSDC").wish == REDUCE, "what was aborted was never said"
    heard(real_broker, topic, control, said("BTCUSDC", "halt"))
    assert control.wish("BTCUSDC").wish == HALT


def test_a_topic_whose_beginning_is_gone_is_read_from_where_it_begins(broker):
    topic = broker.topic(**{"cleanup.policy": "delete"})
    broker.send(topic, said("BTCUSDC", "halt"), said("ETHUSDC", "reduce"))
    forget(broker, topic, 1)
    control = opened(broker, topic)
    assert (control.wish("BTCUSDC"), control.wish("ETHUSDC").wish) == (None, REDUCE)
    forget(broker, topic, 2)
    assert opened(broker, topic).wish("ETHUSDC") is None
    heard(broker, topic, control, said("BTCUSDC", "resume"))
    assert control.wish("BTCUSDC").wish == RESUME


def test_a_topic_that_is_deleted_while_it_is_heard_is_told_once(real_broker):
    topic = real_broker.topic()
    control = opened(real_broker, topic)
    heard(real_broker, topic, control, said("BTCUSDC", "halt"))
    real_broker.admin.delete_topics([topic])[topic].result(PATIENCE_S)
    until(lambda: control._letters)
    (letter,) = control.take_letters()
    assert (letter.reason, letter.symbol) == ("control_unheard", EVERY)
    assert f"{topic} was deleted" in letter.text
    assert control.wish("BTCUSDC").wish == HALT, "what was wanted goes on to hold"


def test_letters_are_told_once_whoever_takes_them_at_the_same_time(broker):
    control = opened(broker, broker.topic())
    control._letters.extend([DeadLetter(1, EVERY, "malformed_json", "", str(n)) for n in range(20_000)])
    with ThreadPoolExecutor(4) as workers:
        taken = list(workers.map(lambda _: control.take_letters(), range(8)))
    assert sorted(int(letter.text) for each in taken for letter in each) == list(range(20_000))


def forget(broker, topic, offset):
    """Let a broker delete what is before an offset."""
    (gone,) = broker.admin.delete_records([TopicPartition(topic, 0, offset)]).values()
    gone.result(PATIENCE_S)


class Told(ControlTopic):
    """Stands for a topic that says one thing."""

    def __init__(self, wish):  # No topic: nothing to connect to.
        self.wanted = wish

    def wish(self, _symbol):
        return self.wanted

    def take_letters(self):
        return ()


@pytest.mark.parametrize("file", [None, *WISHES])
@pytest.mark.parametrize("topic", [None, *WISHES])
def test_of_file_and_topic_the_stricter_wins(tmp_path, file, topic):
    if file is not None:
        write_switch(tmp_path / "halt", {EVERY: Wish(WISHES[file], "file")})
    told = None if topic is None else Wish(WISHES[topic], "topic")
    wished = TopicSwitch(tmp_path / "halt", Told(told)).wish("BTCUSDC")
    strictest = next((each for each in WISHES if each in (file, topic)), None)
    assert (wished and wished.wish) == (strictest and WISHES[strictest])
    said_by = [
        name for name, want in (("file", file), ("topic", topic)) if want is not None and want == strictest
    ]
    assert wished is None or wished.why in said_by


@pytest.mark.parametrize(("file", "topic"), [("", "7"), ("7", ""), ("7", "8")])
def test_of_two_that_resume_one_that_lifts_a_limit_is_heard(tmp_path, file, topic):
    write_switch(tmp_path / "halt", {EVERY: Wish(RESUME, "", file)})
    wished = TopicSwitch(tmp_path / "halt", Told(Wish(RESUME, "", topic))).wish("BTCUSDC")
    assert wished == Wish(RESUME, "", "7")
