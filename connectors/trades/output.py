"""A table written piece by piece, as CSV or Parquet by its ending; it has its name once it is whole."""

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from operators.errors import SourceError

ENDINGS: Final = (".csv", ".parquet")


class TableFile:
    """Writes frames of the same columns; floats are written so that they read back the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f"{path.name}.part")
        self._is_csv = path.suffix.lower() == ".csv"
        self._parquet: pq.ParquetWriter | None = None
        self._begun = False
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise self._failed(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._parquet is not None:
                self._parquet.close()
            self._file.close()
            if kind is None:
                self._part.replace(self.path)
        except OSError as failure:
            raise self._failed(failure) from None
        finally:
            self._part.unlink(missing_ok=True)

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows."""
        try:
            if self._is_csv:
                frame.write_csv(self._file, include_header=not self._begun)
            else:
                self._write_parquet(frame.to_arrow())
        except OSError as error:
            raise self._failed(error) from None
        self._begun = True

    def _write_parquet(self, table: pa.Table) -> None:
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self._file, table.schema)
        self._parquet.write_table(table)

    def _failed(self, error: OSError) -> SourceError:
        return SourceError(f"{self.path} cannot be written: {error.strerror or error}")
