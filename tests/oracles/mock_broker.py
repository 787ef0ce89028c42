"""What stands in for a broker where there is none: the one that librdkafka brings along for its own tests.

It is in this process's memory, and reached over the network as a real one is. It takes no
settings, forgets what is older than 5 MB, and knows neither times nor rights.
"""

import ctypes
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.broker import Broker, NoBroker

CONSUMER, TEXT = 1, 512
Handle = ctypes.c_void_p


class Mock(Broker):
    """A cluster of one; it lives as long as this process."""

    is_real = False

    def __init__(self) -> None:
        self.library = _library()
        said = ctypes.create_string_buffer(TEXT)
        self.client = self.library.rd_kafka_new(CONSUMER, None, said, TEXT)
        if not self.client:
            raise NoBroker(f"no mock cluster: {said.value.decode()}")
        self.cluster = self.library.rd_kafka_mock_cluster_new(self.client, 1)
        super().__init__(self.library.rd_kafka_mock_cluster_bootstraps(self.cluster).decode())

    def topic(self, partitions: int = 1, **settings: str) -> str:
        """Make a topic that nobody else uses; what wants more of it is skipped."""
        if settings:
            pytest.skip(f"needs a real broker: librdkafka's mock cluster has no {', '.join(settings)}")
        name = self.name()
        assert self.library.rd_kafka_mock_topic_create(self.cluster, name.encode(), partitions, 1) == 0
        return name

    def fail(self, request: int, *errors: int) -> None:
        """Answer the next requests of a kind with these errors, both by their numbers in the protocol."""
        self.library.rd_kafka_mock_push_request_errors_array(
            self.cluster, request, len(errors), (ctypes.c_int * len(errors))(*errors)
        )


def _library() -> Any:
    """Find the library that the client stands on.

    Raises:
        NoBroker: it is not where wheels have it.
    """
    spec = importlib.util.find_spec("confluent_kafka")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parents[1]
    found = [
        *folder.glob("confluent_kafka.libs/librdkafka*"),
        *folder.glob("confluent_kafka/.dylibs/librdkafka*"),
    ]
    if not found:
        raise NoBroker("no mock cluster: librdkafka is not beside confluent_kafka")
    library = ctypes.CDLL(str(found[0]))
    for name, result, *taken in (
        ("rd_kafka_new", Handle, ctypes.c_int, Handle, ctypes.c_char_p, ctypes.c_size_t),
        ("rd_kafka_mock_cluster_new", Handle, Handle, ctypes.c_int),
        ("rd_kafka_mock_cluster_bootstraps", ctypes.c_char_p, Handle),
        ("rd_kafka_mock_topic_create", ctypes.c_int, Handle, ctypes.c_char_p, ctypes.c_int, ctypes.c_int),
        (
            "rd_kafka_mock_push_request_errors_array",
            None,
            *(Handle, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)),
        ),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, taken
    return library
