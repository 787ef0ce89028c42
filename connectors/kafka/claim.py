"""A claim on symbols that other machines see: membership of a group at the broker.

Whoever runs symbols joins `phoenix-claims-<profile>-<topic>` under a name that tells them, and looks who
else is in it. Everybody joins before looking, so of two that claim the same the later one to look sees the
other, and yields. Of several that begin at once all see each other: the one whose run comes first by name
is patient for long enough that the others are gone by then.

A member that was killed or has ended stays for its session's length, which is waited for, unless it is its
own run that goes on, which takes its place at once. One that lost the broker for longer is no member any
more, and somebody else may have come: when it is back, it looks again.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from connectors.claims import Claimant
from connectors.kafka.connection import Place, Troubles, connection, refuse_options
from connectors.kafka.diagnosis import unreachable
from operators.errors import PhoenixError, RunDirectoryError, SourceError

SESSION_S: Final = 6.0
"""The shortest that a broker allows by default."""
HASTY: Final = 1.3
"""Sessions that are waited for, to see whether somebody else's ends."""
PATIENT: Final = 3.0
"""The same where others who came too may give up, and stay for a session longer."""
LOOK_S: Final = 0.3
ANSWER_S: Final = 5.0
GROUP: Final = "phoenix-claims"


@contextmanager
def claimed_at(
    place: Place, profile: str, claimant: Claimant, refuse: Callable[[PhoenixError], object]
) -> Iterator[None]:
    """Hold the claim on symbols; `refuse` is called, from another thread, if it is lost.

    Raises:
        ConfigError: an option is none of librdkafka's.
        RunDirectoryError: another process holds one of them.
        SourceError: no broker answers.
    """
    member = Member(place, f"{GROUP}-{profile}-{place.topic}", claimant)
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

    def __init__(self, place: Place, group: str, claimant: Claimant) -> None:
        self.place, self.group, self.symbols = place, group, frozenset(claimant.symbols)
        self.troubles, self.left = Troubles(), threading.Event()
        self.looked_as: str | None = None
        """Which member it was when it last saw who else is there: after an absence it is another."""
        self.run, self.is_first = claimant.run, True
        """Whether its run came before those that were seen."""
        options = connection(place, self.troubles)
        own = {
            "group.id": group,
            "group.instance.id": claimant.run,
            "client.id": f"{claimant.share} {socket.gethostname()} {','.join(sorted(claimant.symbols))}",
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
        since_s, seen = time.monotonic(), False
        while (others := self.others()) is None or others:
            if others and not seen:
                since_s, seen = time.monotonic(), True
            if time.monotonic() > since_s + SESSION_S * (PATIENT if self.is_first else HASTY):
                raise self._refused(others)
            self._require_right(self._heard())

    def stay(self, refuse: Callable[[PhoenixError], object]) -> None:
        """Remain a member; after an absence, look whether somebody came meanwhile."""
        while not self.left.is_set():
            try:
                self._heard()
            except RunDirectoryError as error:
                refuse(error)
                return
            if self.client.memberid() in (self.looked_as, "", None):
                continue
            with suppress(KafkaException, SourceError):  # It is looked again.
                if others := self.others():
                    refuse(self._refused(others))
                    return

    def _heard(self) -> KafkaError | None:
        """Return what the broker complains about.

        Raises:
            RunDirectoryError: another process has taken this one's place.
        """
        told = self.client.poll(LOOK_S)
        error = told.error() if told is not None else None
        if error is not None and error.code() == KafkaError._FATAL:  # noqa: SLF001 - its own name
            raise RunDirectoryError(
                "kafka: another process goes on with this run, and has its claim: stop that"
            )
        return error

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
        rest = [each for each in members if each.member_id != me and self._shares(each.client_id)]
        self.is_first = all(self.run < (each.group_instance_id or "") for each in rest)
        return [_told(each.client_id, each.host) for each in rest]

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
