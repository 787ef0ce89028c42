from flows.closing import show
from tests.oracles.runs import fused, lively, made


def test_the_closing_table_is_never_cut(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    show(fused(made(tmp_path / "run", *lively("BTCUSDC", "DOGEUSDC", seconds=5))))
    told = capsys.readouterr().out
    heading, *rows = told.splitlines()[:4]
    assert "position" in heading
    assert "…" not in told
    assert [row.split()[0] for row in rows] == ["BTCUSDC", "DOGEUSDC", "total"]
    assert max(map(len, (heading, *rows))) <= 110
