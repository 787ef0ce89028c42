"""A recording with known damage, and a profile that replays it."""

from pathlib import Path

from tests.oracles.raw_market import RawMarket, make_market

REASONS = {"malformed_json": 5, "off_grid": 1, "unknown_stream": 1}
GAPS = 1
REPEATED_TRADES = 2
PROFILE = """
source: {kind: recorded, path: CAPTURE}
run: {directory: RUNS, checkpoint_every_s: 0.1}
vpin: {enabled: true, bucket_unit: base, bucket_size: 0.1, n_buckets: 5, min_buckets: 1}
quoting: {order_lots: 100, max_inventory_lots: 2000, decide: every_message}
symbols:
  TESTUSDT: {instrument: {tick: "0.1", lot: "0.001", min_notional: "5"}}
"""


def damaged_lines(market: RawMarket) -> list[bytes]:
    """Break a market that was recorded well: what REASONS, GAPS and REPEATED_TRADES count."""
    sent, trades, diffs = market.sent, market.of("trade"), market.of("diff")
    lines = [one.line() for one in sent]
    stamp = lines[trades[20]].split(b" ")[0]
    lines[diffs[60]] = b""
    for i in trades[30 : 30 + REPEATED_TRADES]:
        lines[i] *= 2
    price = str(sent[trades[40]].data["p"]).encode()
    lines[trades[40]] = lines[trades[40]].replace(b'"p":"' + price, b'"p":"' + price + b"7")
    lines[trades[20]] += stamp + b' {"stream":"testusdt@rumours","data":{"e":"rumour","s":"TESTUSDT"}}\n'
    for i in trades[21:26]:
        lines[i] += stamp + b' {"e":"trade",\x1b[2J\n'
    return lines


def write_damaged(folder: Path, n_diffs: int = 300) -> Path:
    """Write the recording and return its profile, whose runs are kept in `folder`/runs."""
    market = make_market(n_diffs=n_diffs, snapshots=(3, 120), keep_truth=False)
    (folder / "capture.txt").write_bytes(b"".join(damaged_lines(market)))
    return write_profile(folder, PROFILE)


def write_profile(folder: Path, text: str, name: str = "damaged") -> Path:
    """Write a profile that reads `folder`/capture.txt."""
    path = folder / f"{name}.yaml"
    path.write_text(text.replace("CAPTURE", f"{folder}/capture.txt").replace("RUNS", f"{folder}/runs"))
    return path
