"""What a path is a recording of, told by its name and its first lines."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.recorded import Recording, discover
from operators.errors import SourceError
from tests.oracles.raw_market import SYMBOL, make_market, write_raw, write_tables


def lines(tmp_path, *bodies, name="some.txt"):
    path = tmp_path / name
    path.write_text("".join(f"17 {body if isinstance(body, str) else json.dumps(body)}\n" for body in bodies))
    return path


@pytest.mark.parametrize(
    ("name", "made", "market"),
    [
        ("binance_usdm_x.gz", "binance_spot", "binance_usdm"),
        ("binance-futures-x.gz", "binance_spot", "binance_usdm"),
        ("X.Spot.gz", "binance_usdm", "binance_spot"),
        ("unnamed.gz", "binance_usdm", "binance_usdm"),
        ("unnamed.gz", "binance_spot", "binance_spot"),
    ],
)
def test_the_market_is_in_the_name_or_else_in_how_diffs_follow_each_other(tmp_path, name, made, market):
    path = write_raw(tmp_path / name, make_market(made).sent, packed=True)
    assert discover([path]) == [Recording(path, SYMBOL, market, "raw")]
    assert discover([path], "binance_spot")[0].market == "binance_spot"


def test_without_diffs_and_without_a_name_it_is_futures(tmp_path):
    (found,) = discover([lines(tmp_path, {"e": "trade", "s": "AUSDT"})])
    assert (found.symbol, found.market) == ("AUSDT", "binance_usdm")


def test_every_symbol_of_a_file_is_found_and_noise_is_none(tmp_path):
    two = [{"stream": "x@trade", "data": {"s": "BUSDT"}}, {"e": "trade", "s": "AUSDT"}] * 200
    noise = ["not json", "", "{", {"s": 3}, {"s": "BXSDT"}, {"lastUpdateId": 5}, "[" * 100_000]
    assert [one.symbol for one in discover([lines(tmp_path, *noise, *two)])] == ["AUSDT", "BUSDT"]


def test_only_the_first_lines_are_read(tmp_path):
    path = lines(tmp_path, *[{"s": "AUSDT"}] * 10_000, *[{"s": "BUSDT"}] * 10_000)
    assert [one.symbol for one in discover([path])] == ["AUSDT"]


def test_a_file_that_names_no_symbol_is_refused(tmp_path):
    path = lines(tmp_path, {"lastUpdateId": 5}, "noise")
    with pytest.raises(
        SourceError, match=f"{path} does not say what it is a recording of: expected messages"
    ):
        discover([path])


def test_a_gzip_that_ends_early_is_still_told(tmp_path):
    path = write_raw(tmp_path / "cut.gz", make_market(n_diffs=200).sent, packed=True)
    path.write_bytes(path.read_bytes()[:-500])
    assert discover([path])[0].symbol == SYMBOL


@pytest.mark.parametrize(
    ("folder", "symbol", "market"),
    [
        ("binance_usdm_btcusdt_20240808", "BTCUSDT", "binance_usdm"),
        ("binance_spot_nexousdt_20240723", "NEXOUSDT", "binance_spot"),
        ("ethusdc", "ETHUSDC", "binance_usdm"),
        ("2024-08-08 btcusdt spot", "BTCUSDT", "binance_spot"),
    ],
)
def test_tables_are_named_by_their_folder(tmp_path, folder, symbol, market):
    path = write_tables(tmp_path / folder, make_market(n_diffs=5))
    assert discover([path]) == [Recording(path, symbol, market, "tables")]


@pytest.mark.parametrize("folder", ["binance_usdm_20240808", "btcusdt_ethusdt"])
def test_a_folder_whose_name_is_no_one_symbol_is_refused(tmp_path, folder):
    path = write_tables(tmp_path / folder, make_market(n_diffs=5))
    with pytest.raises(SourceError, match="expected a column symbol, or one symbol in its name"):
        discover([path])


def test_a_column_symbol_says_more_than_the_name(tmp_path):
    path = write_tables(tmp_path / "btcusdt", make_market(n_diffs=5))
    for file in path.iterdir():
        table = pq.read_table(file)
        pq.write_table(table.append_column("symbol", pa.array(["ETHUSDT"] * len(table))), file)
    assert [one.symbol for one in discover([path])] == ["ETHUSDT"]


def test_paths_keep_their_order(tmp_path):
    paths = [lines(tmp_path, {"s": symbol}, name=symbol) for symbol in ("ZUSDT", "AUSDT")]
    assert [one.symbol for one in discover(paths)] == ["ZUSDT", "AUSDT"]
