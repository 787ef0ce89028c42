"""Brokers of one test, which it kills, holds up and starts again."""

import os
import signal
from pathlib import Path

from tests.oracles.broker import Broker, free_port, start


class Mortal(Broker):
    """One that comes back at the same place, with what it kept."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        super().__init__(start(folder, os.getpid(), self.port))

    def kill(self, number: int) -> None:
        """Send a signal; wait until it is gone where it should be."""
        os.kill(self._pid(), number)

    def again(self) -> None:
        """Start it anew."""
        start(self.folder, os.getpid(), self.port)

    def _pid(self) -> int:
        return int((self.folder / "pid").read_text())


class Cluster:
    """Three of them that keep everything three times; any one may be killed."""

    def __init__(self, folder: Path) -> None:
        self.ports = {node: free_port() for node in (1, 2, 3)}
        self.folders = {node: folder / f"broker{node}" for node in self.ports}
        controllers = {node: free_port() for node in self.ports}
        voters = ",".join(f"{node}@127.0.0.1:{port}" for node, port in controllers.items())
        for node, place in self.folders.items():
            place.mkdir(parents=True)
            settings = {
                "node.id": node,
                "controller.quorum.voters": voters,
                "default.replication.factor": 3,
                "min.insync.replicas": 2,
                # A killed one is missed sooner than by default.
                "broker.session.timeout.ms": 3000,
                "broker.heartbeat.interval.ms": 500,
            }
            text = "".join(f"{key}={value}\n" for key, value in settings.items())
            (place / "more.properties").write_text(text)
        for node, place in self.folders.items():
            start(place, os.getpid(), self.ports[node], controllers[node], wait=False)
        self.bootstrap = ",".join(f"127.0.0.1:{port}" for port in self.ports.values())
        self.broker = Broker(self.bootstrap, copies=3)
        self.broker.awaited(len(self.ports))

    def leader(self, topic: str, partition: int = 0) -> int:
        """Return who leads a partition."""
        found = self.broker.admin.list_topics(topic, timeout=30)
        return found.topics[topic].partitions[partition].leader

    def kill(self, node: int) -> None:
        """Let it die at once."""
        os.kill(int((self.folders[node] / "pid").read_text()), signal.SIGKILL)

    def end(self) -> None:
        """Let all die."""
        for node in self.folders:
            try:
                self.kill(node)
            except ProcessLookupError:
                continue
