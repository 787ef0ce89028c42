"""A Parquet file read in batches, from any row, with little of it in memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.recorded.columns import Table
from operators.errors import SourceError

BATCH_ROWS: Final = 1 << 14
BUFFER_BYTES: Final = 1 << 16
SYMBOL: Final = "symbol"
DAMAGE: Final = (OSError, ValueError, MemoryError, pa.ArrowException)
"""What a damaged Parquet file makes of reading it."""


def open_table(path: Path, table: Table) -> pq.ParquetFile:
    """Open a table that has every column it needs.

    Raises:
        SourceError: it cannot be read, or a column is missing or of another type.
    """
    try:
        file = pq.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False)
    except DAMAGE as error:
        raise SourceError(f"{path} cannot be read as Parquet: {error}") from error
    schema = file.schema_arrow
    for name in (*table.needed, *table.more):
        if name not in schema.names:
            if name in table.more:
                continue
            raise SourceError(
                f"{path} has no column {name}: a table of {table.name} needs {', '.join(table.needed)}"
            )
        measured = name in (*table.measures, *table.more_measures)
        if not _fits(measured, schema.field(name).type):
            wanted = "numbers" if measured else "whole numbers"
            raise SourceError(f"{path}: column {name} must hold {wanted}, holds {schema.field(name).type}")
    return file


def read_batches(file: pq.ParquetFile, table: Table, row: int) -> Iterator[pa.RecordBatch]:
    """Return what follows a row, cut at the same places wherever reading begins."""
    names = [name for name in (*table.needed, *table.more, SYMBOL) if name in file.schema_arrow.names]
    first = 0
    for group in range(file.num_row_groups):
        after = first + file.metadata.row_group(group).num_rows
        if after > row:
            for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=names, use_threads=False):
                if first + len(batch) > row:
                    yield batch.slice(max(0, row - first))
                first += len(batch)
        first = after


def _fits(is_measure: bool, kind: pa.DataType) -> bool:
    if pa.types.is_integer(kind) or (not is_measure and pa.types.is_boolean(kind)):
        return True
    return is_measure and (pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def symbols_in(path: Path) -> set[str]:
    """Return what the column `symbol` of a table names; nothing where there is none.

    Raises:
        SourceError: the table cannot be read.
    """
    try:
        file = pq.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False)
        if SYMBOL not in file.schema_arrow.names:
            return set()
        batches = file.iter_batches(BATCH_ROWS, columns=[SYMBOL])
        return {str(name) for batch in batches for name in batch.column(0).unique().to_pylist() if name}
    except DAMAGE as error:
        raise SourceError(f"{path} cannot be read as Parquet: {error}") from error
