"""Keys of the broker that a market is read from, and that a run is told to."""

from typing import Final, Literal

from configs.broker_options import Options
from configs.keys import Section, key
from configs.scalars import Flag, InstantOrNull, NumberOrNull, Offsets, Text, TextOrNull

OUTGOING: Final = ("orders_topic", "fills_topic", "readings_topic", "dead_letters_topic")
"""What a run tells of itself, which changes no order."""


class Kafka(Section):
    """The broker of `source.kind: kafka`, `phoenix publish` and the topics of a run; see docs/kafka.md."""

    bootstrap: Text = key("127.0.0.1:9092", "Where brokers are: host:port, several with commas between.")
    topic: TextOrNull = key(None, "Topic with the market; source.kind kafka needs one.")
    start: Literal["earliest", "latest", "timestamp", "offsets"] = key(
        "earliest", "Where a run begins to read each partition; one that is resumed goes on where it was."
    )
    start_time: InstantOrNull = key(
        None, "For start timestamp: the first message that the broker has from then or later."
    )
    start_offsets: Offsets = key({}, "For start offsets: of the partitions named; others begin at earliest.")
    tells_best: Flag = key(
        True, "The topic tells best bids and offers; where it does not, they are made from its depth."
    )
    reports_topic: TextOrNull = key(
        None,
        "Topic that a venue elsewhere reports in, as `phoenix venue` does: orders go to it by orders_topic, "
        "and none is simulated here.",
    )
    control_topic: TextOrNull = key(
        None, "Topic with what operators want: halt, reduce or resume, the last message of a symbol holds."
    )
    max_age_s: NumberOrNull = key(
        5.0,
        "At a venue elsewhere: messages of the market that are older when they are read rebuild what is "
        "known, and nothing is quoted on them; null quotes on any. Age goes by the message's timestamp: when "
        "it was sent, by the sender's clock, or when the broker took it, where the topic has LogAppendTime.",
        "s",
        gt=0,
        le=86_400,
    )
    orders_topic: TextOrNull = key(None, "Topic that every order, amendment and cancel is told in.")
    fills_topic: TextOrNull = key(None, "Topic that every fill is told in.")
    readings_topic: TextOrNull = key(
        None, "Topic that toxicity, quotes and account are told in, every kpis.sample_s of market time."
    )
    dead_letters_topic: TextOrNull = key(None, "Topic that every dead letter is told in.")
    options: Options = key(
        {},
        "Options of librdkafka. `${NAME}` stands for a variable of the environment, and `x_file` names a "
        "file that holds x: passwords are given in no other way.",
    )
