"""A claim on symbols that other machines see: membership of a group at the broker.

Whoever runs symbols joins `phoenix-claims-<profile>-<topic>` under a name that tells them, and looks who
else is in it. Everybody joins before looking, so of two that claim the same the later one to look sees the
other, and yields; of two that begin at once both may, but not at the same time, and then one is left alone.

A member that was killed stays for its session's length, which is waited for. One that lost the broker for
longer is no member any more, and somebody else may have come: when it is back, it looks again.
"""

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from connectors.kafka.connection import Place, Troubles, connection, refuse_options
from connectors.kafka.diagnosis import unreachable
from operators.errors import PhoenixError, RunDirectoryError, SourceError

SESSION_S: Final = 6.0
"""The shortest that a broker allows by default."""
LOOK_S: Final = 0.3
ANSWER_S: Final = 5.0
GROUP: Final = "phoenix-claims"


@contextmanager
def claimed_at(
    place: Place, profile: str, share: str, symbols: Sequence[str], refuse: Callable[[PhoenixError], object]
) -> Iterator[None]:
    """Hold the claim on symbols; `refuse` is called, from another thread, if it is lost.

    Raises:
        ConfigError: an option is none of librdkafka's.
        RunDirectoryError: another process holds one of them.
        SourceError: no broker answers.
    """
    member = Member(place, f"{GROUP}-{profile}-{place.topic}", share, symbols)
    try:
        member.join()
        thread = threading.Thread(target=member.stay, args=(refuse,), name="claim", daemon=True)
        thread.start()
        try:
            yield
        finally:
            member.left.set()
            thread.join()
    finally:
        member.close()


class Member:
    """One process in the group."""

    def __init__(self, place: Place, group: str, share: str, symbols: Sequence[str]) -> None:
        self.place, self.group, self.symbols = place, group, frozenset(symbols)
        self.troubles, self.left = Troubles(), threading.Event()
        self.looked_as: str | None = None
        """Which member it was when it last saw who else is there: after an absence it is another."""
        options = connection(place, self.troubles)
        own = {
            "group.id": group,
            "client.id": f"{share} {socket.gethostname()} {','.join(sorted(symbols))}",
            "session.timeout.ms": int(SESSION_S * 1000),
            "heartbeat.interval.ms": 1000,
            "enable.auto.commit": False,
            # Sessions are as long as we say, and what is assigned may be passed over at once.
            "group.protocol": "classic",
            "partition.assignment.strategy": "range",
        }
        try:
            self.client, self.admin = Consumer({**options, **own}), AdminClient(options)
        except KafkaException as error:
            refuse_options(error)
        # What it is assigned, it does not read.
        self.client.subscribe([place.topic], on_assign=lambda client, _: client.assign([]))

    def join(self) -> None:
        """Join, and stay if nobody else has any of the symbols.

        Raises:
            RunDirectoryError: somebody has, for longer than one that was killed would.
            SourceError: no broker answers, or it refuses the group.
        """
        patience_s = SESSION_S * (1.3 + random.random())  # noqa: S311 - so that two do not give up together
        until = time.monotonic() + SESSION_S + patience_s
        while (others := self.others()) is None or others:
            if others is not None:  # Who was killed may have kept the group from taking anybody in until now.
                until = min(until, time.monotonic() + patience_s)
            if time.monotonic() > until:
                raise self._refused(others)
            told = self.client.poll(LOOK_S)
            self._require_right(told.error() if told is not None else None)

    def stay(self, refuse: Callable[[PhoenixError], object]) -> None:
        """Remain a member; after an absence, look whether somebody came meanwhile."""
        while not self.left.is_set():
            self.client.poll(LOOK_S)
            if self.client.memberid() in (self.looked_as, "", None):
                continue
            with suppress(KafkaException, SourceError):  # It is looked again.
                if others := self.others():
                    refuse(self._refused(others))
                    return

    def others(self) -> list[str] | None:
        """Return who else has any of the symbols; None while this one is no member itself."""
        me = self.client.memberid()
        asked: Any = self.admin.describe_consumer_groups([self.group], request_timeout=ANSWER_S)
        try:
            members = asked[self.group].result().members
        except KafkaException as error:
            self._require_right(error.args[0])
            self.client.poll(0)
            if self.troubles.down:
                raise unreachable(self.place, self.troubles, error) from None
            return None
        if me not in {each.member_id for each in members}:
            return None
        self.looked_as = me
        rest = [each for each in members if each.member_id != me]
        return [_told(each.client_id, each.host) for each in rest if self._shares(each.client_id)]

    def _require_right(self, error: KafkaError | None) -> None:
        """Nobody waits for a right to come."""
        if error is not None and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            raise SourceError(
                f"kafka: a shard needs the right to read the group {self.group} ({error.str()})"
            )

    def _shares(self, name: str) -> bool:
        return not self.symbols.isdisjoint(name.rpartition(" ")[2].split(","))

    def _refused(self, others: list[str] | None) -> RunDirectoryError:
        if not others:
            why = self.troubles.last or "no answer"
            return RunDirectoryError(f"kafka: the group {self.group} could not be joined: {why}")
        return RunDirectoryError(
            f"symbols of this share are run already, by {' and '.join(others)}: stop that"
        )

    def close(self) -> None:
        """Leave the group, for the next one not to have to wait."""
        self.client.close()


def _told(name: str, host: str) -> str:
    return f"{name.rpartition(' ')[0]} ({host})"
