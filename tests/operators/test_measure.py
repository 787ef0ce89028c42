from operators.measure import VpinMeasure
from operators.rows import BUY, LAST, SELL, TRADE, Row
from operators.toxicity import Reading, Vpin, VpinParams
from operators.vpin import vpin_on_frame


def test_the_default_measure_is_vpin_and_goes_on_from_what_it_dumped():
    params = VpinParams.cell(enabled=1, bucket_steps=10, n_buckets=4, min_buckets=1, fallback=0.5)
    rows = Row.table(6)
    for n, (side, lots) in enumerate([(BUY, 7), (SELL, 9), (BUY, 30), (SELL, 1), (SELL, 4), (BUY, 8)]):
        row = rows[n]
        row.kind, row.side, row.size_lots, row.price_ticks, row.marks = TRADE, side, lots, 100, LAST
    plain, expected = Vpin.cell(), Reading.table(6)
    vpin_on_frame(plain, params, rows, expected)
    first, then, readings = VpinMeasure(params), VpinMeasure(params), Reading.table(6)
    first.on_frame(rows[:3], readings[:3])
    then.restore(first.dump())
    then.on_frame(rows[3:], readings[3:])
    assert readings.tobytes() == expected.tobytes()
    assert then.dump() == plain.tobytes()
