import pytest

from connectors.fields import FIELDS, page
from connectors.run_summary import COUNTS, MONEY, PARTS, TARGETS, run_summary, total
from operators.kernel import ROOT


def figures(pnl, fills=4, negative=1):
    money = dict.fromkeys(MONEY, pnl)
    markouts = {"1s": {"fills": fills, "negative": negative}}
    shares = {"fill_rate": 0.5, "adverse_selection_rate": 0.25, "toxic_share": 0.1}
    rest = {"pnl": dict.fromkeys(PARTS, pnl), "markouts": markouts, "sharpe": {"yearly": 1.5}}
    return dict.fromkeys(COUNTS, 2) | money | shares | rest


def test_counts_and_money_add_up_and_shares_are_of_all():
    added = total({"AUSDC": figures("0.1"), "BUSDC": figures("-0.0000000003", fills=12, negative=11)})
    assert added["orders"] == 4
    assert added["adverse_selection_rate"] == 0.75
    assert added["fill_rate"] == 1.0
    assert (added["quote"], added["pnl_after_fees"]) == ("USDC", "0.0999999997")
    assert added["pnl"] == dict.fromkeys(PARTS, "0.0999999997")


@pytest.mark.parametrize("symbols", [("ETHBTC", "ETHUSDT"), ("ONE", "OTHER"), ("ETHUSDT", "OTHER")])
def test_money_of_different_or_unknown_assets_is_not_added(symbols):
    added = total({symbol: figures("1.0") for symbol in symbols})
    assert added["fills"] == 4
    assert not {"quote", "pnl", *MONEY} & set(added)


def test_a_symbol_that_saw_nothing_counts_nothing():
    assert total({"AUSDC": {"dead_letters": 3}})["orders"] == 0
    assert total({"AUSDC": {"dead_letters": 3}, "BUSDC": figures("2.5")})["pnl_after_fees"] == "2.5"


def test_no_digit_of_a_sum_is_lost():
    added = total({f"S{n}USDT": figures("123456789012345678.123456789012") for n in range(9)})
    assert added["traded"] == "1111111101111111103.111111101108"


def test_targets_stand_beside_what_was_measured():
    made = run_summary({"AUSDC": figures("1"), "BUSDC": {"dead_letters": 1}}, stopped=False)
    assert set(made["targets"]) == set(TARGETS)
    assert made["targets"]["sharpe"]["measured"] == {"AUSDC": 1.5, "BUSDC": None}
    assert made["targets"]["fill_rate"]["measured"] == {"AUSDC": 0.5, "BUSDC": None, "total": 1.0}
    assert "stopped" not in made


def test_the_page_is_printed_from_the_table():
    assert (ROOT / "docs" / "summary.md").read_text() == page()
    assert all(said.endswith(".") for said in FIELDS.values())
