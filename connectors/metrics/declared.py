"""What is served to Prometheus: every metric of every symbol, read when asked, and those of the process."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from connectors.board import Board
from connectors.metrics.account import FILLS, PNL, POSITION
from connectors.metrics.family import COUNTER, GAUGE, Family
from connectors.metrics.market import BOOK, QUOTES, VPIN
from connectors.metrics.running import LOST, ORDERS, SPEED
from connectors.metrics.view import View
from connectors.timing import STEPS, Times, end_of

FAMILIES: Final = (*VPIN, *QUOTES, *BOOK, *POSITION, *PNL, *FILLS, *ORDERS, *LOST, *SPEED)
HISTOGRAM: Final = "mm_frame_processing_seconds"
FIRST_DOUBLING: Final = 12
ENDS: Final = tuple(end_of(doubling * STEPS - 1) for doubling in range(FIRST_DOUBLING, 29))
"""Bounds of its buckets, ns: steps that durations are counted in end there, so no count is shared out."""
BOUNDS: Final = (*(f"{end / 1e9:.9f}".rstrip("0") for end in ENDS), "+Inf")
CHECKPOINT_AGE: Final = "mm_checkpoint_age_seconds"
RELOADS: Final = "mm_config_reloads_total"
RUN: Final = "mm_run_info"
KAFKA_UP: Final = "mm_kafka_up"
KAFKA_LOST: Final = "mm_kafka_down_seconds_total"
KAFKA_OUTAGES: Final = "mm_kafka_outages_total"
KAFKA_BEHIND: Final = "mm_kafka_lag_messages"
KAFKA_STRANGE: Final = "mm_kafka_passed_over_total"
KAFKA_UNDER_WAY: Final = "mm_kafka_unacknowledged_messages"


class Declared(NamedTuple):
    """A metric as it is announced."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


OTHERS: Final = (
    Declared(
        HISTOGRAM,
        "histogram",
        ("symbol", "le"),
        "From a frame's release until its answer was logged and posted; of this process, so it begins at 0 "
        "again when a run goes on.",
    ),
    Declared(
        CHECKPOINT_AGE,
        GAUGE,
        (),
        "Since the state was last copied for a checkpoint, by the wall clock; absent before the first. "
        "`python -m bytewax.run` without `-r` copies it too, and keeps it nowhere.",
    ),
    Declared(
        RELOADS,
        COUNTER,
        ("outcome",),
        "Reloads of the configuration by what became of them: applied, or refused whole.",
    ),
    Declared(
        RUN,
        GAUGE,
        ("profile", "config", "shard"),
        "1, labelled with the profile, the digest of the settings that orders depend on, and the share of "
        "the symbols that the process runs: 2of3, names, or all.",
    ),
    Declared(
        KAFKA_UP,
        GAUGE,
        ("side",),
        "1 while a broker answers, else 0: to the source that the market is read with, to the reports of a "
        "venue elsewhere, and to the sinks, which know while there is something to tell. Absent without "
        "Kafka, as what follows.",
    ),
    Declared(
        KAFKA_LOST,
        COUNTER,
        ("side",),
        "Time without a broker that answers, since the process began; it runs on while there is none.",
    ),
    Declared(KAFKA_OUTAGES, COUNTER, ("side",), "How often the last broker that answered was lost."),
    Declared(
        KAFKA_BEHIND,
        GAUGE,
        ("partition",),
        "Messages of the market that the broker has, and that were not taken by every symbol yet; as of the "
        "last second.",
    ),
    Declared(
        KAFKA_STRANGE,
        COUNTER,
        (),
        "Messages passed over, for their key names a symbol that this run does not trade.",
    ),
    Declared(KAFKA_UNDER_WAY, GAUGE, (), "Messages of this run that no broker has confirmed yet."),
)


def declared(family: Family) -> Declared:
    """Return a symbol's metric as it is announced."""
    labels = ("symbol", family.label) if family.label else ("symbol",)
    return Declared(family.name, family.kind, labels, family.meaning)


DECLARED: Final = (*map(declared, FAMILIES), *OTHERS)


class Labels(NamedTuple):
    """Labels as pairs, and as they are written."""

    pairs: dict[str, str]
    text: str


Found = tuple[str, Labels, float]
"""A sample: its name, its labels, its value."""


