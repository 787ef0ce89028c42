"""Keys of the broker that a market is read from."""

from typing import Literal

from configs.keys import Section, key
from configs.scalars import Flag, InstantOrNull, Offsets, Options, Text, TextOrNull


class Kafka(Section):
    """The broker of `source.kind: kafka`, and of `phoenix publish`; docs/kafka.md says how they are used."""

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
    options: Options = key(
        {},
        "Options of librdkafka. `${NAME}` stands for a variable of the environment, and `x_file` names a "
        "file that holds x: passwords are given in no other way.",
    )
