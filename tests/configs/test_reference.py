from pathlib import Path

from configs.keys import Section
from configs.reference import reference
from configs.schema import PER_SYMBOL, SHARED, Top
from configs.schema_market import Grid

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "python -m configs.reference > docs/configuration.md"
    )


def test_every_key_has_its_row_and_its_words():
    page = reference()
    models: list[type[Section]] = [Top, Grid, *SHARED.values(), *PER_SYMBOL.values()]
    for model in models:
        for name, field in model.model_fields.items():
            assert f"| `{name}` |" in page
            assert str(field.description).endswith(".")


def test_every_row_has_six_cells():
    rows = [line for line in reference().splitlines() if line.startswith("|")]
    assert all(row.count("|") == 7 for row in rows)
