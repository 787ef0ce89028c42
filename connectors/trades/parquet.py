"""A Parquet file of trades as frames."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.recorded.batches import BUFFER_BYTES, DAMAGE
from connectors.recorded.letters import Reason
from connectors.trades.judge import NEEDED, OPTIONAL
from connectors.trades.stretch import STRETCH
from operators.errors import SourceError


class ParquetFrames:
    """Reads a file forward."""

    def __init__(self, path: Path) -> None:
        self.path, self.done, self.lost = path, 0, dict[str, int]()
        try:
            self._file = pq.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False)
        except DAMAGE as error:
            raise SourceError(f"{path} cannot be read as Parquet: {error}") from None
        self.total: int | None = int(self._file.metadata.num_rows)
        fields = {name.lower(): self._file.schema_arrow.field(name) for name in self._file.schema_arrow.names}
        self.names = list(fields)
        self._columns = {fields[name].name: name for name in (*NEEDED, *OPTIONAL) if name in fields}
        for given, name in self._columns.items():
            if not _readable(name, fields[name].type):
                wanted = "text or whole numbers" if name == "side" else "numbers"
                raise SourceError(f"{path}: column {given} must hold {wanted}, holds {fields[name].type}")

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Read on, up to where the file is damaged."""
        try:
            for batch in self._file.iter_batches(STRETCH, columns=list(self._columns), use_threads=False):
                self.done += len(batch)
                table = pa.Table.from_batches([batch])
                yield pl.DataFrame(pl.from_arrow(table)).rename(self._columns)
        except DAMAGE:
            self.lost[Reason.CORRUPT.value] = 1

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


def _readable(name: str, kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_timestamp(kind):
        return name == "ts_ns"
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return bool(number or text or pa.types.is_null(kind))