class Reader:
    """Reads the board whenever it is asked, so that nothing needs to be kept up to date."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.known: dict[tuple[str, ...], Labels] = {}

    def read(self) -> Iterator[tuple[Declared, list[Found]]]:
        """Yield every metric with its samples."""
        views = [View(post) for post in self.board.posts.values()]
        for family, metric in zip(FAMILIES, DECLARED, strict=False):
            yield metric, self._family(family, views)
        histogram, *process = OTHERS
        yield histogram, self._histogram(views)
        found = self._process()
        for metric in process:
            yield metric, found[metric.name]

    def _family(self, family: Family, views: list[View]) -> list[Found]:
        samples: list[Found] = []
        for view in views:
            values = family.of(view) if view.knows or family.early else None
            if isinstance(values, float | int):
                samples.append((family.name, self._labels("symbol", view.symbol), values))
            elif values:
                for name, value in values.items():
                    labels = self._labels("symbol", view.symbol, family.label, name)
                    samples.append((family.name, labels, value))
        return samples

    def _histogram(self, views: list[View]) -> list[Found]:
        samples: list[Found] = []
        for view in views:
            frames, total_ns, counts = counted(view.times)
            for bound, count in zip(BOUNDS, counts, strict=True):
                labels = self._labels("symbol", view.symbol, "le", bound)
                samples.append((f"{HISTOGRAM}_bucket", labels, count))
            labels = self._labels("symbol", view.symbol)
            samples.append((f"{HISTOGRAM}_count", labels, frames))
            samples.append((f"{HISTOGRAM}_sum", labels, total_ns / 1e9))
        return samples

    def _process(self) -> dict[str, list[Found]]:
        board, age_s = self.board, self.board.timing.checkpoint_age_s()
        run = self._labels("profile", board.profile, "config", board.config, "shard", board.shard)
        reloads = [
            (RELOADS, self._labels("outcome", outcome), float(n)) for outcome, n in board.reloads().items()
        ]
        age = [] if age_s is None else [(CHECKPOINT_AGE, self._labels(), age_s)]
        return {CHECKPOINT_AGE: age, RELOADS: reloads, RUN: [(RUN, run, 1.0)], **self._kafka()}

    def _kafka(self) -> dict[str, list[Found]]:
        found: dict[str, list[Found]] = {metric.name: [] for metric in OTHERS}
        for brokers in (look() for look in self.board.brokers):
            side = self._labels("side", brokers.side)
            for name, value in (
                (KAFKA_UP, float(brokers.up)),
                (KAFKA_LOST, brokers.lost_s),
                (KAFKA_OUTAGES, float(brokers.n_outages)),
            ):
                found[name].append((name, side, value))
            for partition, n in sorted(brokers.behind.items()):
                found[KAFKA_BEHIND].append((KAFKA_BEHIND, self._labels("partition", str(partition)), n))
            if brokers.n_strange is not None:
                found[KAFKA_STRANGE].append((KAFKA_STRANGE, self._labels(), brokers.n_strange))
            if brokers.n_under_way is not None:
                found[KAFKA_UNDER_WAY].append((KAFKA_UNDER_WAY, self._labels(), brokers.n_under_way))
        return {name: samples for name, samples in found.items() if name.startswith("mm_kafka")}

    def _labels(self, *pairs: str) -> Labels:
        """Return labels given as names and values in turn; written once, they are kept."""
        if pairs not in self.known:
            named = dict(zip(pairs[::2], pairs[1::2], strict=True))
            self.known[pairs] = Labels(named, written(named))
        return self.known[pairs]


def written(labels: dict[str, str]) -> str:
    r"""Return labels as the text format has them.

    >>> written({"symbol": "A", "reason": 'a "b"\n'})
    '{symbol="A",reason="a \\"b\\"\\n"}'
    """
    escaped = {
        name: value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        for name, value in labels.items()
    }
    told = ",".join(f'{name}="{value}"' for name, value in escaped.items())
    return f"{{{told}}}" if labels else ""


def counted(times: Times) -> tuple[int, int, list[int]]:
    """Return the frames, their total, ns, and how many took at most each bound, the last being none."""
    frames, total_ns, steps = times.copied()
    in_bucket = [0] * len(BOUNDS)
    for step, n in steps.items():
        in_bucket[min(max(0, step // STEPS - FIRST_DOUBLING + 1), len(ENDS))] += n
    return frames, total_ns, list(accumulate(in_bucket))
