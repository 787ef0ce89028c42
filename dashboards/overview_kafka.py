"""The last row of the overview: brokers, where a desk runs on Kafka; elsewhere it stays empty."""

from typing import Final

from dashboards.board import Row
from dashboards.panels import GREEN, RED, View, lines, number, states

KAFKA: Final = Row(
    "Kafka",
    [
        states(
            View(
                "Brokers",
                "Whether one answers: the source that reads the market, and the sinks that tell what is "
                "done.",
                words={0: ("none answers", RED), 1: ("answers", GREEN)},
                runbook="kafka_down",
            ),
            ("min by (side) (mm_kafka_up)", "{{side}}"),
        ),
        lines(
            View(
                "Behind the end",
                "Messages of the market that were not taken yet, by partition. The alert is at 10,000.",
                "short",
                steps=((None, GREEN), (10_000, RED)),
                least=0,
                runbook="kafka_lag",
            ),
            ("max by (instance, partition) (mm_kafka_lag_messages)", "{{instance}} {{partition}}"),
            steps_drawn=True,
        ),
        lines(
            View("Not confirmed", "Messages of the run that no broker has confirmed yet.", "short", least=0),
            ("max by (instance) (mm_kafka_unacknowledged_messages)", "{{instance}}"),
        ),
        number(
            View(
                "Dead time",
                "Without a broker that answers, since the process began.",
                "s",
                4,
                steps=((None, GREEN), (5, RED)),
                runbook="kafka_down",
            ),
            ("max by (side) (mm_kafka_down_seconds_total)", "{{side}}"),
        ),
        number(
            View(
                "Outages",
                "How often the last broker that answered was lost.",
                "none",
                4,
                runbook="kafka_down",
            ),
            ("sum by (side) (mm_kafka_outages_total)", "{{side}}"),
        ),
        number(
            View("Passed over", "Messages of symbols that are not traded here.", "short", 4),
            ("sum by (instance) (mm_kafka_passed_over_total)", "{{instance}}"),
        ),
    ],
)
